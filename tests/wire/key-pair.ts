/**
 * A signing key in the tests' own hands, and tokens signed by it that the library would never sign.
 * @module
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import type { KeyRingJwk } from '@handstamp/server'

export interface KeyPair {
  readonly jwk: KeyRingJwk & { readonly kid: string; readonly d: string }
  readonly privateKey: KeyObject
  /** A secret of rotation. */
  readonly secret: string
}

export function newKeyPair(kid = `key-${randomBytes(4).toString('hex')}`): KeyPair {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = { ...privateKey.export({ format: 'jwk' }), alg: 'ES256', kid } as KeyPair['jwk']
  return { jwk, privateKey, secret: randomBytes(32).toString('base64url') }
}

type Fields = Readonly<Record<string, unknown>>

/** The token signed anew, after its header and claims were changed; `undefined` removes one. */
export function forged(
  token: string,
  keys: KeyPair,
  { header = {}, claims = {} }: { readonly header?: Fields; readonly claims?: Fields } = {},
): string {
  const [head = '', payload = ''] = token.split('.')
  const input = `${encode({ ...decode(head), ...header })}.${encode({ ...decode(payload), ...claims })}`
  const signature = sign('sha256', Buffer.from(input), { key: keys.privateKey, dsaEncoding: 'ieee-p1363' })
  return `${input}.${signature.toString('base64url')}`
}

/** The claims of a token, unverified. */
export function claimsOf(token: string): Fields & { readonly iat: number; readonly exp: number; readonly hs: object } {
  return decode(token.split('.')[1] ?? '') as ReturnType<typeof claimsOf>
}

function decode(part: string): Fields {
  return JSON.parse(Buffer.from(part, 'base64url').toString()) as Fields
}

function encode(fields: Fields): string {
  return Buffer.from(JSON.stringify(fields)).toString('base64url')
}

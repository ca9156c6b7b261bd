/**
 * Keys as an issuer or an attacker holds them, and tokens signed with them by `node:crypto` alone, whatever they say.
 * @module
 */
import { constants, createHmac, createSecretKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto' // biome-ignore format: one row
import type { KeyRingJwk } from '@handstamp/server'

/** A private key or a secret, with the JWK that configures it. */
export interface HandKey {
  readonly jwk: KeyRingJwk & { readonly kid: string; readonly alg: string }
  readonly key: KeyObject
}

/** What makes the signature of a token out of `header.payload`. */
export type Signer = (input: string) => Uint8Array

/** What a segment holds: a text as it is, bytes, or an object as JSON. */
export type Content = string | Uint8Array | object

export type Fields = Readonly<Record<string, unknown>>

const curves: Readonly<Record<string, string>> = {
  ES256: 'P-256',
  ES384: 'P-384',
  ES512: 'P-521',
  ES256K: 'secp256k1',
}

/** A new key for one algorithm, also for those that the library does not know. */
export function newHandKey(alg: string, kid: string = `${alg}-${randomBytes(4).toString('hex')}`): HandKey {
  const key = newKey(alg)
  return { key, jwk: { ...key.export({ format: 'jwk' }), alg, kid } as HandKey['jwk'] }
}

function newKey(alg: string): KeyObject {
  if (alg.startsWith('HS')) return createSecretKey(randomBytes(Number(alg.slice(2)) / 8))
  if (alg === 'EdDSA') return generateKeyPairSync('ed25519').privateKey
  const namedCurve = curves[alg]
  return namedCurve === undefined
    ? generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    : generateKeyPairSync('ec', { namedCurve }).privateKey
}

/** Signs as the algorithm says, with whatever key. */
export function signerOf(alg: string, key: KeyObject): Signer {
  const hash = `sha${alg.slice(2, 5)}`
  if (alg.startsWith('HS')) return (input) => createHmac(hash, key).update(input).digest()
  if (alg === 'EdDSA') return (input) => sign(null, Buffer.from(input), key)
  if (alg.startsWith('ES')) return (input) => sign(hash, Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })
  const padding = alg.startsWith('PS') ? constants.RSA_PKCS1_PSS_PADDING : constants.RSA_PKCS1_PADDING
  const saltLength = constants.RSA_PSS_SALTLEN_DIGEST
  return (input) => sign(hash, Buffer.from(input), { key, padding, ...(alg.startsWith('PS') ? { saltLength } : {}) })
}

/** An HMAC under any bytes, also none. */
export function macBy(secret: string | Uint8Array, hash: 'sha256' | 'sha384' | 'sha512' = 'sha256'): Signer {
  return (input) => createHmac(hash, secret).update(input).digest()
}

/** A token in the compact form. */
export function compact(header: Content, payload: Content, signer: Signer): string {
  const input = `${segment(header)}.${segment(payload)}`
  return `${input}.${segment(signer(input))}`
}

export function segment(content: Content): string {
  const bytes = typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content)
  return Buffer.from(bytes).toString('base64url')
}

/** The public members alone. */
export function publicHalf({ jwk }: HandKey): Fields {
  const { d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, k: _k, ...rest } = jwk
  return rest
}

/** Claims of ada that are in order at a time in milliseconds. */
export function claimsAt(milliseconds: number, issuer: string): Fields & { readonly iat: number } {
  const iat = Math.floor(milliseconds / 1_000)
  return {
    iss: issuer,
    sub: 'ada',
    aud: issuer,
    client_id: 'handstamp',
    iat,
    nbf: iat,
    exp: iat + 300,
    jti: randomBytes(16).toString('base64url'),
    auth_time: iat,
    hs: { v: 1, g: 0, e: 0, t: 'bearer' },
    user: { id: 'ada', role: 'admin' },
  }
}

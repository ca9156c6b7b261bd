/**
 * What all contenders of a row are given alike: one user, the claims of an access token, keys, and tokens nobody saw.
 * @module
 */
import { createHmac, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import type { StandardSchema } from '@handstamp/core/schema'

export type BenchAlgorithm = 'ES256' | 'EdDSA' | 'RS256' | 'HS256'

export interface BenchUser {
  readonly id: string
  readonly role: string
}

export const issuer = 'https://app.example'
export const kid = 'bench-1'
export const user: BenchUser = { id: 'u_4f5c1a0be7', role: 'member' }

/** A schema that really looks, and has no library behind it that a peer would not have to pay for. */
export const userSchema: StandardSchema<BenchUser> = {
  '~standard': {
    version: 1,
    vendor: 'bench',
    validate(value) {
      const { id, role } = value as Partial<BenchUser>
      return typeof id === 'string' && typeof role === 'string'
        ? { value: { id, role } }
        : { issues: [{ message: 'no user' }] }
    },
  },
}

/** One key for one algorithm. */
export interface BenchKey {
  readonly alg: BenchAlgorithm
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

/** An asymmetric pair, or the raw secret of HS256. */
export type BenchKeyOrSecret = BenchKey | { readonly alg: 'HS256'; readonly secret: Buffer }

export function newKey(alg: BenchAlgorithm): BenchKeyOrSecret {
  switch (alg) {
    case 'ES256':
      return { alg, ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) }
    case 'EdDSA':
      return { alg, ...generateKeyPairSync('ed25519') }
    case 'RS256':
      return { alg, ...generateKeyPairSync('rsa', { modulusLength: 2048 }) }
    case 'HS256':
      return { alg, secret: randomBytes(32) }
  }
}

/** Claims as an access token of ours has them; peers are asked to check issuer, audience and times of the same ones. */
export function newClaims(lifetime = 600): {
  readonly iss: string
  readonly sub: string
  readonly aud: string
  readonly client_id: string
  readonly iat: number
  readonly nbf: number
  readonly exp: number
  readonly jti: string
  readonly auth_time: number
  readonly hs: { readonly v: 1; readonly g: number; readonly e: number; readonly t: 'bearer' }
  readonly user: { readonly [field: string]: unknown }
} {
  const now = Math.floor(Date.now() / 1_000)
  return {
    iss: issuer,
    sub: user.id,
    aud: issuer,
    client_id: 'handstamp',
    iat: now,
    nbf: now,
    exp: now + lifetime,
    jti: randomBytes(16).toString('base64url'),
    auth_time: now,
    hs: { v: 1, g: 0, e: 0, t: 'bearer' },
    user: { ...user },
  }
}

/** A token, and its signature as the floor takes it. */
export interface BenchToken {
  readonly text: string
  readonly signingInput: Buffer
  readonly signature: Buffer
}

export function newToken(key: BenchKeyOrSecret): BenchToken {
  const header = { alg: key.alg, kid, typ: 'at+jwt' }
  const signingInput = Buffer.from(`${segment(header)}.${segment(newClaims())}`)
  const signature = rawSignature(key, signingInput)
  const jose = key.alg === 'ES256' && 'privateKey' in key ? joseSignature(signature) : signature
  return { text: anew(`${signingInput.toString('latin1')}.${jose.toString('base64url')}`), signingInput, signature }
}

/** Tokens that are shared by the contenders of one round and never come again. */
export function freshTokens(key: BenchKeyOrSecret): (count: number, round: number) => readonly BenchToken[] {
  let held: { readonly round: number; readonly tokens: BenchToken[] } = { round: Number.NaN, tokens: [] }
  return (count, round) => {
    if (held.round !== round) held = { round, tokens: [] }
    while (held.tokens.length < count) held.tokens.push(newToken(key))
    return held.tokens.slice(0, count)
  }
}

/** The same text in a string of its own, flat and not yet hashed, as one that came over the network. */
export function anew(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}

/** The key as a JWK with everything that Handstamp's key ring asks for. */
export function jwkOf(key: BenchKeyOrSecret): { readonly kty: string; readonly kid: string; readonly alg: string } {
  const bare =
    'secret' in key ? { kty: 'oct', k: key.secret.toString('base64url') } : key.privateKey.export({ format: 'jwk' })
  return { ...(bare as { kty: string }), kid, alg: key.alg }
}

export function pemOf(key: KeyObject): string {
  return key.export({ format: 'pem', type: key.type === 'public' ? 'spki' : 'pkcs8' }).toString()
}

function segment(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function rawSignature(key: BenchKeyOrSecret, input: Buffer): Buffer {
  if ('secret' in key) return createHmac('sha256', key.secret).update(input).digest()
  return sign(key.alg === 'EdDSA' ? null : 'sha256', input, key.privateKey)
}

/** `r ‖ s` of a DER signature (RFC 7518 §3.4). */
function joseSignature(der: Buffer): Buffer {
  const r = integerAt(der, 2)
  const s = integerAt(der, r.end)
  return Buffer.concat([r.bytes, s.bytes])
}

function integerAt(der: Buffer, at: number): { readonly bytes: Buffer; readonly end: number } {
  const end = at + 2 + (der[at + 1] ?? 0)
  const bytes = Buffer.alloc(32)
  const digits = der.subarray(at + 2, end).subarray(-32)
  digits.copy(bytes, 32 - digits.length)
  return { bytes, end }
}

/**
 * Owns the keys of these tests: one of each kind, made when first asked for, and tokens signed by hand under any header.
 * @module
 */

import { createHmac, createPrivateKey, generateKeyPairSync, type JsonWebKey, randomBytes, sign } from 'node:crypto'
import { type Algorithm, algorithmFacts } from '../../src/jwt/algorithm.ts'
import type { AccessClaims } from '../../src/jwt/claims.ts'
import type { Jwk } from '../../src/jwt/key.ts'

export const algorithms: readonly Algorithm[] = Object.keys(algorithmFacts) as Algorithm[]

const made = new Map<string, Jwk>()

function remember(name: string, make: () => unknown): Jwk {
  const key = made.get(name) ?? (make() as Jwk)
  made.set(name, key)
  return key
}

/** A type of key and its size, whether or not an algorithm of ours takes it. */
export type KeyKind =
  | 'P-256'
  | 'P-384'
  | 'P-521'
  | 'secp256k1'
  | 'Ed25519'
  | 'Ed448'
  | 'X25519'
  | 'RSA'
  | 'RSA-1024'
  | 'oct-32'
  | 'oct-48'
  | 'oct-64'

const makers: Readonly<Record<KeyKind, () => unknown>> = {
  'P-256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }),
  'P-384': () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({ format: 'jwk' }),
  'P-521': () => generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey.export({ format: 'jwk' }),
  secp256k1: () => generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey.export({ format: 'jwk' }),
  Ed25519: () => generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }),
  Ed448: () => generateKeyPairSync('ed448').privateKey.export({ format: 'jwk' }),
  X25519: () => generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' }),
  RSA: () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }),
  'RSA-1024': () => generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ format: 'jwk' }),
  'oct-32': () => ({ kty: 'oct', k: randomBytes(32).toString('base64url') }),
  'oct-48': () => ({ kty: 'oct', k: randomBytes(48).toString('base64url') }),
  'oct-64': () => ({ kty: 'oct', k: randomBytes(64).toString('base64url') }),
}

export const keyKinds: readonly KeyKind[] = Object.keys(makers) as KeyKind[]

/** A private key of the kind, without alg and kid. */
export function keyOfKind(kind: KeyKind): Jwk {
  return remember(kind, makers[kind])
}

/** The kind of key that an algorithm takes. */
export function kindFor(alg: Algorithm): KeyKind {
  const facts = algorithmFacts[alg]
  if (facts.kty === 'RSA') return 'RSA'
  return facts.kty === 'oct' ? (`oct-${facts.signatureBytes}` as KeyKind) : facts.crv
}

/** A private key for the algorithm; its kid is `k-<alg>`. */
export function keyFor(alg: Algorithm): Jwk & { kid: string; alg: Algorithm } {
  return { ...keyOfKind(kindFor(alg)), alg, kid: `k-${alg}` }
}

/** The public members of a key, or the key itself where there is one half only. */
export function publicHalf<K extends Jwk>(jwk: K): Omit<K, PrivateMember> {
  const { d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...rest } = jwk
  return rest
}

type PrivateMember = 'd' | 'p' | 'q' | 'dp' | 'dq' | 'qi'

export function segment(content: string | Uint8Array | object): string {
  const bytes = typeof content === 'object' && !(content instanceof Uint8Array) ? JSON.stringify(content) : content
  return Buffer.from(bytes).toString('base64url')
}

/** A token whose signature fits, whatever its header and payload say. Signed by Node alone, with no code of ours. */
export function forge(alg: Algorithm, header: string | object, payload: string | Uint8Array | object): string {
  const input = `${segment(header)}.${segment(payload)}`
  return `${input}.${signatureOf(alg, input).toString('base64url')}`
}

export function signatureOf(alg: Algorithm, input: string, jwk: Jwk = keyFor(alg)): Buffer {
  const digest = `sha${alg.slice(2)}`
  if (alg.startsWith('HS'))
    return createHmac(digest, Buffer.from(jwk.k ?? '', 'base64url'))
      .update(input)
      .digest()
  const key = createPrivateKey({ key: jwk as JsonWebKey, format: 'jwk' })
  const data = Buffer.from(input)
  if (alg === 'EdDSA') return sign(null, data, key)
  if (alg.startsWith('ES')) return sign(digest, data, { key, dsaEncoding: 'ieee-p1363' })
  // 6 is RSA_PKCS1_PSS_PADDING, 1 is RSA_PKCS1_PADDING.
  return sign(
    digest,
    data,
    alg.startsWith('PS') ? { key, padding: 6, saltLength: Number(alg.slice(2)) / 8 } : { key, padding: 1 },
  )
}

/** A moment in whole seconds, and the same in milliseconds. */
export const at = 1_800_000_000
export const now: number = at * 1_000

export const issuer = 'https://app.example'

/** Claims that are right in everything; `changes` with undefined take one out. */
export function claimsWith(changes: Readonly<Record<string, unknown>> = {}): AccessClaims {
  const claims = {
    iss: issuer,
    sub: 'ada',
    aud: issuer,
    client_id: 'handstamp',
    iat: at,
    nbf: at,
    exp: at + 300,
    jti: 'jti-1',
    sid: 'session-1',
    auth_time: at - 100,
    hs: { v: 1, g: 0, e: 1_764_000_000_000_000, t: 'cookie' },
    user: { id: 'ada', role: 'admin' },
    ...changes,
  }
  return Object.fromEntries(
    Object.entries(claims).filter(([, value]) => value !== undefined),
  ) as unknown as AccessClaims
}

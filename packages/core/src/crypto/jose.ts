/**
 * Owns signatures by jose over Web Crypto, which both engines use.
 * @module
 */

import { CompactSign, errors, flattenedVerify, importJWK } from 'jose'
import { decodeBase64url } from '../base64url.ts'
import { type Algorithm, algorithmFacts } from '../jwt/algorithm.ts'
import type { Eventual } from '../jwt/eventual.ts'

/** A key that an engine has taken in, for one algorithm and one use. Inspecting it shows no key material. */
export interface EngineKey {
  readonly alg: Algorithm
  readonly key: CryptoKey
}

/** The header of what is signed here, in the order in which it is written. */
export interface SigningHeader {
  readonly alg: Algorithm
  readonly kid: string
  readonly typ: string
}

/**
 * Answers the key for `alg`. The members are checked before (jwt/key.ts): what arrives here fits the algorithm.
 * It rejects where the platform has no such algorithm, or does not take the key.
 */
export function importKey(
  jwk: Readonly<Record<string, string>>,
  alg: Algorithm,
  usage: 'sign' | 'verify',
): Eventual<EngineKey> {
  return importCryptoKey(jwk, alg, usage).then((key) => ({ alg, key }))
}

async function importCryptoKey(
  jwk: Readonly<Record<string, string>>,
  alg: Algorithm,
  usage: 'sign' | 'verify',
): Promise<CryptoKey> {
  const facts = algorithmFacts[alg]
  if (facts.kty === 'oct') {
    // jose would answer the raw bytes, which whatever inspects a key would print.
    const secret = decodeBase64url(jwk.k ?? '') ?? new Uint8Array()
    return crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: facts.hash }, false, [usage])
  }
  const key = await importJWK({ ...jwk, key_ops: [usage] }, alg, { extractable: false })
  if (key instanceof Uint8Array) throw new TypeError('jose imported an asymmetric key as bytes')
  return key
}

/** Answers the compact JWS (RFC 7515 §7.1) of the payload under exactly this header. */
export function sign(key: EngineKey, header: SigningHeader, payload: Uint8Array): Eventual<string> {
  return new CompactSign(payload).setProtectedHeader({ ...header }).sign(key.key)
}

/**
 * Answers whether the signature (base64url) fits the signing input (`header.payload`). Both are strictly checked before,
 * the algorithm against the header too; the key's own is the only one that jose is allowed here.
 */
export function verify(key: EngineKey, signingInput: string, signature: string): Eventual<boolean> {
  const dot = signingInput.indexOf('.')
  const jws = { protected: signingInput.slice(0, dot), payload: signingInput.slice(dot + 1), signature }
  return flattenedVerify(jws, key.key, { algorithms: [key.alg] }).then(
    () => true,
    (error: unknown) => {
      // Any verdict of jose about the token is a no; a failure of the platform is not the token's.
      if (error instanceof errors.JOSEError) return false
      throw error
    },
  )
}

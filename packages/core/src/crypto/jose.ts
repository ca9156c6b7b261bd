/**
 * Owns signatures by jose over Web Crypto, for every runtime but Node, Deno and Bun.
 * @module
 */

import { CompactSign, errors, flattenedVerify, importJWK } from 'jose'
import { decodeBase64url, encodeBase64url } from '../base64url.ts'
import { type Algorithm, algorithmFacts } from '../jwt/algorithm.ts'
import type { Eventual } from '../jwt/eventual.ts'
import type { KeyMembers, Sign, Verify } from './engine.ts'

/** Answers what signs with the key. It rejects where the platform has no such algorithm, or does not take the key. */
export function importSigner(jwk: KeyMembers, alg: Algorithm): Eventual<Sign> {
  return importCryptoKey(jwk, alg, 'sign').then(
    (key) => (header, payload) =>
      new CompactSign(new TextEncoder().encode(payload)).setProtectedHeader({ ...header }).sign(key),
  )
}

/** Answers what verifies with the key. It rejects where the platform has no such algorithm, or does not take the key. */
export function importVerifier(jwk: KeyMembers, alg: Algorithm): Eventual<Verify> {
  return importCryptoKey(jwk, alg, 'verify').then((key) => (signingInput, signature) => {
    const dot = signingInput.indexOf('.')
    const jws = {
      protected: signingInput.slice(0, dot),
      payload: signingInput.slice(dot + 1),
      signature: encodeBase64url(signature),
    }
    // Whatever the header says, the key's own algorithm is the only one that jose is allowed here.
    return flattenedVerify(jws, key, { algorithms: [alg] }).then(
      () => true,
      (error: unknown) => {
        // Any verdict of jose about the token is a no; a failure of the platform is not the token's.
        if (error instanceof errors.JOSEError) return false
        throw error
      },
    )
  })
}

async function importCryptoKey(jwk: KeyMembers, alg: Algorithm, usage: 'sign' | 'verify'): Promise<CryptoKey> {
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

/**
 * Owns signatures by Node's one-shot `sign` and `verify`, each over a key object made once.
 * @module
 */

import { constants, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { encodeBase64url, encodeTextBase64url } from '../../base64url.ts'
import { type Algorithm, algorithmFacts, type Hash } from '../../jwt/algorithm.ts'
import type { Eventual } from '../../jwt/eventual.ts'
import type { KeyMembers, Sign, SigningHeader, Verify } from '../engine.ts'
import { bytesOf } from './desk.ts'
import { derOf, rawOf } from './ecdsa.ts'
import { prepareHmac } from './hmac.ts'

/** How the platform is asked for an algorithm of a key pair. */
interface Plan {
  /** Ed25519 brings its own. */
  readonly digest: string | null
  readonly padding?: number
  readonly saltLength?: number
}

/** Answers what signs with the key. It throws where the platform does not take the key. */
export function importSigner(jwk: KeyMembers, alg: Algorithm): Eventual<Sign> {
  const signText = textSigner(jwk, alg)
  let last: SigningHeader | undefined
  let segment = ''
  return (header, payload) => {
    // One key writes one header over and over: writing it anew each time is 3 % of an ES256 signature.
    if (last?.typ !== header.typ || last.kid !== header.kid || last.alg !== header.alg) {
      const { kid, typ } = header
      last = { alg: header.alg, kid, typ }
      segment = encodeTextBase64url(JSON.stringify(last))
    }
    const signingInput = `${segment}.${encodeTextBase64url(payload)}`
    return `${signingInput}.${signText(signingInput)}`
  }
}

/** Answers what verifies with the key. It throws where the platform does not take the key. */
export function importVerifier(jwk: KeyMembers, alg: Algorithm): Eventual<Verify> {
  const facts = algorithmFacts[alg]
  if (facts.kty === 'oct') {
    const hmac = prepareHmac(facts.hash, Buffer.from(jwk.k ?? '', 'base64url'))
    return (signingInput, signature) => equalsBinary(hmac(signingInput, 'binary'), signature)
  }
  const plan = planOf(alg)
  const key = keyFor(createPublicKey({ key: { ...jwk }, format: 'jwk' }), plan)
  if (facts.kty === 'EC') {
    return (signingInput, signature) => verify(plan.digest, bytesOf(signingInput), key, derOf(signature))
  }
  return (signingInput, signature) => verify(plan.digest, bytesOf(signingInput), key, signature)
}

/** Signs a text and answers the signature as base64url. */
function textSigner(jwk: KeyMembers, alg: Algorithm): (text: string) => string {
  const facts = algorithmFacts[alg]
  if (facts.kty === 'oct') {
    const hmac = prepareHmac(facts.hash, Buffer.from(jwk.k ?? '', 'base64url'))
    return (text) => hmac(text, 'base64url')
  }
  const plan = planOf(alg)
  const key = keyFor(createPrivateKey({ key: { ...jwk }, format: 'jwk' }), plan)
  if (facts.kty === 'EC') {
    const bytes = facts.signatureBytes
    return (text) => encodeBase64url(rawOf(sign(plan.digest, bytesOf(text), key), bytes))
  }
  return (text) => encodeBase64url(sign(plan.digest, bytesOf(text), key))
}

function planOf(alg: Algorithm): Plan {
  const facts = algorithmFacts[alg]
  if (alg === 'EdDSA') return { digest: null }
  const digest = facts.kty === 'RSA' ? digestNames[facts.hash] : `sha${alg.slice(2)}`
  if (!alg.startsWith('PS')) return { digest }
  // The salt is as long as the digest, neither more nor less (RFC 7518 §3.5), which −1 says to the platform.
  return { digest, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
}

const digestNames: { readonly [H in Hash]: string } = { 'SHA-256': 'sha256', 'SHA-384': 'sha384', 'SHA-512': 'sha512' }

/** A bare key object where its defaults are right: reading options costs 0.3 µs at each use. */
function keyFor(
  key: KeyObject,
  { padding, saltLength }: Plan,
): KeyObject | { key: KeyObject; padding: number; saltLength: number } {
  return padding === undefined || saltLength === undefined ? key : { key, padding, saltLength }
}

/** Answers whether a text has one character for each byte, in a time that depends on the length alone. */
function equalsBinary(text: string, bytes: Uint8Array): boolean {
  if (text.length !== bytes.length) return false
  let difference = 0
  for (let at = 0; at < bytes.length; at += 1) difference |= text.charCodeAt(at) ^ (bytes[at] ?? 0)
  return difference === 0
}

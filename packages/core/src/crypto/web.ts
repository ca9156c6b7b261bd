/**
 * Owns the engine for every other runtime: random bytes by Web Crypto, digests by a synchronous implementation of their own.
 * @module
 */

import { hkdf } from '@noble/hashes/hkdf.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 as digest } from '@noble/hashes/sha2.js'
import { encodeBase64url } from '../base64url.ts'

export type { KeyMembers, Sign, SigningHeader, Verify } from './engine.ts'
export { importSigner, importVerifier } from './jose.ts'

/** Answers `length` random bytes in a buffer of their own. */
export function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  return globalThis.crypto.getRandomValues(new Uint8Array(length))
}

/** Answers SHA-256, 32 bytes. Web Crypto has it as a promise only, and a session id is derived where nothing may wait. */
export function sha256(data: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(digest(data))
}

/** Answers SHA-256 of the bytes, or of a text in UTF-8, as base64url: 43 characters. */
export function sha256Text(data: Uint8Array | string): string {
  return encodeBase64url(digest(typeof data === 'string' ? new TextEncoder().encode(data) : data))
}

/** Answers HMAC-SHA-256, 32 bytes. */
export function hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(hmac(digest, key, data))
}

/** Answers `length` bytes of HKDF-SHA-256. */
export function hkdfSha256(
  ikm: Uint8Array,
  salt: Uint8Array,
  info: Uint8Array,
  length: number,
): Uint8Array<ArrayBuffer> {
  return new Uint8Array(hkdf(digest, ikm, salt, info, length))
}

/**
 * Owns the engine for Node, Deno and Bun: digests and random bytes by the platform's own synchronous crypto.
 * @module
 */

import { createHmac, hash, hkdfSync, randomFillSync } from 'node:crypto'

export { type EngineKey, importKey, type SigningHeader, sign, verify } from './jose.ts'

/** Answers `length` random bytes in a buffer of their own. */
export function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  return randomFillSync(new Uint8Array(length))
}

/** Answers SHA-256, 32 bytes. */
export function sha256(data: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(hash('sha256', data, 'buffer'))
}

/** Answers HMAC-SHA-256, 32 bytes. */
export function hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHmac('sha256', key).update(data).digest())
}

/** Answers `length` bytes of HKDF-SHA-256. */
export function hkdfSha256(
  ikm: Uint8Array,
  salt: Uint8Array,
  info: Uint8Array,
  length: number,
): Uint8Array<ArrayBuffer> {
  return new Uint8Array(hkdfSync('sha256', ikm, salt, info, length))
}

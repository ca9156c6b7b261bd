/**
 * Owns the engine for Node, Deno and Bun: digests, random bytes and signatures by the platform's own synchronous crypto.
 * @module
 */

import { hash, hkdfSync } from 'node:crypto'
import { prepareHmac } from './node/hmac.ts'

export type { KeyMembers, Sign, SigningHeader, Verify } from './engine.ts'
export { randomBytes } from './node/random.ts'
export { importSigner, importVerifier } from './node/signatures.ts'

/** Answers SHA-256, 32 bytes. */
export function sha256(data: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytesOf(hash('sha256', data, 'binary'))
}

/** Answers SHA-256 of the bytes, or of a text in UTF-8, as base64url: 43 characters. */
export function sha256Text(data: Uint8Array | string): string {
  return hash('sha256', data, 'base64url')
}

/** Answers HMAC-SHA-256, 32 bytes. */
export function hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytesOf(prepareHmac('SHA-256', key)(data, 'binary'))
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

/** One-shot digests come as text at two thirds of the cost of a Buffer, whose memory is allocated outside of the heap. */
function bytesOf(binary: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(binary.length)
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = binary.charCodeAt(at)
  return bytes
}

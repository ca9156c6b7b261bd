/**
 * Owns random secrets and what is derived from them: the public digest of a session secret, the handle of a user.
 * @module
 */

import * as engine from '#crypto'

/** Answers `length` unguessable bytes. Taken as an option wherever a secret is made, so that a test can repeat a run. */
export type RandomBytes = (length: number) => Uint8Array

/**
 * Answers `length` bytes (0–65,536) of the platform's cryptographic generator, in a buffer of their own.
 *
 * @throws RangeError when the length is not a whole number in that range.
 *
 * @example
 * ```ts
 * const secret = randomBytes(32)
 * ```
 */
export function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  if (!Number.isInteger(length) || length < 0 || length > 65_536) {
    throw new RangeError('randomBytes takes a whole number of bytes between 0 and 65536')
  }
  return engine.randomBytes(length)
}

/**
 * Answers the parts in one new array.
 *
 * @example
 * ```ts
 * concatBytes(utf8('a'), new Uint8Array([0])) // Uint8Array [97, 0]
 * ```
 */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0
  for (const part of parts) length += part.length
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

const encoder = new TextEncoder()

/**
 * Answers the UTF-8 bytes of a text. A lone surrogate becomes U+FFFD, so texts whose bytes must tell them apart are
 * checked for that first.
 *
 * @example
 * ```ts
 * utf8('é') // Uint8Array [195, 169]
 * ```
 */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text) as Uint8Array<ArrayBuffer>
}

const sessionDomain = utf8('handstamp/session/1\0')
/** The domain with room for a secret, which is in there during one digest alone. */
const sessionInput = concatBytes(sessionDomain, new Uint8Array(32))
const userDomain = utf8('handstamp/user/1\0')

/**
 * Answers the public digest of a session secret: base64url(SHA-256("handstamp/session/1\0" ‖ secret)), 43 characters.
 * Whoever knows it cannot present it. The secret is uniformly random, so neither a salt nor stretching would add anything.
 *
 * @throws RangeError when the secret is not 32 bytes.
 *
 * @example
 * ```ts
 * const digest = sessionDigest(randomBytes(32))
 * ```
 */
export function sessionDigest(secret: Uint8Array): string {
  if (secret.length !== 32) throw new RangeError('a session secret is 32 bytes')
  // Loops: for so few bytes a call of set() or fill() costs more than what it does.
  for (let at = 0; at < 32; at += 1) sessionInput[sessionDomain.length + at] = secret[at] as number
  const digest = engine.sha256Text(sessionInput)
  for (let at = sessionDomain.length; at < sessionInput.length; at += 1) sessionInput[at] = 0
  return digest
}

/**
 * Answers the handle of a user: base64url of the first 12 bytes of SHA-256("handstamp/user/1\0" ‖ user id), 16
 * characters. A pseudonym that says where a user's sessions are kept, and not a secret: whoever can guess the id can
 * compute it.
 *
 * @throws TypeError when the id is not 1–255 bytes of well-formed UTF-8: two lone surrogates would share a handle.
 *
 * @example
 * ```ts
 * userHandle('u_1') // 16 characters, always the same
 * ```
 */
export function userHandle(userId: string): string {
  const bytes = typeof userId === 'string' && userId.isWellFormed() ? utf8(userId) : undefined
  if (bytes === undefined || bytes.length === 0 || bytes.length > 255) {
    throw new TypeError('a user id is a well-formed string of 1 to 255 bytes in UTF-8')
  }
  // Twelve bytes are sixteen characters, with no bits left over.
  return engine.sha256Text(concatBytes(userDomain, bytes)).slice(0, 16)
}

/**
 * Answers whether the two arrays hold the same bytes, in a time that depends on their length alone.
 *
 * @example
 * ```ts
 * equalBytes(storedDigest, sha256(presented))
 * ```
 */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let at = 0; at < a.length; at += 1) difference |= (a[at] ?? 0) ^ (b[at] ?? 0)
  return difference === 0
}

/**
 * Answers SHA-256 of the parts joined, 32 bytes. Parts of variable length need a separator of the caller's own.
 *
 * @example
 * ```ts
 * sha256(utf8('handstamp/refresh/1\0'), family, generation)
 * ```
 */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return engine.sha256(joined(parts))
}

/**
 * Answers HMAC-SHA-256 (RFC 2104) of the parts joined, 32 bytes.
 *
 * @example
 * ```ts
 * hmacSha256(key, utf8('handstamp/refresh/1\0'), family, salt)
 * ```
 */
export function hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return engine.hmacSha256(key, joined(parts))
}

/**
 * Answers `length` bytes (1–8,160) of HKDF-SHA-256 (RFC 5869).
 *
 * @example
 * ```ts
 * hkdfSha256(secret, new Uint8Array(0), utf8('handstamp/rotate/1'), 32)
 * ```
 */
export function hkdfSha256(
  ikm: Uint8Array,
  salt: Uint8Array,
  info: Uint8Array,
  length: number,
): Uint8Array<ArrayBuffer> {
  return engine.hkdfSha256(ikm, salt, info, length)
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts
  return parts.length === 1 && first !== undefined ? first : concatBytes(...parts)
}

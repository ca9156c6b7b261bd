/**
 * Owns random secrets and what is derived from them: the public digest of a session secret, the handle of a user.
 * @module
 */

import * as engine from '#crypto'
import { decodeBase64urlInto, encoderOf } from './base64url.ts'

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
const secretLength = 32
/** The domain with room for a secret, which is in there during one call alone. */
const sessionInput = concatBytes(sessionDomain, new Uint8Array(secretLength))
const sessionSecret = sessionInput.subarray(sessionDomain.length)
const encodeSessionSecret = encoderOf(sessionSecret)
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
  lay(secret)
  const digest = engine.sha256Text(sessionInput)
  wipe()
  return digest
}

/**
 * Answers the same digest of a secret that is there as text, from one of its characters to the end; undefined where that
 * is not the canonical base64url of 32 bytes.
 *
 * @example
 * ```ts
 * const digest = digestOfText('hss1.yzABCDEFGHIJKLMN.AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE', 22)
 * ```
 */
export function digestOfText(text: string, from: number): string | undefined {
  if (text.length - from !== 43) return undefined
  const digest = decodeBase64urlInto(text, from, sessionSecret) ? engine.sha256Text(sessionInput) : undefined
  wipe()
  return digest
}

/**
 * Answers a session secret as text, and its digest: what a sign-in needs, in one go.
 *
 * @throws RangeError when the secret is not 32 bytes.
 *
 * @example
 * ```ts
 * const { text, digest } = sessionTexts(randomBytes(32))
 * ```
 */
export function sessionTexts(secret: Uint8Array): { readonly text: string; readonly digest: string } {
  lay(secret)
  const texts = { text: encodeSessionSecret(), digest: engine.sha256Text(sessionInput) }
  wipe()
  return texts
}

// Loops: for so few bytes a call of set() or fill() costs more than what it does.
function lay(secret: Uint8Array): void {
  if (secret.length !== secretLength) throw new RangeError('a session secret is 32 bytes')
  for (let at = 0; at < secretLength; at += 1) sessionSecret[at] = secret[at] as number
}

function wipe(): void {
  for (let at = 0; at < secretLength; at += 1) sessionSecret[at] = 0
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

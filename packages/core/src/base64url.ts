/**
 * Owns base64url without padding (RFC 4648 §5, RFC 7515 §2), and accepts the canonical text of a value alone.
 * @module
 */

import { type NativeBytes, native } from './native-buffer.ts'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** The value of each character; -1, all bits set, where it has none. */
const sextets: Int8Array = new Int8Array(128).fill(-1)
for (let value = 0; value < alphabet.length; value += 1) sextets[alphabet.charCodeAt(value)] = value

/**
 * Where short bytes are copied to be encoded, and wiped after. A new array of up to 64 bytes has no memory of its own
 * until somebody asks for its `buffer`, and that costs 0.4 µs, four times the encoding.
 */
const desk: NativeBytes | undefined = native?.alloc(256)

/** Where a text lies in UTF-8 while it is encoded. Nobody is given a view of it. */
const textDesk: NativeBytes | undefined = native?.alloc(12_288)

/**
 * Answers the unpadded base64url text of the bytes; of no bytes, the empty text.
 *
 * @example
 * ```ts
 * encodeBase64url(new Uint8Array([255, 255])) // '__8'
 * ```
 */
export function encodeBase64url(bytes: Uint8Array): string {
  const { length } = bytes
  if (native === undefined || desk === undefined) return encodeByLoop(bytes)
  if (length > desk.length) return native.from(bytes.buffer, bytes.byteOffset, length).toString('base64url')
  desk.set(bytes)
  const text = desk.toString('base64url', 0, length)
  desk.fill(0, 0, length)
  return text
}

/**
 * Answers what encodes these bytes as they are at each call: for an array that stays, and what is in it does not.
 *
 * @example
 * ```ts
 * const bytes = new Uint8Array(3)
 * const encode = encoderOf(bytes)
 * encode() // 'AAAA'
 * ```
 */
export function encoderOf(bytes: Uint8Array): () => string {
  const view = native?.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return view === undefined ? () => encodeByLoop(bytes) : () => view.toString('base64url')
}

/**
 * Answers the base64url text of a text's UTF-8.
 *
 * @example
 * ```ts
 * encodeTextBase64url('{}') // 'e30'
 * ```
 */
export function encodeTextBase64url(text: string): string {
  if (native === undefined || textDesk === undefined) return encodeByLoop(new TextEncoder().encode(text))
  // Three bytes at most for each code unit: what is this short always fits.
  if (text.length * 3 > textDesk.length) return native.from(text, 'utf8').toString('base64url')
  return textDesk.toString('base64url', 0, textDesk.write(text, 0, textDesk.length, 'utf8'))
}

/**
 * Answers the bytes, in a buffer of their own, or undefined where the text is not what {@link encodeBase64url} would
 * have written: another alphabet, padding, white space, an impossible length, or unused bits that are not zero.
 * One value therefore has one text, and a changed text never passes as the same credential.
 *
 * @example
 * ```ts
 * decodeBase64url('__8') // Uint8Array [255, 255]
 * decodeBase64url('__9') // undefined: the same bytes, but unused bits are set
 * ```
 */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (native !== undefined) {
    const view = viewBase64url(text)
    const own = view && new Uint8Array(view)
    // Others will be given this memory, and it may be a secret.
    view?.fill(0)
    return own
  }
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4))
  return decodeBase64urlInto(text, 0, bytes) ? bytes : undefined
}

/**
 * Answers the same as {@link decodeBase64url}, in a view whose buffer others may share: for bytes that are read at once
 * and not kept. A third of the cost, since nothing is allocated, and the text is checked by writing it again, which is
 * exact, as one value has one text.
 *
 * @example
 * ```ts
 * viewBase64url('e30') // Uint8Array [123, 125]
 * ```
 */
export function viewBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (native === undefined) return decodeBase64url(text)
  const bytes = native.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}

/**
 * Writes the bytes of the text, from one of its characters on, to the start of an array and answers whether it is
 * canonical, as {@link decodeBase64url} judges it; where it is not, what was written means nothing. For a text as short
 * as a secret, which then lies nowhere else.
 *
 * @example
 * ```ts
 * const bytes = new Uint8Array(2)
 * decodeBase64urlInto('hs.__8', 3, bytes) // true, and bytes are 255, 255
 * ```
 */
export function decodeBase64urlInto(text: string, from: number, into: Uint8Array): boolean {
  const rest = (text.length - from) & 3
  const whole = text.length - rest
  // Negative once a character was none of the alphabet.
  let seen = 0
  let at = from
  let out = 0
  for (; at < whole; at += 4, out += 3) {
    const word =
      (sextetAt(text, at) << 18) |
      (sextetAt(text, at + 1) << 12) |
      (sextetAt(text, at + 2) << 6) |
      sextetAt(text, at + 3)
    seen |= word
    into[out] = word >> 16
    into[out + 1] = word >> 8
    into[out + 2] = word
  }
  if (rest > 1) {
    const word =
      (sextetAt(text, at) << 18) | (sextetAt(text, at + 1) << 12) | (rest === 3 ? sextetAt(text, at + 2) << 6 : 0)
    seen |= word
    into[out] = word >> 16
    if (rest === 3) into[out + 1] = word >> 8
  }
  return seen >= 0 && endsWhole(text, from, text.length)
}

/**
 * Answers whether the text, or the part of it that is named, is canonical base64url, as {@link decodeBase64url} judges
 * it, without decoding it.
 *
 * @example
 * ```ts
 * isBase64url('AA==') // false
 * ```
 */
export function isBase64url(text: string, from: number = 0, to: number = text.length): boolean {
  let seen = 0
  for (let at = from; at < to; at += 1) seen |= sextetAt(text, at)
  return seen >= 0 && endsWhole(text, from, to)
}

function encodeByLoop(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at
    const word = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
    text += alphabet.charAt(word >> 18) + alphabet.charAt((word >> 12) & 63)
    if (left > 1) text += alphabet.charAt((word >> 6) & 63)
    if (left > 2) text += alphabet.charAt(word & 63)
  }
  return text
}

/** True where the last character has no bits beyond the last byte, and there can be such a length. */
function endsWhole(text: string, from: number, to: number): boolean {
  const rest = (to - from) & 3
  if (rest === 0) return true
  return rest !== 1 && (sextetAt(text, to - 1) & (rest === 2 ? 0b1111 : 0b11)) === 0
}

function sextetAt(text: string, at: number): number {
  const code = text.charCodeAt(at)
  return code < sextets.length ? (sextets[code] as number) : -1
}

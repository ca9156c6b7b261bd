/**
 * Owns base64url without padding (RFC 4648 §5, RFC 7515 §2), and accepts the canonical text of a value alone.
 * @module
 */

import { type NativeBytes, native } from './native-buffer.ts'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

const sextets: Uint8Array = new Uint8Array(128)
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
  if (!isBase64url(text)) return undefined
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4))
  decodeByLoop(text, bytes)
  return bytes
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
 * Answers whether the text is canonical base64url, as {@link decodeBase64url} judges it, without decoding it.
 *
 * @example
 * ```ts
 * isBase64url('AA==') // false
 * ```
 */
export function isBase64url(text: string): boolean {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return false
  const rest = text.length % 4
  if (rest === 0) return true
  if (rest === 1) return false
  const last = valueAt(text, text.length - 1)
  return (rest === 2 ? last & 0b1111 : last & 0b11) === 0
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

/** Expects canonical text and an array that fits. */
function decodeByLoop(text: string, into: Uint8Array): void {
  for (let at = 0, out = 0; at < text.length; at += 4, out += 3) {
    const word =
      (valueAt(text, at) << 18) | (valueAt(text, at + 1) << 12) | (valueAt(text, at + 2) << 6) | valueAt(text, at + 3)
    // Writes past the end of a typed array are ignored, which is what the last group of two or three characters needs.
    into[out] = word >> 16
    into[out + 1] = word >> 8
    into[out + 2] = word
  }
}

function valueAt(text: string, at: number): number {
  return at < text.length ? (sextets[text.charCodeAt(at)] ?? 0) : 0
}

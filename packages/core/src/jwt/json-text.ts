/**
 * Owns a JSON text as it comes in a segment of a token: decoded, its quotes counted, and not read yet.
 * @module
 */

import { decodeBase64url } from '../base64url.ts'
import { type NativeBytes, native } from '../native-buffer.ts'

/** What was decoded, with all that reading it needs, so that its bytes need not be kept. */
export interface JsonText {
  /** Undefined where the bytes are not UTF-8. A byte order mark is kept, and is no JSON. */
  readonly text: string | undefined
  /** How many quotes it has: twice as many as strings, in a JSON text without escapes. */
  readonly quotes: number
}

/** As long as the payload of the longest token. What is longer is decoded elsewhere. */
const room = 6_144

/**
 * Where one payload after the other is decoded, so that none takes memory of its own: each lies here during one call, and
 * nobody is given a view of it. The bytes are looked at four at a time, which is why a word more is there than has room.
 */
const desk: NativeBytes | undefined = native?.alloc(room + 4)
const words: Int32Array = new Int32Array(desk?.buffer ?? new ArrayBuffer(0))

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Answers the text that a segment holds, or undefined where the segment is no canonical base64url.
 *
 * @example
 * ```ts
 * readJsonText('eyJhIjoxfQ') // { text: '{"a":1}', quotes: 2 }
 * ```
 */
export function readJsonText(segment: string): JsonText | undefined {
  if (desk === undefined || segment.length > (room / 3) * 4) {
    const bytes = decodeBase64url(segment)
    return bytes && jsonTextOf(bytes)
  }
  const length = desk.write(segment, 0, room, 'base64url')
  // One value has one text, so writing it again is an exact check.
  if (desk.toString('base64url', 0, length) !== segment) return undefined
  // The last word may reach into what a longer payload has left.
  for (let at = length; at % 4 !== 0; at += 1) desk[at] = 0
  return readDesk(desk, length)
}

/**
 * Answers the text of bytes that lie anywhere.
 *
 * @example
 * ```ts
 * jsonTextOf(utf8('{"a":1}')) // { text: '{"a":1}', quotes: 2 }
 * ```
 */
export function jsonTextOf(bytes: Uint8Array): JsonText {
  let quotes = 0
  for (let at = 0; at < bytes.length; at += 1) if (bytes[at] === 0x22) quotes += 1
  return { text: decode(bytes), quotes }
}

/**
 * Counts quotes in all four places of a word at once, which takes half of the time that looking at each byte does. Where a
 * quote was, the exclusive or leaves zero, and nothing but zero leaves the highest bit of its place clear in the sum. A
 * place counts to 255, so it is emptied after as many words.
 */
function readDesk(bytes: NativeBytes, length: number): JsonText {
  const end = (length + 3) >> 2
  let quotes = 0
  let bits = 0
  for (let from = 0; from < end; from += 255) {
    const to = Math.min(from + 255, end)
    let places = 0
    for (let at = from; at < to; at += 1) {
      const word = words[at] ?? 0
      const rest = word ^ 0x22222222
      bits |= word
      places += (~(((rest & 0x7f7f7f7f) + 0x7f7f7f7f) | rest) & 0x80808080) >>> 7
    }
    quotes += (places & 255) + ((places >>> 8) & 255) + ((places >>> 16) & 255) + (places >>> 24)
  }
  const isAscii = (bits & 0x80808080) === 0
  return { text: isAscii ? bytes.toString('latin1', 0, length) : decode(bytes.subarray(0, length)), quotes }
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

/**
 * Owns the place where a text to sign lies as bytes while the platform reads it, so that no token takes memory of its own.
 * @module
 */

/** Room for the longest token; a longer text, which will be refused for its length, has a buffer of its own. */
const room = 8_192

/** A character of UTF-8 takes up to four bytes: one that was cut off at the end leaves more than `room` before it. */
const desk = Buffer.alloc(room + 4)
let view = desk.subarray(0, 0)

/**
 * Answers the text in UTF-8, good until the next call. Only what is sent to whoever presents or is given the token ever lies
 * here, and nobody is given more of it than the bytes just written.
 */
export function bytesOf(text: string): Uint8Array {
  // As many bytes as characters: all are ASCII, as those of a token are.
  if (text.length > room || desk.write(text) !== text.length) return Buffer.from(text)
  // One token after the other has the same length.
  if (view.length !== text.length) view = desk.subarray(0, text.length)
  return view
}

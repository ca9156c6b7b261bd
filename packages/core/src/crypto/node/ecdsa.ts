/**
 * Owns the two forms of an ECDSA signature: `r ‖ s` of fixed length, which JOSE has (RFC 7518 §3.4), and DER, which the
 * platform is fast at. Its option `ieee-p1363` costs 1.5 (verify) to 2.4 times (sign) as much as DER and these lines.
 * @module
 */

/** A SEQUENCE and an INTEGER (X.690 §8.9, §8.3). */
const sequence = 0x30
const integer = 0x02

/** As long as any signature here. An array of 72 bytes made for each would cost 0.3 µs, since it is too long for the heap. */
const desk = new Uint8Array(144)

/**
 * Answers the DER form, good until the next call. The numbers are taken as they are: zero, or the order of the curve and more, are refused by who verifies.
 */
export function derOf(raw: Uint8Array): Uint8Array {
  const half = raw.length / 2
  const [r, s] = [firstByte(raw, 0, half), firstByte(raw, half, raw.length)]
  const [rLength, sLength] = [integerLength(raw, r, half), integerLength(raw, s, raw.length)]
  const length = 4 + rLength + sLength
  // ES512 alone is longer than what one byte of length can say.
  const start = length > 127 ? 3 : 2
  const der = desk.subarray(0, start + length)
  der[0] = sequence
  if (start === 3) der[1] = 0x81
  der[start - 1] = length
  writeInteger(der, start, raw, r, half, rLength)
  writeInteger(der, start + 2 + rLength, raw, s, raw.length, sLength)
  return der
}

/** Answers `r ‖ s` of a DER signature that the platform has made. */
export function rawOf(der: Uint8Array, bytes: number): Uint8Array {
  const raw = new Uint8Array(bytes)
  const half = bytes / 2
  const r = der[1] === 0x81 ? 3 : 2
  const s = r + 2 + (der[r + 1] ?? 0)
  readInteger(der, r, raw, half)
  readInteger(der, s, raw, bytes)
  return raw
}

/** The first byte that is not zero; the last one if all are. */
function firstByte(raw: Uint8Array, from: number, to: number): number {
  let at = from
  while (at < to - 1 && raw[at] === 0) at += 1
  return at
}

/** A number whose first bit is set has a zero byte before it: DER's integers have a sign. */
function integerLength(raw: Uint8Array, from: number, to: number): number {
  return to - from + ((raw[from] ?? 0) >> 7)
}

function writeInteger(der: Uint8Array, at: number, raw: Uint8Array, from: number, to: number, length: number): void {
  der[at] = integer
  der[at + 1] = length
  // Where the number itself begins later, this is the zero byte before it.
  der[at + 2] = 0
  for (let out = at + 2 + length - 1, index = to - 1; index >= from; index -= 1, out -= 1) der[out] = raw[index] ?? 0
}

/** Writes the integer so that it ends at `end`; a zero byte before its first bit is left out by the length of the half. */
function readInteger(der: Uint8Array, at: number, raw: Uint8Array, end: number): void {
  const length = der[at + 1] ?? 0
  const skipped = der[at + 2] === 0 ? 1 : 0
  for (let index = at + 2 + skipped, out = end - length + skipped; out < end; index += 1, out += 1)
    raw[out] = der[index] ?? 0
}

/**
 * Owns reading our own cookie out of a `Cookie` header.
 * @module
 */

/** 64 KiB. Servers refuse far less (Node: 16 KiB), so a longer header was made to cost time. */
const longestHeader = 65_536

const none: readonly string[] = Object.freeze([])

/**
 * Answers the distinct values that a `Cookie` header holds under exactly this name, in the order of the header (RFC
 * 6265bis §5.8.3: longer paths first), at most two: one is the cookie, two are ambiguous, and a third tells nothing more.
 *
 * The name is compared by case, since `__host-x` is another cookie than `__Host-x`. A value that is empty or not made
 * of cookie-octets (RFC 6265bis §4.1.1) is none that we set, and is passed over. Quotes are part of a value for a browser
 * (§5.6) and never part of ours. Nothing is percent-decoded. It takes time linear in the header, never throws, and reads
 * nothing from a header over 64 KiB.
 *
 * @example
 * ```ts
 * readCookie('theme=dark; __Host-handstamp=abc', '__Host-handstamp') // ['abc']
 * ```
 */
export function readCookie(header: string | null, name: string): readonly string[] {
  if (header === null || header.length > longestHeader || name === '' || !header.includes(name)) return none
  let first: string | undefined
  for (let start = 0; start < header.length; ) {
    const semicolon = header.indexOf(';', start)
    const end = semicolon === -1 ? header.length : semicolon
    const value = valueUnder(name, header, start, end)
    if (first === undefined) first = value
    else if (value !== undefined && value !== first) return [first, value]
    start = end + 1
  }
  return first === undefined ? none : [first]
}

function valueUnder(name: string, header: string, from: number, to: number): string | undefined {
  const start = skipSpace(header, from, to)
  if (!header.startsWith(name, start)) return undefined
  const equals = skipSpace(header, start + name.length, to)
  if (equals >= to || header.charCodeAt(equals) !== 0x3d) return undefined
  const valueStart = skipSpace(header, equals + 1, to)
  let valueEnd = to
  while (valueEnd > valueStart && isSpace(header.charCodeAt(valueEnd - 1))) valueEnd -= 1
  const value = header.slice(valueStart, valueEnd)
  return /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+$/.test(value) ? value : undefined
}

function skipSpace(header: string, from: number, to: number): number {
  let at = from
  while (at < to && isSpace(header.charCodeAt(at))) at += 1
  return at
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09
}

/**
 * Owns the two headers of HTTP authentication: the bearer credential a request carries, and the challenge that answers it.
 * @module
 */

/** What an `Authorization` header presents to us. */
export type Bearer =
  | { readonly kind: 'absent' }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'malformed' }

/** What a challenge says. `error` and `description` are RFC 6750 §3 texts, `maxAge` seconds (RFC 9470 §3). */
export interface Challenge {
  readonly error?: string
  readonly description?: string
  readonly maxAge?: number
}

/** 8 KiB, the most a token may be long; the scheme is counted apart. */
const longestToken = 8_192
const longestHeader = 16_384

const absent: Bearer = { kind: 'absent' }
const malformed: Bearer = { kind: 'malformed' }

/**
 * Answers the bearer token of an `Authorization` header (RFC 6750 §2.1, RFC 9110 §11.4).
 *
 * - `absent`: no header, an empty one, or another scheme, which is somebody else's business.
 * - `token`: the scheme in any case, one or more spaces, and one token68 of at most 8 KiB.
 * - `malformed`: a bearer scheme with anything else behind it, or a second credential (two headers arrive joined by a comma).
 *
 * RFC 9110 writes `1*SP` between scheme and token, so several spaces are legal and a tab is not.
 *
 * @example
 * ```ts
 * readBearer('bearer abc') // { kind: 'token', token: 'abc' }
 * readBearer('Basic YTpi') // { kind: 'absent' }
 * readBearer('Bearer a, Bearer b') // { kind: 'malformed' }
 * ```
 */
export function readBearer(header: string | null): Bearer {
  if (header === null) return absent
  const text = trimSpace(header)
  if (!isBearer(text)) return holdsSecondBearer(text) ? malformed : absent
  if (text.length > longestToken + 64) return malformed
  let start = 'bearer'.length
  while (text.charCodeAt(start) === 0x20) start += 1
  const token = text.slice(start)
  if (start === 'bearer'.length || token.length > longestToken) return malformed
  return /^[A-Za-z0-9._~+/-]+=*$/.test(token) ? { kind: 'token', token } : malformed
}

/** Most write it as RFC 6750 does; the scheme counts in any case. */
function isBearer(text: string): boolean {
  return text.startsWith('Bearer ') || /^bearer(?![!#$%&'*+.^_`|~\w-])/i.test(text)
}

/** Another scheme's credentials may hold commas (Digest), so the scheme is looked for at the start of an element only. */
function holdsSecondBearer(text: string): boolean {
  if (!/,[ \t]*bearer[ \t]/i.test(text)) return false
  let quoted = false
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]
    if (quoted && character === '\\') at += 1
    else if (character === '"') quoted = !quoted
    else if (!quoted && character === ',' && /^[ \t]*bearer[ \t]/i.test(text.slice(at + 1, at + 64))) return true
  }
  return false
}

/**
 * Answers the value of a `WWW-Authenticate` header: one Bearer challenge (RFC 6750 §3, RFC 9470 §3).
 *
 * @throws TypeError when a text holds what its grammar does not allow: a control or non-ASCII character anywhere, a quote
 * or a backslash in `error` and `description`. What would need escaping in `realm` is escaped.
 * @throws RangeError when `maxAge` is not a whole number of seconds, 0 or more.
 *
 * @example
 * ```ts
 * formatChallenge({ realm: 'app.example', error: 'invalid_token', description: 'token_expired' })
 * // 'Bearer realm="app.example", error="invalid_token", error_description="token_expired"'
 * ```
 */
export function formatChallenge(challenge: Challenge & { readonly realm: string }): string {
  const { realm, error, description, maxAge } = challenge
  if (!/^[\x20-\x7e]*$/.test(realm))
    throw new TypeError('realm holds a character outside printable ASCII: write a host such as app.example')
  const parts = [`Bearer realm="${realm.replace(/["\\]/g, '\\$&')}"`]
  if (error !== undefined) parts.push(`error="${checkText(error, 'error')}"`)
  if (description !== undefined) parts.push(`error_description="${checkText(description, 'description')}"`)
  if (maxAge !== undefined) {
    if (!Number.isSafeInteger(maxAge) || maxAge < 0)
      throw new RangeError('maxAge must be a whole number of seconds, 0 or more')
    parts.push(`max_age="${maxAge}"`)
  }
  return parts.join(', ')
}

function checkText(text: string, option: string): string {
  // RFC 6750 §3: %x20-21 / %x23-5B / %x5D-7E.
  if (!/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/.test(text)) {
    throw new TypeError(`${option} must be printable ASCII without quotes and backslashes, such as invalid_token`)
  }
  return text
}

/**
 * Answers what the first Bearer challenge of a `WWW-Authenticate` header says, found among challenges of other schemes
 * and across joined headers (RFC 9110 §11.6.1), or undefined where there is none. Parameters that cannot be read are left
 * out, of two with one name the first counts. It never throws, takes time linear in the header, and reads nothing from a
 * header over 16 KiB.
 *
 * @example
 * ```ts
 * parseChallenge('Basic realm="x", Bearer error="invalid_token", max_age=5') // { error: 'invalid_token', maxAge: 5 }
 * ```
 */
export function parseChallenge(header: string | null): Challenge | undefined {
  if (header === null || header.length > longestHeader) return undefined
  let found: Map<string, string> | undefined
  for (const element of splitElements(header)) {
    const { scheme, parameter } = readElement(element)
    if (scheme !== undefined) {
      if (found !== undefined) break
      if (scheme.toLowerCase() === 'bearer') found = new Map()
    }
    if (found === undefined || parameter === undefined) continue
    const [name, value] = parameter
    if (!found.has(name)) found.set(name, value)
  }
  if (found === undefined) return undefined
  const error = found.get('error')
  const description = found.get('error_description')
  const maxAge = found.get('max_age')
  return {
    ...(error === undefined ? {} : { error }),
    ...(description === undefined ? {} : { description }),
    ...(maxAge === undefined || !/^\d{1,15}$/.test(maxAge) ? {} : { maxAge: Number(maxAge) }),
  }
}

/** The list's elements, split at the commas outside quoted strings. */
function splitElements(header: string): string[] {
  const elements: string[] = []
  let start = 0
  let quoted = false
  for (let at = 0; at < header.length; at += 1) {
    const character = header[at]
    if (quoted && character === '\\') at += 1
    else if (character === '"') quoted = !quoted
    else if (character === ',' && !quoted) {
      elements.push(trimSpace(header.slice(start, at)))
      start = at + 1
    }
  }
  elements.push(trimSpace(header.slice(start)))
  return elements
}

/** An element is a parameter, or a scheme alone, or a scheme with its token68 or first parameter. */
function readElement(element: string): { scheme?: string; parameter?: readonly [name: string, value: string] } {
  const alone = readParameter(element)
  if (alone !== undefined) return { parameter: alone }
  const match = /^([!#$%&'*+.^_`|~\w-]+)(?: +(.*))?$/s.exec(element)
  if (match === null) return {}
  const [, scheme = '', rest = ''] = match
  const parameter = readParameter(rest)
  return parameter === undefined ? { scheme } : { scheme, parameter }
}

function readParameter(text: string): readonly [name: string, value: string] | undefined {
  const match = /^([!#$%&'*+.^_`|~\w-]+)[ \t]*=[ \t]*(?:([!#$%&'*+.^_`|~\w-]+)|"((?:[^"\\]|\\.)*)")$/s.exec(text)
  if (match === null) return undefined
  const [, name = '', token, quoted = ''] = match
  return [name.toLowerCase(), token ?? quoted.replace(/\\(.)/gs, '$1')]
}

/** Optional white space around a field value, RFC 9110 §5.6.3; `trim` would take Unicode's as well. */
function trimSpace(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isSpace(text.charCodeAt(start))) start += 1
  while (end > start && isSpace(text.charCodeAt(end - 1))) end -= 1
  return text.slice(start, end)
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09
}

/**
 * Owns writing a cookie: the value of a `Set-Cookie` header, and the size that browsers judge.
 * @module
 */

import { AuthError } from '../errors.ts'
import { checkPrefix, type PrefixedAttributes } from './prefix.ts'

/** The attributes of a cookie. What is left out is not written. */
export interface CookieAttributes extends PrefixedAttributes {
  readonly sameSite?: 'strict' | 'lax' | 'none'
  /** Whole seconds. 0 clears the cookie; more than 400 days are written as 400 days, which is what a browser keeps. */
  readonly maxAge?: number
  readonly partitioned?: boolean
  readonly priority?: 'low' | 'medium' | 'high'
}

/** 400 days in seconds: a browser keeps no cookie longer (RFC 6265bis §5.5). */
export const longestMaxAge = 34_560_000

/** Bytes of name and value together above which a browser ignores a cookie (RFC 6265bis §5.7). */
export const largestCookie = 4_096

/** Bytes of an attribute's value above which a browser ignores the attribute (RFC 6265bis §5.6). */
const largestAttribute = 1_024

const sameSites: Readonly<Record<string, string>> = { strict: 'Strict', lax: 'Lax', none: 'None' }
const priorities: Readonly<Record<string, string>> = { low: 'Low', medium: 'Medium', high: 'High' }

/**
 * Answers the value of one `Set-Cookie` header (RFC 6265bis §4.1). To clear a cookie, write it again with the same name,
 * path, domain, `secure` and `partitioned`, an empty value and `maxAge: 0`; `Expires` in the past is then added for
 * clients that know no Max-Age.
 *
 * @throws TypeError when the name, the value or an attribute holds what its grammar does not allow, or attributes
 * contradict one another or the prefix of the name.
 * @throws RangeError when `maxAge` is not a whole number of seconds, or a path is longer than a browser reads.
 * @throws AuthError `ERR_CREDENTIAL_TOO_LARGE` when name and value are over 4,096 bytes: a browser would drop the cookie silently.
 *
 * @example
 * ```ts
 * serializeCookie('__Host-handstamp', 'abc', { httpOnly: true, secure: true, sameSite: 'strict', path: '/', maxAge: 60 })
 * // '__Host-handstamp=abc; Max-Age=60; Path=/; Secure; HttpOnly; SameSite=Strict'
 * ```
 */
export function serializeCookie(name: string, value: string, attributes: CookieAttributes): string {
  checkPair(name, value)
  checkPrefix(name, attributes)
  const { maxAge, domain, path, secure, httpOnly, sameSite, partitioned, priority } = attributes
  const parts = [`${name}=${value}`]
  if (maxAge !== undefined) parts.push(...formatMaxAge(maxAge))
  if (domain !== undefined) parts.push(`Domain=${checkDomain(domain)}`)
  if (path !== undefined) parts.push(`Path=${checkPath(path)}`)
  if (secure === true) parts.push('Secure')
  if (httpOnly === true) parts.push('HttpOnly')
  if (sameSite !== undefined) parts.push(`SameSite=${choose(sameSites, sameSite, 'sameSite')}`)
  if (partitioned === true) parts.push('Partitioned')
  if (priority !== undefined) parts.push(`Priority=${choose(priorities, priority, 'priority')}`)
  if (secure !== true && sameSite === 'none') throw new TypeError("sameSite 'none' needs secure: true")
  if (secure !== true && partitioned === true) throw new TypeError('partitioned needs secure: true')
  return parts.join('; ')
}

/**
 * Answers the bytes of name and value, which a browser holds to 4,096 (RFC 6265bis §5.7); attributes do not count.
 *
 * @example
 * ```ts
 * cookieSize('__Host-handstamp', token) <= largestCookie
 * ```
 */
export function cookieSize(name: string, value: string): number {
  return name.length + value.length
}

/** Both are held to ASCII before, so a character is a byte. The value is a credential, and never part of a message. */
function checkPair(name: string, value: string): void {
  if (typeof name !== 'string' || !/^[!#$%&'*+.^_`|~A-Za-z0-9-]+$/.test(name)) {
    throw new TypeError('a cookie name is a token (RFC 9110 §5.6.2): letters, digits and -, without spaces, = and ;')
  }
  if (typeof value !== 'string' || !/^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/.test(value)) {
    throw new TypeError('a cookie value is made of cookie-octets (RFC 6265bis §4.1.1): encode it as base64url')
  }
  if (cookieSize(name, value) > largestCookie) {
    throw new AuthError(
      'ERR_CREDENTIAL_TOO_LARGE',
      `the cookie ${name} takes ${cookieSize(name, value)} bytes and a browser keeps ${largestCookie}: carry fewer claims`,
    )
  }
}

function formatMaxAge(maxAge: number): readonly string[] {
  if (!Number.isInteger(maxAge) || maxAge < 0)
    throw new RangeError('maxAge must be a whole number of seconds, 0 or more')
  if (maxAge === 0) return ['Max-Age=0', 'Expires=Thu, 01 Jan 1970 00:00:00 GMT']
  return [`Max-Age=${Math.min(maxAge, longestMaxAge)}`]
}

function checkPath(path: string): string {
  if (typeof path !== 'string' || !/^\/[\x20-\x3a\x3c-\x7e]*$/.test(path)) {
    throw new TypeError("path must begin with '/' and hold neither ; nor a control or non-ASCII character")
  }
  if (path.length > largestAttribute)
    throw new RangeError(`path is longer than the ${largestAttribute} bytes a browser reads`)
  return path
}

/** A single label (`localhost`, `com`) and an address are host-only by nature: the attribute would be ignored or refused. */
function checkDomain(domain: string): string {
  const legal =
    typeof domain === 'string' &&
    domain.length <= 253 &&
    domain.split('.').every((label) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i.test(label)) &&
    /\.(?![0-9]+$)[^.]+$/.test(domain)
  if (!legal) {
    throw new TypeError(
      'domain must be a host name of two labels or more, such as app.example, without a leading dot; not an address',
    )
  }
  return domain
}

function choose(table: Readonly<Record<string, string>>, value: string, option: string): string {
  const chosen = typeof value === 'string' && Object.hasOwn(table, value) ? table[value] : undefined
  if (chosen === undefined)
    throw new TypeError(
      `${option} must be one of ${Object.keys(table)
        .map((key) => `'${key}'`)
        .join(', ')}`,
    )
  return chosen
}

/**
 * Owns the names of cookies: the prefixes by which a browser guarantees attributes, and the names of local development.
 * @module
 */

/** The attributes that prefixes speak of. */
export interface PrefixedAttributes {
  readonly httpOnly?: boolean
  readonly secure?: boolean
  /** Begins with `/`. */
  readonly path?: string
  /** A host name of two labels or more, without a leading dot. */
  readonly domain?: string
}

/** A prefix that a browser enforces (RFC 6265bis §4.1.3), or none. */
export type CookiePrefix = '__Host-' | '__Secure-' | ''

/**
 * Checks that the attributes are those which the prefix of the name promises. A browser drops the cookie otherwise, and
 * says so to nobody. It compares prefixes without regard to case (RFC 6265bis §5.7), so this does too.
 *
 * @throws TypeError that names the attribute and what to write instead.
 *
 * @example
 * ```ts
 * checkPrefix('__Host-handstamp', { secure: true, path: '/' })
 * ```
 */
export function checkPrefix(name: string, attributes: PrefixedAttributes): void {
  const lowerCase = name.toLowerCase()
  const host = lowerCase.startsWith('__host-')
  const http = lowerCase.startsWith('__http-') || lowerCase.startsWith('__host-http-')
  if (!host && !http && !lowerCase.startsWith('__secure-')) return
  if (attributes.secure !== true) throw new TypeError('secure must be true: the prefix of the cookie name asks for it')
  if (http && attributes.httpOnly !== true)
    throw new TypeError('httpOnly must be true: the prefix of the cookie name asks for it')
  if (!host) return
  if (attributes.path !== '/') throw new TypeError("path must be '/': a __Host- cookie belongs to the whole host")
  if (attributes.domain !== undefined) {
    throw new TypeError('domain cannot go with a __Host- cookie: leave domain out, or use a __Secure- name')
  }
}

/**
 * Answers the strongest prefix that the attributes allow: `__Host-` where nothing but this host can have set the
 * cookie, `__Secure-` where a domain or a path loosens that, none without Secure.
 *
 * @example
 * ```ts
 * strongestPrefix({ secure: true, path: '/', domain: 'app.example' }) // '__Secure-'
 * ```
 */
export function strongestPrefix(attributes: PrefixedAttributes): CookiePrefix {
  if (attributes.secure !== true) return ''
  return attributes.path === '/' && attributes.domain === undefined ? '__Host-' : '__Secure-'
}

/**
 * Answers the full name of a cookie: the base under the strongest prefix its attributes allow.
 *
 * @example
 * ```ts
 * cookieName('handstamp-refresh', { secure: true, path: '/auth' }) // '__Secure-handstamp-refresh'
 * ```
 */
export function cookieName(base: string, attributes: PrefixedAttributes): string {
  return strongestPrefix(attributes) + base
}

/**
 * Answers the name of a cookie over plain http on a loopback address. It carries the port, since cookies ignore ports
 * (RFC 6265bis §8.5) and two applications in development would overwrite each other.
 *
 * @throws RangeError when the port is not 1–65535.
 *
 * @example
 * ```ts
 * localCookieName('handstamp', 4600) // 'handstamp-4600'
 * localCookieName('handstamp', 4600, 'refresh') // 'handstamp-4600-refresh'
 * ```
 */
export function localCookieName(base: string, port: number, role?: string): string {
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new RangeError('port must be a whole number between 1 and 65535')
  return role === undefined ? `${base}-${port}` : `${base}-${port}-${role}`
}

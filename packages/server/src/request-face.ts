/**
 * Owns the least that Handstamp needs of a request, and how the peer's address travels beside a web `Request`.
 * @module
 */

/**
 * A request as `auth.authenticate` reads it; every web `Request` is one. An adapter hands over this face where building
 * a whole `Request` would cost more than the question. `url` is absolute and starts with the configured origin, never
 * with a Host header. `headers.get` takes lower-case names and joins duplicates with `, `, those of Cookie with `; `,
 * so that two Authorization headers are seen to be two.
 */
export interface RequestFace {
  readonly method: string
  readonly url: string
  readonly headers: { get(name: string): string | null }
  /** The peer's IP address, if the adapter knows it. */
  readonly address?: string | undefined
}

// Beside the object and not on it: a web Request has no such field, and one that is copied or forwarded must not carry it.
const addresses = new WeakMap<object, string>()

/**
 * Notes the peer's address of a web `Request` and answers the same request. Undefined notes nothing.
 *
 * @example
 * ```ts
 * await auth.handler(withAddress(request, info.remoteAddr.hostname)) // in Deno.serve((request, info) => …)
 * ```
 */
export function withAddress<R extends object>(request: R, address: string | undefined): R {
  if (address !== undefined) addresses.set(request, address)
  return request
}

/**
 * Answers the peer's address as the adapter gave it, or undefined where none is known. No header is read for it.
 *
 * @example
 * ```ts
 * const address = addressOf(request)
 * ```
 */
export function addressOf(face: RequestFace): string | undefined {
  return face.address ?? addresses.get(face)
}

/** What a session notes of the client that began it: its address, where known, and the first 512 characters of its user agent. */
export function clientOf(face: RequestFace): { readonly ip?: string; readonly userAgent?: string } {
  const ip = addressOf(face)
  // Well-formed, also where the cut went through a character: a record takes no other text.
  const userAgent = face.headers.get('user-agent')?.slice(0, 512).toWellFormed()
  return { ...(ip === undefined ? {} : { ip }), ...(userAgent === undefined ? {} : { userAgent }) }
}

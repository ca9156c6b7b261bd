/**
 * Owns JWK sets (RFC 7517 §5): reading a foreign one strictly, writing our own.
 * @module
 */

import { parseJsonObject } from './json.ts'
import { anyPrivateMember, type CheckedJwk, checkJwk, type Jwk, type PublicJwk } from './key.ts'

/** A set as it was read, or what is wrong with it, in words that hold nothing of it. */
export type JwksResult =
  | { readonly ok: true; readonly keys: readonly CheckedJwk[] }
  | { readonly ok: false; readonly problem: string }

/** More keys than a rotation needs are a way to make a verifier work. */
const mostKeys = 32

/** The set, the list, a key, and a certificate chain or an extension in it. */
const setDepth = 6

/**
 * Answers the usable keys of a JWK set, each with its one algorithm.
 *
 * A key of another type, another use, without `alg` or `kid`, or that does not hold what it should, is passed over, as RFC
 * 7517 §5 asks. The whole set is refused where it shows that its publisher is not to be believed: a private or
 * symmetric key in it, two usable keys with one `kid`, more than 32 keys, no usable key, or no unambiguous JSON.
 *
 * @example
 * ```ts
 * const result = parseJwks(new Uint8Array(await response.arrayBuffer()))
 * ```
 */
export function parseJwks(document: Uint8Array): JwksResult {
  const list = parseJsonObject(document, setDepth)?.keys
  if (!Array.isArray(list)) return { ok: false, problem: 'it is no JSON object with a list of keys' }
  if (list.length > mostKeys) return { ok: false, problem: `it has more than ${mostKeys} keys` }
  const keys: CheckedJwk[] = []
  for (const member of list) {
    if (isPrivate(member)) return { ok: false, problem: 'it holds a private or symmetric key' }
    const key = usableKey(member)
    if (key !== undefined) keys.push(key)
  }
  if (keys.length === 0) return { ok: false, problem: 'it has no key that can be used here' }
  if (new Set(keys.map(({ kid }) => kid)).size < keys.length)
    return { ok: false, problem: 'two of its keys have one kid' }
  return { ok: true, keys }
}

/**
 * Answers the document that publishes the keys, as `application/jwk-set+json`.
 *
 * @example
 * ```ts
 * serializeJwks(ring.jwks(Date.now(), acceptFor))
 * ```
 */
export function serializeJwks(set: { readonly keys: readonly PublicJwk[] }): string {
  return JSON.stringify({ keys: set.keys })
}

function isPrivate(member: unknown): boolean {
  if (typeof member !== 'object' || member === null) return false
  return (member as Jwk).kty === 'oct' || anyPrivateMember.some((name) => Object.hasOwn(member, name))
}

function usableKey(member: unknown): CheckedJwk | undefined {
  if (typeof member !== 'object' || member === null || !Object.hasOwn(member, 'kid')) return undefined
  try {
    return checkJwk(member as Jwk, { use: 'verify' }, 'key')
  } catch {
    // checkJwk speaks to whoever configures a key; here its words have no reader.
    return undefined
  }
}

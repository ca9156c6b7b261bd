/**
 * Keeps nothing: with cookies the browser itself keeps the credential, HttpOnly, where no script can read it.
 * @module
 */
import type { TokenStorage } from './storage.ts'

/**
 * The storage of the cookie transport. It is always empty, so that no other file needs to ask whether there are tokens.
 *
 * @example
 * ```ts
 * await cookieTokenStorage().get() // null
 * ```
 */
export function cookieTokenStorage(): TokenStorage {
  return {
    get: async () => null,
    set: async () => {},
    remove: async () => {},
  }
}

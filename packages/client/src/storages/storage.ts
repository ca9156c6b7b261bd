/**
 * The contract of a token storage: where a client keeps the tokens that are its own.
 * @module
 */

/**
 * Keeps one text. Every storage is a leaf that implements this and nothing else; your own may be as slow or as secret as
 * you like. A rejected `get` means nobody is signed in, and after a rejected `set` the text lives in memory alone.
 *
 * @example
 * ```ts
 * const keychain: TokenStorage = {
 *   get: () => native.read('handstamp'),
 *   set: (value) => native.write('handstamp', value),
 *   remove: () => native.delete('handstamp'),
 * }
 * ```
 */
export interface TokenStorage {
  /** The text that was set last, by whichever tab; null where there is none. */
  get(): Promise<string | null>
  set(value: string): Promise<void>
  /** Removing what is not there is not an error. */
  remove(): Promise<void>
}

/** The name under which Web Storage keeps the text. */
export const storageKey = 'handstamp'

/** A Web Storage area as a token storage. It is asked for at each use, since the mere look at it throws where it is forbidden. */
export function webStorage(area: () => Storage, key: string): TokenStorage {
  return {
    get: async () => area().getItem(key),
    set: async (value) => area().setItem(key, value),
    remove: async () => area().removeItem(key),
  }
}

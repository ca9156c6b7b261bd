/**
 * Keeps the tokens in localStorage: shared by all tabs, there after a restart, and open to every script of the page.
 * @module
 */
import { storageKey, type TokenStorage, webStorage } from './storage.ts'

/**
 * A storage in `localStorage`. Where that is missing, full or forbidden, the client falls back to memory.
 *
 * @example
 * ```ts
 * createAuthClient({ baseURL: 'https://api.example', storage: localTokenStorage('second-account') })
 * ```
 */
export function localTokenStorage(key: string = storageKey): TokenStorage {
  return webStorage(() => globalThis.localStorage, key)
}

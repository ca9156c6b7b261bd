/**
 * Keeps the tokens in sessionStorage: of one tab, there after a reload, and open to every script of the page.
 * @module
 */
import { storageKey, type TokenStorage, webStorage } from './storage.ts'

/**
 * A storage in `sessionStorage`. Where that is missing, full or forbidden, the client falls back to memory.
 *
 * @example
 * ```ts
 * createAuthClient({ baseURL: 'https://api.example', storage: sessionTokenStorage('second-account') })
 * ```
 */
export function sessionTokenStorage(key: string = storageKey): TokenStorage {
  return webStorage(() => globalThis.sessionStorage, key)
}

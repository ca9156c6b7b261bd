/**
 * Keeps the tokens in a variable: gone with a reload, and out of reach for a script that only reads storages.
 * @module
 */
import type { TokenStorage } from './storage.ts'

/**
 * A storage that lives as long as the page.
 *
 * @example
 * ```ts
 * createAuthClient({ baseURL: 'https://api.example', storage: memoryTokenStorage() })
 * ```
 */
export function memoryTokenStorage(): TokenStorage {
  let text: string | null = null
  return {
    get: async () => text,
    set: async (value) => {
      text = value
    },
    remove: async () => {
      text = null
    },
  }
}

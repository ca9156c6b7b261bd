/**
 * Owns a map of many thousand ids that grows and shrinks in small steps: a plain one copies itself whole each time it
 * doubles, which among a million holds up whoever signs in just then for a tenth of a second.
 * @module
 */

export interface SpreadMap<T> {
  get(key: string): T | undefined
  has(key: string): boolean
  set(key: string, value: T): void
  delete(key: string): boolean
}

const parts = 64

/**
 * Answers an empty map, spread by the last character but one, which in base64url of random bytes says six bits.
 *
 * @example
 * ```ts
 * const entries = spreadMap<Entry>()
 * entries.set(record.id, entry)
 * ```
 */
export function spreadMap<T>(): SpreadMap<T> {
  const maps = Array.from({ length: parts }, () => new Map<string, T>())

  function mapOf(key: string): Map<string, T> {
    return maps[key.charCodeAt(key.length - 2) & (parts - 1)] as Map<string, T>
  }

  return {
    get: (key) => mapOf(key).get(key),
    has: (key) => mapOf(key).has(key),
    set: (key, value) => {
      mapOf(key).set(key, value)
    },
    delete: (key) => mapOf(key).delete(key),
  }
}

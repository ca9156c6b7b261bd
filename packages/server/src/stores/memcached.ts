/**
 * Keeps sessions in memcached 1.6 or newer, over the client that the application brings.
 * @module
 */
import { type Clock, systemClock } from '@handstamp/core/clock'
import { AuthError } from '@handstamp/core/errors'
import { checkNames } from '../option-names.ts'
import { commandsOf, type MemcachedClient } from './memcached/client.ts'
import type { SessionStore } from './store.ts'
import { createQueue } from './user-item/queue.ts'
import { type Make, userItemStore } from './user-item/store.ts'

export type {
  MemcacheClient,
  MemcachedClient,
  MemcachedCommands,
  MemcacheNode,
  Versioned,
} from './memcached/client.ts'

export interface MemcachedStoreOptions {
  /** `new Memcache({ nodes: ['127.0.0.1:11211'] })` of the package `memcache`, for this store alone; or the four commands. */
  readonly client: MemcachedClient
  /** Before every key, `hs:` unless set: letters, digits, and `:_-`. */
  readonly prefix?: string
  readonly clock?: Clock
}

/** A user's sessions are written together at each change, so there are few of them. */
const maxSessions = 16
/** Half of what memcached takes unless it is told otherwise, so that its own bookkeeping never matters. */
const maxBytes = 512 * 1_024
/** How often a write is tried whose value another process changed meanwhile. */
const maxAttempts = 32
/** The latest time that memcached reads; a later one would be a time before 1970, and the value gone at once. */
const latestSecond = 2 ** 31 - 1

/**
 * Answers a store that keeps all of a user's sessions in one item: a find is one round trip, a write two, each a
 * compare-and-swap. A user has 16 sessions at most, and 512 KiB for all of them.
 *
 * Memcached forgets. An item that is evicted, or was on a server that started anew, signs its user out everywhere, never
 * halfway and never in. A server that was out of reach and comes back with what it held before also brings back what was
 * ended meanwhile, if the client asked another one instead: give the client a fixed list of nodes.
 *
 * @throws TypeError naming the option.
 *
 * @example
 * ```ts
 * import { memcachedStore } from '@handstamp/server/stores/memcached'
 * declare const client: import('@handstamp/server/stores/memcached').MemcachedClient
 *
 * const store = memcachedStore({ client })
 * ```
 */
export function memcachedStore(options: MemcachedStoreOptions): SessionStore {
  checkNames(options, ['client', 'prefix', 'clock'], 'memcachedStore()')
  const { client, prefix = 'hs:', clock = systemClock } = options
  if (typeof prefix !== 'string' || !/^[\w:-]{0,64}$/.test(prefix))
    throw new TypeError("memcachedStore({ prefix }) has letters, digits, ':', '_' and '-' alone: write 'hs:'")
  const commands = commandsOf(client, 'memcachedStore({ client })')
  // Writes of one process to one user would only lose races against each other.
  const queue = createQueue()

  return userItemStore(
    {
      read: (handle) => commands.get(`${prefix}${handle}`),
      change: (handle, make) => queue(handle, () => change(`${prefix}${handle}`, make)),

      /** Memcached drops what expired by itself, and each write drops what expired of its user. */
      async sweep() {
        return { removed: 0, more: false }
      },
    },
    { clock, maxSessions, maxBytes },
  )

  async function change<T>(key: string, make: Make<T>): Promise<T> {
    for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
      const found = await commands.gets(key)
      const { answer, next } = make(found?.value)
      if (next === undefined) return answer
      const expiresAt = wireTime(next.keptUntil)
      const isWritten =
        found === undefined
          ? await commands.add(key, next.text, expiresAt)
          : await commands.cas(key, next.text, expiresAt, found.token)
      if (isWritten) return answer
      await pause(Math.random() * Math.min(attempt, 16))
    }
    throw new AuthError('ERR_STORE_CONFLICT', `the session store: a write was overtaken ${maxAttempts} times`)
  }
}

/** Always a time and never a span: a span of more than 30 days is read as a time in 1970. 0: until evicted. */
function wireTime(ms: number): number {
  const seconds = Math.ceil(ms / 1_000)
  return seconds > latestSecond ? 0 : seconds
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

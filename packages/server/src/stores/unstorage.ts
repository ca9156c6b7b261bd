/**
 * Keeps sessions in any storage of `unstorage`, that the application brings.
 * @module
 */
import { type Clock, systemClock } from '@handstamp/core/clock'
import { checkNames } from '../option-names.ts'
import type { BridgedStore } from './store.ts'
import { handleOfName, oneByOne } from './user-item/bridge.ts'
import { pruneIn, readItem, writeItem } from './user-item/item.ts'
import { createQueue } from './user-item/queue.ts'
import { type NextText, userItemStore } from './user-item/store.ts'

/** What is asked of a storage of `unstorage`. */
export interface UnstorageLike {
  getItem(key: string): Promise<unknown>
  setItem(key: string, value: string, options: { ttl: number }): Promise<void>
  removeItem(key: string): Promise<void>
  getKeys(beginning: string): Promise<string[]>
}

export interface UnstorageStoreOptions {
  /** `createStorage({ driver })`. */
  readonly storage: UnstorageLike
  readonly clock?: Clock
}

const beginning = 'handstamp:'
/** Users looked at in one sweep, whatever its limit. */
const longestBatch = 1_000

/**
 * Answers a store that keeps all of a user's sessions in one item `handstamp:<handle in hexadecimal>`. A storage can
 * read and write, and not compare and swap. So one process keeps the contract of stores. With several, the last write to
 * a user holds: a sign-out can be undone by a touch elsewhere, and caps are exceeded. `hybrid()` refuses this store; where
 * several processes share sessions, take a store of its own for them.
 *
 * @throws TypeError naming the option.
 *
 * @example
 * ```ts
 * import { unstorageStore } from '@handstamp/server/stores/unstorage'
 * declare const storage: import('@handstamp/server/stores/unstorage').UnstorageLike
 *
 * const store = unstorageStore({ storage })
 * ```
 */
export function unstorageStore(options: UnstorageStoreOptions): BridgedStore {
  checkNames(options, ['storage', 'clock'], 'unstorageStore()')
  const { storage, clock = systemClock } = options
  for (const name of ['getItem', 'setItem', 'removeItem', 'getKeys'] as const) {
    if (typeof storage?.[name] !== 'function')
      throw new TypeError('unstorageStore({ storage }) must be a storage of unstorage: write createStorage({ driver })')
  }
  const queue = createQueue()
  let toSweep: string[] = []

  const store = userItemStore(
    {
      ...oneByOne(
        { read: (name) => read(beginning + name), write: (name, next) => write(beginning + name, next) },
        queue,
      ),

      async sweep({ before, limit }) {
        if (toSweep.length === 0) toSweep = (await storage.getKeys(beginning)).filter((key) => isOurs.test(key))
        let removed = 0
        for (let looked = 0; looked < longestBatch && removed < limit; looked += 1) {
          const key = toSweep.at(-1)
          if (key === undefined) break
          removed += await prune(key, before, limit - removed)
          if (removed < limit) toSweep.pop()
        }
        return { removed, more: toSweep.length > 0 }
      },
    },
    { clock, maxSessions: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY },
  )
  return { ...store, compareAndSwap: false }

  async function read(key: string): Promise<string | undefined> {
    const value = await storage.getItem(key)
    if (value === null || value === undefined) return undefined
    return typeof value === 'string' ? value : ''
  }

  /** Drivers that can drop an item by themselves take `ttl`; for the others there is `sweep`. */
  async function write(key: string, { text, keptUntil }: NextText): Promise<void> {
    await storage.setItem(key, text, { ttl: Math.max(1, Math.ceil((keptUntil - clock()) / 1_000)) })
  }

  function prune(key: string, before: number, limit: number): Promise<number> {
    const handle = handleOfName(key.slice(beginning.length))
    return queue(handle, async () => {
      const item = readItem(handle, (await read(key)) ?? '')
      if (item === undefined) return 0
      const { removed, item: left } = pruneIn(item, { before, limit })
      if (left === undefined) await storage.removeItem(key)
      else if (removed > 0) await write(key, { text: writeItem(left), keptUntil: left.keptUntil })
      return removed
    })
  }
}

const isOurs = /^handstamp:[\da-f]{24}$/

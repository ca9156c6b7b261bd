/**
 * A feed in the memory of one process: for a single server, development and tests.
 * @module
 */
import { type Clock, systemClock } from '@handstamp/core/clock'
import { type Expiring, expiryHeap } from '../expiry-heap.ts'
import { checkNames } from '../option-names.ts'
import type { ChangeFeed, Cursor, Fact, Facts } from './feed.ts'

export interface MemoryFeedOptions {
  readonly clock?: Clock
}

interface Entry extends Expiring {
  readonly place: number
  readonly fact: Fact
}

/** Facts that an append looks at whether they are past. */
const mostLooked = 64

/**
 * Answers a feed that no other process sees. What is past its `until` is dropped, so it holds as many facts as can
 * matter at one time.
 *
 * @example
 * ```ts
 * import { memoryFeed } from '@handstamp/server/feeds/memory'
 *
 * const feed = memoryFeed()
 * await feed.append({ kind: 'key', kid: 'stolen', until: Date.now() + 3_600_000 })
 * ```
 */
export function memoryFeed(options: MemoryFeedOptions = {}): ChangeFeed {
  checkNames(options, ['clock'], 'memoryFeed()')
  const { clock = systemClock } = options
  /** A cursor of another feed, or of the process before a restart, must not be taken for one of this. */
  const name = crypto.randomUUID()
  /** In order; those without a slot in the heap are past. */
  let entries: Entry[] = []
  const matters = expiryHeap<Entry>()
  let [last, past, lastPast, dropped] = [0, 0, 0, 0]
  const waiting = new Set<() => void>()

  const cursorAt = (place: number): Cursor => `${name}:${place}`

  function placeOf(cursor: Cursor): number | undefined {
    const [owner, text = ''] = cursor.split(':')
    const place = /^\d{1,15}$/.test(text) ? Number(text) : -1
    return owner === name && place >= dropped && place <= last ? place : undefined
  }

  function dropPast(): void {
    const now = clock()
    for (let looked = 0; looked < mostLooked && matters.firstDueAt() <= now; looked += 1) {
      const entry = matters.first() as Entry
      matters.remove(entry)
      past += 1
      lastPast = Math.max(lastPast, entry.place)
    }
    // In large pieces, as each moves all that stay.
    if (past < 64 || past < entries.length / 2) return
    entries = entries.filter(({ slot }) => slot !== -1)
    past = 0
    dropped = lastPast
  }

  function indexAfter(place: number): number {
    let [low, high] = [0, entries.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((entries[middle] as Entry).place > place) high = middle
      else low = middle + 1
    }
    return low
  }

  function more(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const settle = (): void => {
        clearTimeout(timer)
        waiting.delete(settle)
        resolve()
      }
      const timer = setTimeout(settle, waitMs)
      ;(timer as { unref?: () => void }).unref?.()
      waiting.add(settle)
    })
  }

  return {
    async append(fact) {
      dropPast()
      last += 1
      const entry = { place: last, fact: Object.freeze({ ...fact }), slot: -1 }
      entries.push(entry)
      matters.add(entry, fact.until)
      for (const settle of [...waiting]) settle()
      return cursorAt(last)
    },

    async read(after, { waitMs, limit }): Promise<Facts | 'gap'> {
      if (placeOf(after) === last && waitMs > 0) await more(waitMs)
      const place = placeOf(after)
      if (place === undefined) return 'gap'
      const from = indexAfter(place)
      const answer = entries.slice(from, from + limit)
      return { facts: answer.map(({ fact }) => fact), cursor: cursorAt(answer.at(-1)?.place ?? place) }
    },

    async snapshot() {
      const now = clock()
      const facts = entries.map(({ fact }) => fact).filter(({ until }) => until > now)
      return { facts, cursor: cursorAt(last) }
    },

    async close() {
      for (const settle of [...waiting]) settle()
    },
  }
}

/**
 * A feed in the memory of one process: for a single server, development and tests.
 * @module
 */
import { type Clock, systemClock } from '@handstamp/core/clock'
import { checkNames } from '../option-names.ts'
import type { ChangeFeed, Cursor, Fact, Facts } from './feed.ts'

export interface MemoryFeedOptions {
  readonly clock?: Clock
}

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
  let facts: Fact[] = []
  let dropped = 0
  const waiting = new Set<() => void>()

  const cursorAt = (place: number): Cursor => `${name}:${place}`

  function placeOf(cursor: Cursor): number | undefined {
    const [owner, text = ''] = cursor.split(':')
    const place = /^\d{1,15}$/.test(text) ? Number(text) : -1
    return owner === name && place >= dropped && place <= dropped + facts.length ? place : undefined
  }

  function dropPast(): void {
    const now = clock()
    const kept = facts.findIndex((fact) => fact.until > now)
    const past = kept === -1 ? facts.length : kept
    // In large pieces, as each moves all that stay.
    if (past < 64 || past < facts.length / 2) return
    facts = facts.slice(past)
    dropped += past
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
      facts.push(Object.freeze({ ...fact }))
      for (const settle of [...waiting]) settle()
      return cursorAt(dropped + facts.length)
    },

    async read(after, { waitMs, limit }): Promise<Facts | 'gap'> {
      if (placeOf(after) === dropped + facts.length && waitMs > 0) await more(waitMs)
      const place = placeOf(after)
      if (place === undefined) return 'gap'
      const answer = facts.slice(place - dropped, place - dropped + limit)
      return { facts: answer, cursor: cursorAt(place + answer.length) }
    },

    async snapshot() {
      const now = clock()
      return { facts: facts.filter((fact) => fact.until > now), cursor: cursorAt(dropped + facts.length) }
    },

    async close() {
      for (const settle of [...waiting]) settle()
    },
  }
}

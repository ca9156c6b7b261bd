/**
 * A near-cache in front of any store: a session that was read is not read again while nothing can have ended it unheard.
 * @module
 */
import { type Clock, systemClock } from '@handstamp/core/clock'
import { type Duration, parseDuration } from '@handstamp/core/duration'
import { isExpired } from '@handstamp/core/session'
import { type Follower, follow } from '../feed-follower.ts'
import { type ChangeFeed, checkFeed, type Fact } from '../feeds/feed.ts'
import { createHeldFacts } from '../held-facts.ts'
import { checkNames } from '../option-names.ts'
import { boundedStore } from './bounded.ts'
import { checkStore, type Found, isBridged, type SessionStore } from './store.ts'

export interface CachedOptions {
  /**
   * Where servers tell what has ended, the same as `createAuth({ feed })`. Without one a session is read again once
   * `maxStaleness` has passed.
   */
  readonly feed?: ChangeFeed
  /** The promise: what has ended is taken for live no longer than this; `5s` unless set. */
  readonly maxStaleness?: Duration
  /** How long a session is kept while the feed proves that nothing was missed; `5m` unless set. */
  readonly maxAge?: Duration
  /** Memory at most; 32 MiB unless set. */
  readonly maxBytes?: number
  /** `stale`: while the store cannot be read, what was read within `staleFor` is still good for reading; `refuse` unless set. */
  readonly onStoreError?: 'refuse' | 'stale'
  /** Needed with `onStoreError: 'stale'`. */
  readonly staleFor?: Duration
  readonly clock?: Clock
  /** Milliseconds that never go backwards. */
  readonly monotonic?: () => number
}

/** What a cache has done since it began. */
export interface CacheStats {
  readonly hits: number
  readonly misses: number
  readonly entries: number
  readonly bytes: number
}

export interface CachedStore extends SessionStore {
  readonly stats: CacheStats
  close(): Promise<void>
}

interface Entry {
  readonly found: Found
  /** When the read of it began, by the monotonic clock. */
  readonly readAt: number
  readonly bytes: number
  /** Asked for since it was last looked at for eviction. */
  used: boolean
}

/**
 * A read on its way. Once something is said of its session it is taken from the list: who waits already may have the
 * answer, nobody after, and it is not kept.
 */
interface Flight {
  readonly answer: Promise<Found | undefined>
  /** When it began. One that an outage held up may bring what was true before it. */
  readonly readAt: number
}

const optionNames = [
  ...['feed', 'maxStaleness', 'maxAge', 'maxBytes', 'onStoreError', 'staleFor', 'clock', 'monotonic'],
] as const
/** For the maps, the object and its strings' headers; see bench/. */
const overhead = 400
const absentFor = 1_000
/** How long `onStoreError: 'stale'` waits for a store that hangs, in milliseconds: less than a strategy waits. */
const patience = 1_000
const maxAbsent = 1_000

/**
 * Answers the store with a cache for `find(id, { cached: true })`, which `authenticate` asks. Whatever decides (refresh,
 * sign-out, renewal, revocation, `fresh`) reads the store itself.
 *
 * @throws TypeError | RangeError naming the option.
 *
 * @example
 * ```ts
 * import { memoryFeed } from '@handstamp/server/feeds/memory'
 * import { cached } from '@handstamp/server/stores/cached'
 * import { memoryStore } from '@handstamp/server/stores/memory'
 *
 * const store = cached(memoryStore(), { feed: memoryFeed(), maxStaleness: '5s' })
 * ```
 */
export function cached(store: SessionStore, options: CachedOptions = {}): CachedStore {
  checkNames(options, optionNames, 'cached()')
  checkStore(store, 'cached(store)')
  const { clock = systemClock, monotonic = () => performance.now(), maxBytes = 32 * 1_024 * 1_024 } = options
  if (options.feed !== undefined) checkFeed(options.feed, 'cached({ feed })')
  const maxStaleness = parseDuration(options.maxStaleness ?? '5s', 'cached({ maxStaleness })')
  const maxAge = parseDuration(options.maxAge ?? '5m', 'cached({ maxAge })')
  const staleFor = staleness(options)
  if (!Number.isInteger(maxBytes) || maxBytes < 1)
    throw new RangeError('cached({ maxBytes }) must be a whole number of at least 1, e.g. 33554432')

  // An answer out of need is none of the store's, so that whoever bounds this cannot tell how many it still owes.
  const reader = staleFor === 0 ? store : boundedStore(store, { timeoutMs: patience })
  const follower: Follower | undefined = options.feed && follow(options.feed)
  // By the clock that nobody sets, since what is forgotten too early would be believed again.
  const facts = createHeldFacts(monotonic)
  const longestKept = Math.max(maxAge, staleFor)
  const entries = new Map<string, Entry>()
  const flights = new Map<string, Flight>()
  const absent = new Map<string, number>()
  let [bytes, hits, misses] = [0, 0, 0]
  let unsubscribe: (() => void) | undefined

  return {
    singleProcess: store.singleProcess === true,
    ...(isBridged(store) ? { compareAndSwap: false } : {}),
    ...(options.feed === undefined ? {} : { feed: options.feed }),

    find(id, given) {
      if (given?.cached !== true) return store.find(id, given)
      // Not before somebody asks: at a module's top level an edge runtime allows neither timers nor connections.
      unsubscribe ??= follower?.subscribe({ fact: hear, gap: forgetAll })
      const now = monotonic()
      const entry = entries.get(id)
      if (entry !== undefined && isGood(id, entry, now, maxStaleness) && now - entry.readAt < maxAge) {
        hits += 1
        entry.used = true
        return entry.found
      }
      misses += 1
      if (isKnownAbsent(id, now)) return undefined
      const flight = flights.get(id)
      const isYoung = flight !== undefined && now - flight.readAt < maxStaleness
      const answer = isYoung ? join(id, flight) : fly(id, now).answer
      return staleFor === 0 ? answer : answer.catch((error: unknown) => inNeed(id, error))
    },

    save: (id, record, save) => changing([id], () => store.save(id, record, save)),

    replace(id, expectedVersion, record, replace) {
      return changing([id, replace?.as ?? id], () => store.replace(id, expectedVersion, record, replace))
    },

    delete: (id) => changing([id], () => store.delete(id)),

    listByUser: (handle) => store.listByUser(handle),

    async deleteByUser(handle, options) {
      const answer = await store.deleteByUser(handle, options)
      hear({ kind: 'user', handle, epoch: answer.epoch, ...options, until: clock() + maxAge })
      if (options?.except !== undefined) forget(options.except)
      return answer
    },

    sweep: (batch) => store.sweep(batch),

    get stats() {
      return { hits, misses, entries: entries.size, bytes }
    },

    async close() {
      unsubscribe?.()
      unsubscribe = undefined
      forgetAll()
    },
  }

  /** What was read may be shown while its read, or a proof that nothing was missed since, is younger than `within`. */
  function isGood(id: string, { found, readAt }: Entry, now: number, within: number): boolean {
    if (now - readAt >= within && now - (follower?.provenAt ?? Number.NEGATIVE_INFINITY) >= within) return false
    // One that is idle here may be in use elsewhere.
    return !isExpired(found.record, clock()) && isUntouched(id, found)
  }

  function isUntouched(id: string, { record, version }: Found): boolean {
    return facts.judge({ id, epoch: record.epoch, version }) === undefined
  }

  function fly(id: string, readAt: number): Flight {
    const flight: Flight = { readAt, answer: read().finally(() => flights.get(id) === flight && flights.delete(id)) }
    flights.set(id, flight)
    return flight

    async function read(): Promise<Found | undefined> {
      // Without the signal of whoever came first: the end of one caller is not the others'.
      const found = await reader.find(id)
      // Nobody has changed it meanwhile, here or, as far as is known, elsewhere.
      if (flights.get(id) === flight) keep(id, found, readAt)
      return found
    }
  }

  /** For who came later a read counts from its beginning; where it lands too late another is asked. */
  async function join(id: string, flight: Flight): Promise<Found | undefined> {
    const found = await flight.answer
    if (monotonic() - flight.readAt < maxStaleness) return found
    return (flights.get(id) ?? fly(id, monotonic())).answer
  }

  function keep(id: string, found: Found | undefined, readAt: number): void {
    drop(id)
    if (found === undefined) {
      keepAbsent(id, readAt)
      return
    }
    const size = isUntouched(id, found) ? sizeOf(found) : undefined
    if (size === undefined || size > maxBytes) return
    entries.set(id, { found: frozen(found), readAt, bytes: size, used: false })
    bytes += size
    for (const [oldest, entry] of entries) {
      if (bytes <= maxBytes) break
      drop(oldest)
      if (!entry.used) continue
      entry.used = false
      entries.set(oldest, entry)
      bytes += entry.bytes
    }
  }

  function drop(id: string): void {
    const entry = entries.get(id)
    if (entry === undefined) return
    entries.delete(id)
    bytes -= entry.bytes
  }

  /** In a list of its own, so that ids made up by an attacker push out nobody. */
  function keepAbsent(id: string, readAt: number): void {
    absent.set(id, readAt)
    const [first] = absent.keys()
    if (absent.size > maxAbsent && first !== undefined) absent.delete(first)
  }

  function isKnownAbsent(id: string, now: number): boolean {
    const readAt = absent.get(id)
    if (readAt === undefined) return false
    if (now - readAt < Math.min(absentFor, maxStaleness)) return true
    absent.delete(id)
    return false
  }

  function forget(id: string): void {
    drop(id)
    flights.delete(id)
    absent.delete(id)
  }

  function forgetAll(): void {
    entries.clear()
    flights.clear()
    absent.clear()
    bytes = 0
  }

  function hear(fact: Fact): void {
    facts.hold({ ...fact, until: monotonic() + Math.max(fact.until - clock(), longestKept) })
    if (fact.kind === 'session' || fact.kind === 'changed') forget(fact.id)
    // Whose flights these are is not known before they land.
    else flights.clear()
  }

  /** A write of our own. One that fails may have been applied. */
  async function changing<T>(ids: readonly string[], write: () => Promise<T>): Promise<T> {
    for (const id of ids) forget(id)
    try {
      return await write()
    } finally {
      for (const id of ids) forget(id)
    }
  }

  function inNeed(id: string, error: unknown): Found {
    const now = monotonic()
    const entry = entries.get(id)
    const kept = entry !== undefined && now - entry.readAt < longestKept
    if (kept && isGood(id, entry, now, staleFor)) return entry.found
    throw error
  }
}

function staleness({ onStoreError = 'refuse', staleFor }: CachedOptions): number {
  if (onStoreError !== 'refuse' && onStoreError !== 'stale')
    throw new TypeError("cached({ onStoreError }) is 'refuse' or 'stale'")
  if (onStoreError === 'refuse') {
    if (staleFor === undefined) return 0
    throw new TypeError("cached({ staleFor }) belongs to onStoreError: 'stale': add that, or leave it out")
  }
  if (staleFor === undefined)
    throw new TypeError("cached({ staleFor }) is missing: write how long an answer is good without its store, '30s'")
  return parseDuration(staleFor, 'cached({ staleFor })')
}

/** Bytes in memory, roughly: two for a character of text. Undefined for what no store of ours writes. */
function sizeOf({ record }: Found): number | undefined {
  try {
    return overhead + 2 * JSON.stringify(record).length
  } catch {
    return undefined
  }
}

/** What many requests share, none may change. */
function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const inner of Object.values(value)) frozen(inner)
  return Object.freeze(value)
}

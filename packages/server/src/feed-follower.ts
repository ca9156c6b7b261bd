/**
 * Following a feed: one reader for a process, which knows up to when it is known that nothing was missed.
 * @module
 */
import { type Clock, systemClock } from '@handstamp/core/clock'
import { AuthError, safeCause } from '@handstamp/core/errors'
import { type Cursor, type Fact, isFact, type ReadableFeed } from './feeds/feed.ts'

export interface Listener {
  fact(fact: Fact): void
  /** Something may have been missed: whatever was kept on the word of this feed must go. A snapshot follows as facts. */
  gap(): void
}

export interface Follower {
  /**
   * By the monotonic clock: everything appended before this moment has been told to every listener. -Infinity before
   * the first snapshot, after a gap, and while a fact that could not be read may matter.
   */
  readonly provenAt: number
  /** True when the proof is younger than so many milliseconds, or an own read within the deadline makes it so. */
  isCurrent(maxStaleness: number): boolean | Promise<boolean>
  /** Reads on until every subscription has ended. */
  subscribe(listener: Listener): () => void
}

export interface FollowOptions {
  /** Milliseconds, from any beginning, never backwards. */
  readonly monotonic?: () => number
  readonly clock?: Clock
  readonly wait?: (ms: number) => Promise<void>
}

/** A read that waits longer is asked for anew, since a connection that died may never answer. */
const readWaits = 250
const readDeadline = 2_000
const limit = 1_000
/** For how long a fact that cannot be read may matter, at least and at most. */
const [leastDoubt, mostDoubt] = [60_000, 3_600_000]

const followers = new WeakMap<ReadableFeed, Follower>()

/** The one follower of the feed in this process. */
export function follow(feed: ReadableFeed): Follower {
  const known = followers.get(feed) ?? createFollower(feed)
  followers.set(feed, known)
  return known
}

/** Answers a follower that begins to read with its first listener. */
export function createFollower(feed: ReadableFeed, options: FollowOptions = {}): Follower {
  const { monotonic = () => performance.now(), clock = systemClock, wait = sleep } = options
  const listeners = new Set<Listener>()
  let cursor: Cursor | undefined
  let provenAt = Number.NEGATIVE_INFINITY
  let doubtedUntil = Number.NEGATIVE_INFINITY
  let beginning: Promise<void> | undefined
  let reading: Promise<void> | undefined
  let failedAt = Number.NEGATIVE_INFINITY
  /** Raised at each gap: a read that was asked for before it does not tell what lies in between. */
  let era = 0
  /** Of the latest loop; an older one ends when it sees that it is not this. */
  let loop = 0

  function tell(facts: readonly unknown[]): void {
    for (const fact of facts) {
      if (isFact(fact)) for (const listener of listeners) listener.fact(fact)
      else doubt(fact)
    }
  }

  /** Of a newer version, perhaps: nobody knows what it ends, so nothing is believed on this feed's word until it is past. */
  function doubt(fact: unknown): void {
    const { until } = Object(fact) as { readonly until?: unknown }
    const matters = typeof until === 'number' ? until - clock() : 0
    doubtedUntil = Math.max(doubtedUntil, monotonic() + Math.min(Math.max(matters, leastDoubt), mostDoubt))
    provenAt = Number.NEGATIVE_INFINITY
    for (const listener of listeners) listener.gap()
  }

  const isDoubted = (): boolean => monotonic() < doubtedUntil
  const isProven = (maxStaleness: number): boolean => monotonic() - provenAt < maxStaleness

  function prove(at: number): void {
    if (!isDoubted()) provenAt = Math.max(provenAt, at)
  }

  function forget(): void {
    era += 1
    cursor = undefined
    provenAt = Number.NEGATIVE_INFINITY
    for (const listener of listeners) listener.gap()
  }

  /** Where the log stands and all that matters of it; one for all who wait for it. */
  async function begin(): Promise<void> {
    const askedAt = monotonic()
    const { facts, cursor: place, age = 0 } = await timely(feed.snapshot(), readDeadline, wait)
    if (listeners.size === 0) return
    tell(facts)
    cursor = place
    prove(askedAt - age)
  }

  /** What came since, told; what an answer proves counts from when it was asked for. */
  async function pull(waitMs: number): Promise<void> {
    while (listeners.size > 0) {
      const askedAt = monotonic()
      if (cursor === undefined) {
        beginning ??= begin().finally(() => {
          beginning = undefined
        })
        await beginning
        return
      }
      const since = era
      const answer = await timely(feed.read(cursor, { waitMs, limit }), waitMs + readDeadline, wait)
      if (since !== era) continue
      if (answer === 'gap') {
        forget()
        continue
      }
      tell(answer.facts)
      cursor = answer.cursor
      if (answer.more ?? answer.facts.length >= limit) continue
      prove(askedAt - (answer.age ?? 0))
      return
    }
  }

  /** Facts are idempotent, so two reads at once may tell one twice; a cursor that falls back only reads it again. */
  async function run(own: number): Promise<void> {
    let failures = 0
    while (loop === own) {
      try {
        await pull(readWaits)
        failures = 0
      } catch {
        failures += 1
        await wait(Math.min(50 * 2 ** failures, 1_000))
      }
    }
  }

  /** Within the deadline, also where it takes several reads; after a failure not again at once. */
  async function catchUp(maxStaleness: number): Promise<boolean> {
    if (monotonic() - failedAt < readWaits) return false
    reading ??= timely(pull(0), readDeadline, wait)
      .catch(() => {
        failedAt = monotonic()
      })
      .finally(() => {
        reading = undefined
      })
    await reading
    return isProven(maxStaleness)
  }

  return {
    get provenAt() {
      return provenAt
    },

    isCurrent(maxStaleness) {
      return isProven(maxStaleness) || (!isDoubted() && catchUp(maxStaleness))
    },

    subscribe(listener) {
      listeners.add(listener)
      // Who comes later has not heard what was told before.
      forget()
      if (listeners.size === 1) {
        loop += 1
        void run(loop)
      }
      return () => {
        listeners.delete(listener)
        if (listeners.size > 0) return
        loop += 1
        forget()
      }
    },
  }
}

/** @throws AuthError ERR_FEED_STALE where the feed rejects or takes longer than the deadline. */
function timely<T>(answer: Promise<T>, deadline: number, wait: (ms: number) => Promise<void>): Promise<T> {
  return new Promise((resolve, reject) => {
    void wait(deadline).then(() => reject(new AuthError('ERR_FEED_STALE', 'the feed does not answer')))
    answer.then(resolve, (error) =>
      reject(new AuthError('ERR_FEED_STALE', 'the feed cannot be read', { cause: safeCause(error) })),
    )
  })
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer: unknown = setTimeout(resolve, ms)
    ;(timer as { unref?: () => void }).unref?.()
  })
}

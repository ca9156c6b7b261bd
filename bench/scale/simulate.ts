/**
 * One node's cache, request by request: what the formula leaves out is that memory has an end.
 * @module
 */

export interface Simulated {
  readonly sessions: number
  /** Requests a second of each. */
  readonly rate: number
  readonly life: number
  /** Entries at most. */
  readonly capacity: number
  readonly requests: number
  readonly seed?: number
}

interface Entry {
  readonly readAt: number
  used: boolean
}

/** Answers the part of requests that were hits, once the cache is full or its first entries have ended. */
export function simulatedHitRate({ sessions, rate, life, capacity, requests, seed = 1 }: Simulated): number {
  const random = generator(seed)
  const entries = new Map<number, Entry>()
  let [now, hits, counted] = [0, 0, 0]
  while (counted < requests) {
    // Requests of independent sessions: together they come at random as well.
    now -= Math.log(1 - random()) / (sessions * rate)
    const session = Math.floor(random() * sessions)
    const entry = entries.get(session)
    const isHit = entry !== undefined && now - entry.readAt < life
    if (entry !== undefined && isHit) entry.used = true
    else keep(entries, session, now, capacity)
    if (now < 2 * life) continue
    counted += 1
    if (isHit) hits += 1
  }
  return hits / requests
}

/** As the near-cache does it: the oldest goes, unless it was used since it was looked at last. */
function keep(entries: Map<number, Entry>, session: number, now: number, capacity: number): void {
  entries.delete(session)
  entries.set(session, { readAt: now, used: false })
  for (const [oldest, entry] of entries) {
    if (entries.size <= capacity) break
    entries.delete(oldest)
    if (entry.used) entries.set(oldest, { readAt: entry.readAt, used: false })
  }
}

/** The same numbers for the same seed, so that a page made again is the same page (mulberry32). */
function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

/**
 * Fills a memory store, lets everything in it expire and sweeps it: `memory-heap-child.ts <sessions>`. It runs alone in its
 * process, with --expose-gc, since it weighs the heap.
 * @module
 */
import { memoryStore } from '@handstamp/server'
import { contractRecord, fakeClock } from '@handstamp/server/testing'

/** Bytes. */
export interface Weighed {
  readonly heapAtStart: number
  readonly heapWhenFull: number
  readonly heapAtEnd: number
  readonly rssAtStart: number
  readonly rssWhenFull: number
  readonly rssAtEnd: number
  /** Sessions that a sweep took away. */
  readonly swept: number
}

const sessions = Number(process.argv[2])
const clock = fakeClock()
const store = memoryStore({ clock, maxSessions: sessions })

async function fill(count: number): Promise<void> {
  for (let made = 0; made < count; made += 1) {
    const record = contractRecord({ createdAt: clock(), idleUntil: clock() + 1_000 })
    if ((await store.save(record.id, record, { epoch: undefined, cap: 10 })) !== 'saved') throw new Error('not saved')
  }
}

async function expire(): Promise<number> {
  clock.advance(1_000)
  let swept = 0
  for (let more = true; more; ) {
    const batch = await store.sweep({ before: clock() + 1, limit: 10_000 })
    swept += batch.removed
    more = batch.more
  }
  return swept
}

function weigh(): { readonly heap: number; readonly rss: number } {
  for (let time = 0; time < 3; time += 1) globalThis.gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: heapUsed + external, rss }
}

// What is compiled, and made once, is no session.
await fill(1_000)
await expire()
const start = weigh()
await fill(sessions)
const full = weigh()
const swept = await expire()
const end = weigh()
process.send?.({
  ...{ heapAtStart: start.heap, heapWhenFull: full.heap, heapAtEnd: end.heap },
  ...{ rssAtStart: start.rss, rssWhenFull: full.rss, rssAtEnd: end.rss, swept },
} satisfies Weighed)
process.disconnect?.()

/**
 * How long a sweep of the memory store keeps others waiting: `sweep.ts <sessions> <sweeps>`. It runs alone in its process,
 * since it fills the heap.
 * @module
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { memoryStore } from '@handstamp/server'
import { contractRecord, fakeClock } from '@handstamp/server/testing'

const [count = 0, sweeps = 0] = process.argv.slice(2).map(Number)

/** Milliseconds. */
interface Spent {
  readonly cpu: number
  readonly clock: number
}

async function filled() {
  const clock = fakeClock()
  const store = memoryStore({ clock, maxSessions: count })
  for (let made = 0; made < count; made += 1) {
    // They expire in another order than that in which they were made.
    const record = contractRecord({ createdAt: clock(), idleUntil: clock() + 1_000 + ((made * 7_919) % count) })
    await store.save(record.id, record, { epoch: undefined, cap: 10 })
  }
  clock.advance(1_000 + count)
  return { clock, store }
}

/** What each batch took, with the turn of the loop after it. */
async function batchesOf({ clock, store }: Awaited<ReturnType<typeof filled>>): Promise<readonly Spent[]> {
  const batches: Spent[] = []
  let swept = 0
  for (let more = true; more; ) {
    const [since, cpuSince] = [performance.now(), process.cpuUsage()]
    const batch = await store.sweep({ before: clock(), limit: 10_000 })
    await nextTurn()
    const { user, system } = process.cpuUsage(cpuSince)
    batches.push({ cpu: (user + system) / 1_000, clock: performance.now() - since })
    swept += batch.removed
    more = batch.more
  }
  if (swept !== count) throw new Error(`${swept} of ${count} sessions were swept`)
  return batches
}

const batches: Spent[] = []
for (let sweep = 0; sweep < sweeps; sweep += 1) batches.push(...(await batchesOf(await filled())))
const worst = (of: keyof Spent): number => Math.max(...batches.map((spent) => spent[of]))
process.send?.({ cpu: worst('cpu'), clock: worst('clock') })
process.on('disconnect', () => process.exit())

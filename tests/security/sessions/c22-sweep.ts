import { memoryStore } from '@handstamp/server'
import { contractRecord, fakeClock } from '@handstamp/server/testing'
import { expect } from 'vitest'
import { type Attack, attack } from '../attack.ts'

const rows = 20_000

/** A store full of sessions that have just expired, and a few that live. */
async function fullStore() {
  const clock = fakeClock()
  const store = memoryStore({ clock })
  for (let row = 0; row < rows; row += 1) {
    const record = contractRecord({ createdAt: clock(), idleUntil: clock() + 1_000 + row })
    await store.save(record.id, record, { epoch: undefined, cap: 10 })
  }
  const alive = contractRecord({ createdAt: clock(), idleUntil: clock() + 10_000_000 })
  await store.save(alive.id, alive, { epoch: undefined, cap: 10 })
  clock.advance(1_000 + rows)
  return { store, clock, alive: alive.id, close: () => {} }
}

type Full = Awaited<ReturnType<typeof fullStore>>

export const sweep: Attack = attack({
  ids: ['C22'],
  title: 'twenty thousand sessions that expire at the same moment',
  cost: 'Everybody would wait while one process takes away the sessions of a morning.',
  shows: ['ASVS 7.3.1'],
  stage: fullStore,
  legal: {
    'one that lives is not swept, whatever is asked': async ({ store, clock, alive }: Full) => {
      await store.sweep({ before: clock() - 1_500 - rows, limit: rows })
      expect(await store.find(alive)).toBeDefined()
    },
    'nothing expired before that time: nothing is swept': async ({ store, clock }: Full) => {
      expect(await store.sweep({ before: clock() - 1_500 - rows, limit: 10 })).toEqual({ removed: 0, more: false })
    },
  },
  hostile: {
    'a sign-in amid them does not clear them all away': async ({ store, clock, alive }: Full) => {
      const record = contractRecord({ createdAt: clock() })
      expect(await store.save(record.id, record, { epoch: undefined, cap: 10 })).toBe('saved')
      expect((await store.sweep({ before: clock() + 1, limit: 1 })).more).toBe(true)
      expect(await store.find(alive)).toBeDefined()
    },
    'each call takes a batch and says that there is more': async ({ store, clock, alive }: Full) => {
      let [calls, swept, worstMs] = [0, 0, 0]
      for (let more = true; more; calls += 1) {
        const since = performance.now()
        const batch = await store.sweep({ before: clock() + 1, limit: 500 })
        worstMs = Math.max(worstMs, Math.round((performance.now() - since) * 100) / 100)
        expect(batch.removed).toBeLessThanOrEqual(500)
        swept += batch.removed
        more = batch.more
      }
      console.log(JSON.stringify({ requirement: 'C22', sessions: swept, batches: calls, worstMs }))
      // The sign-in before has taken two of them, the batch of one another.
      expect([calls, swept]).toEqual([Math.ceil((rows - 3) / 500), rows - 3])
      expect(await store.find(alive)).toBeDefined()
    },
    'what is expired and not swept yet is nobody’s session': async () => {
      const { store, clock } = await fullStore()
      const record = contractRecord({ createdAt: clock(), idleUntil: clock() + 1 })
      await store.save(record.id, record, { epoch: undefined, cap: 10 })
      clock.advance(1)
      expect([await store.find(record.id), await store.delete(record.id)]).toEqual([undefined, false])
    },
  },
})

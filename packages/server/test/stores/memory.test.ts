import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { handleOf } from '@handstamp/core/credential'
import { describe, expect, test } from 'vitest'
import { memoryStore } from '../../src/stores/memory.ts'
import type { SessionStore } from '../../src/stores/store.ts'
import { contractRecord, fakeClock } from '../../src/testing/index.ts'
import { holdToContract } from './contract.ts'

holdToContract('memoryStore', { create: ({ clock }) => ({ store: memoryStore({ clock }) }) })

async function signIn(store: SessionStore, changes: Parameters<typeof contractRecord>[0] = {}): Promise<string> {
  const record = contractRecord(changes)
  // Called by the ten thousand, for which an `expect` takes longer than a save.
  if ((await store.save(record.id, record, { epoch: undefined, cap: 100 })) !== 'saved') throw new Error('not saved')
  return record.id
}

describe('memoryStore is bounded', () => {
  test('the least recently used goes first, and a find counts as use', async () => {
    const store = memoryStore({ maxSessions: 3, clock: fakeClock() })
    const [a, b, c] = [await signIn(store), await signIn(store), await signIn(store)]
    await store.find(a)
    const d = await signIn(store)
    expect(await store.find(b)).toBeUndefined()
    for (const id of [a, c, d]) expect(await store.find(id)).toBeDefined()
  })

  test('the expired go before the least recently used', async () => {
    const clock = fakeClock()
    const store = memoryStore({ maxSessions: 3, clock })
    const a = await signIn(store)
    const b = await signIn(store, { idleUntil: clock() + 1_000 })
    const c = await signIn(store)
    clock.advance(1_000)
    const d = await signIn(store)
    expect(await store.find(b)).toBeUndefined()
    for (const id of [a, c, d]) expect(await store.find(id)).toBeDefined()
  })

  test('a session that was touched does not count as expired', async () => {
    const clock = fakeClock()
    const store = memoryStore({ maxSessions: 2, clock })
    const a = await signIn(store, { idleUntil: clock() + 1_000 })
    const { record, version } = (await store.find(a)) ?? expect.fail('a is there')
    await store.replace(a, version, { ...record, idleUntil: clock() + 9_000 })
    clock.advance(2_000)
    const b = await signIn(store)
    await store.find(a)
    const c = await signIn(store)
    expect(await store.find(b)).toBeUndefined()
    for (const id of [a, c]) expect(await store.find(id)).toBeDefined()
  })

  test('saving alone drops what expired, so nobody has to sweep', async () => {
    const clock = fakeClock()
    const store = memoryStore({ clock })
    for (let n = 0; n < 100; n += 1) await signIn(store, { idleUntil: clock() + 1_000 })
    clock.advance(1_000)
    for (let n = 0; n < 50; n += 1) await signIn(store, { createdAt: clock() })
    expect(await store.sweep({ before: clock() + 1, limit: 1_000 })).toEqual({ removed: 0, more: false })
  })

  test('a batch is short whatever is asked for, and says that there is more (C22)', async () => {
    const clock = fakeClock()
    const store = memoryStore({ clock })
    for (let n = 0; n < 2_100; n += 1) await signIn(store)
    clock.advance('1d')
    const all = { before: clock(), limit: 1_000_000 }
    const batches: number[] = []
    for (let more = true; more; ) {
      const batch = await store.sweep(all)
      batches.push(batch.removed)
      more = batch.more
    }
    expect(batches).toEqual([500, 500, 500, 500, 100])
  })

  test('who was used since is spared once, and where all were, the one longest there goes', async () => {
    const store = memoryStore({ maxSessions: 3, clock: fakeClock() })
    const [a, b, c] = [await signIn(store), await signIn(store), await signIn(store)]
    for (const id of [c, b, a]) await store.find(id)
    const d = await signIn(store)
    expect(await store.find(a)).toBeUndefined()
    const e = await signIn(store)
    expect(await store.find(b)).toBeUndefined()
    for (const id of [c, d, e]) expect(await store.find(id)).toBeDefined()
  })

  test('random use keeps size, order and epochs right', async () => {
    const clock = fakeClock()
    const store = memoryStore({ maxSessions: 50, clock })
    const random = seeded(7)
    const known = new Map<string, number>()
    for (let step = 0; step < 5_000; step += 1) {
      clock.advance(random(2_000))
      const ids = [...known.keys()]
      const id = ids[random(ids.length || 1)]
      const choice = random(6)
      if (choice < 3 || id === undefined) {
        const userId = `u${random(30)}`
        const now = clock()
        const record = contractRecord({
          userId,
          createdAt: now,
          idleUntil: now + 1 + random(100_000),
          expiresAt: now + 200_000,
        })
        const { epoch } = await store.listByUser(handleOf(record.id))
        await store.save(record.id, { ...record, epoch: epoch ?? record.epoch }, { epoch, cap: 4 })
        known.set(record.id, record.idleUntil)
      } else if (choice === 3) {
        const found = await store.find(id)
        const idleUntil = Math.min(clock() + 100_000, found?.record.expiresAt ?? 0)
        if (found && (await store.replace(id, found.version, { ...found.record, idleUntil }))) known.set(id, idleUntil)
      } else if (choice === 4) {
        await store.delete(id)
        known.delete(id)
      } else await store.deleteByUser(handleOf(id), random(2) === 0 ? { except: id } : {})
    }
    let live = 0
    for (const [id, idleUntil] of known) {
      const found = await store.find(id)
      if (!found) continue
      live += 1
      expect(clock()).toBeLessThan(Math.max(idleUntil, found.record.idleUntil))
      const { epoch, sessions } = await store.listByUser(handleOf(id))
      expect(sessions.map((one) => one.id)).toContain(id)
      expect(sessions.length).toBeLessThanOrEqual(4)
      expect(found.record.epoch).toBe(epoch)
    }
    expect(live).toBeGreaterThan(0)
    expect(live).toBeLessThanOrEqual(50)
    clock.advance('1d')
    expect((await store.sweep({ before: clock(), limit: 1_000 })).removed).toBeLessThanOrEqual(50)
    for (const id of known.keys()) expect(await store.find(id)).toBeUndefined()
  })

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('maxSessions %s is refused', (maxSessions) => {
    expect(() => memoryStore({ maxSessions })).toThrow(RangeError)
  })
})

// Collecting garbage takes its time on a busy machine.
describe('memoryStore does not leak', { timeout: 30_000 }, () => {
  test('sign-ins and sign-outs of ever new users leave nothing behind, and a full store stays its size', async () => {
    const store = memoryStore({ maxSessions: 2_000 })
    async function cycles(count: number): Promise<void> {
      for (let n = 0; n < count; n += 1) {
        const id = await signIn(store, { createdAt: Date.now() })
        if (n % 2 === 0) await store.delete(id)
      }
    }
    // More than it keeps of sessions and of users without one, so that it is full and its maps have their room.
    await cycles(25_000)
    // So many that even 17 bytes for each show, and whatever the engine keeps meanwhile is little beside them.
    expect(await leastGrowth(() => cycles(12_000))).toBeLessThan(200_000)
  })

  test('sign-ins and sign-outs of the same few users leave nothing behind', async () => {
    const store = memoryStore()
    async function cycles(count: number): Promise<void> {
      for (let n = 0; n < count; n += 1) {
        const userId = `u${n % 100}`
        const record = contractRecord({ userId, createdAt: Date.now() })
        const { epoch } = await store.listByUser(handleOf(record.id))
        await store.save(record.id, { ...record, epoch: epoch ?? record.epoch }, { epoch, cap: 100 })
        if (!(await store.delete(record.id))) throw new Error('it was there')
      }
    }
    await cycles(2_000)
    expect(await leastGrowth(() => cycles(4_000))).toBeLessThan(80_000)
  })

  test('a session of an ordinary record takes less than a kilobyte', async () => {
    const store = memoryStore()
    const before = usedHeap()
    for (let n = 0; n < 5_000; n += 1) {
      const userAgent = `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36 ${n}`
      await signIn(store, { createdAt: Date.now(), ip: `192.0.2.${n % 250}`, userAgent })
    }
    const bytes = (usedHeap() - before) / 5_000
    expect(bytes).toBeGreaterThan(300)
    expect(bytes).toBeLessThan(1_000)
    expect(await store.sweep({ before: 0, limit: 1 })).toEqual({ removed: 0, more: false })
  })
})

/** A leak grows in every round; what the engine keeps for itself, now and then, does not. */
async function leastGrowth(round: () => Promise<void>): Promise<number> {
  const growths: number[] = []
  for (let turn = 0; turn < 3; turn += 1) {
    const before = usedHeap()
    await round()
    growths.push(usedHeap() - before)
  }
  return Math.min(...growths)
}

function usedHeap(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  return process.memoryUsage().heapUsed
}

function seeded(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

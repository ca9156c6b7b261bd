import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { handleOf } from '@handstamp/core/credential'
import type { SessionRecord } from '@handstamp/core/session'
import { hybrid, type KeyRingJwk, session } from '@handstamp/server'
import { cached } from '@handstamp/server/stores/cached'
import type { SessionStore } from '@handstamp/server/stores/store'
import { unstorageStore } from '@handstamp/server/stores/unstorage'
import { contractRecord, fakeClock, fakeClockStart } from '@handstamp/server/testing'
import { createStorage } from 'unstorage'
import fsDriver from 'unstorage/drivers/fs'
import { describe, expect, test } from 'vitest'
import { holdStore } from './hold-store.ts'

holdStore('unstorage in memory', true, {
  create: ({ clock }) => ({ store: unstorageStore({ storage: createStorage(), clock }) }),
})

holdStore('unstorage in files', true, {
  create({ clock }) {
    const base = mkdtempSync(join(tmpdir(), 'handstamp-unstorage-'))
    const storage = createStorage({ driver: fsDriver({ base }) })
    return { store: unstorageStore({ storage, clock }), close: () => rmSync(base, { recursive: true, force: true }) }
  },
})

describe('unstorage', () => {
  const day = 86_400_000
  const signIn = async (store: SessionStore, changes: Partial<SessionRecord> = {}): Promise<SessionRecord> => {
    const record = contractRecord(changes)
    const { epoch } = await store.listByUser(handleOf(record.id))
    const saved = { ...record, epoch: epoch ?? record.epoch }
    expect(await store.save(record.id, saved, { epoch, cap: 100 })).toBe('saved')
    return saved
  }

  test('hybrid refuses it, in words and by type, behind a near-cache too', async () => {
    const store = unstorageStore({ storage: createStorage() })
    const keys: readonly KeyRingJwk[] = []
    const secrets = ['x'.repeat(32)]
    // @ts-expect-error a bridged store cannot compare and swap
    expect(() => hybrid({ store, keys, secrets })).toThrow(/cannot compare and swap.*redisStore\(\)/)
    expect(() => hybrid({ store: cached(store), keys, secrets })).toThrow(/cannot compare and swap/)
    expect(session({ store }).kind).toBe('session')
  })

  test('what expired is swept in batches, and the item goes a day after its last session', async () => {
    const clock = fakeClock()
    const storage = createStorage()
    const store = unstorageStore({ storage, clock })
    await storage.setItem('handstamp:of the application', 'stays')
    const first = await signIn(store)
    for (let more = 0; more < 6; more += 1) await signIn(store, { userId: first.userId })
    const lives = await signIn(store, { idleUntil: clock() + 3 * day, expiresAt: clock() + 3 * day })
    clock.advance(2 * 3_600_000)
    const removed = []
    for (let more = true; more; ) {
      const batch = await store.sweep({ before: clock(), limit: 3 })
      removed.push(batch.removed)
      more = batch.more
    }
    expect(removed.reduce((sum, one) => sum + one)).toBe(7)
    expect(Math.max(...removed)).toBe(3)
    expect((await store.listByUser(handleOf(first.id))).epoch).toBe(first.epoch)
    clock.advance(day)
    await store.sweep({ before: clock(), limit: 3 })
    expect((await store.listByUser(handleOf(first.id))).epoch).toBeUndefined()
    expect((await store.find(lives.id))?.record.id).toBe(lives.id)
    expect((await storage.getKeys()).length).toBe(2)
  })

  test('keys are digits and small letters, and a driver is told for how long an item is needed', async () => {
    const storage = createStorage()
    const set: [string, unknown][] = []
    const store = unstorageStore({
      storage: {
        getItem: (key) => storage.getItem(key),
        async setItem(key, value, options) {
          set.push([key, options])
          await storage.setItem(key, value, options)
        },
        removeItem: (key) => storage.removeItem(key),
        getKeys: (beginning) => storage.getKeys(beginning),
      },
      clock: fakeClock(),
    })
    await signIn(store, { expiresAt: fakeClockStart + 90 * day, idleUntil: fakeClockStart + 90 * day })
    expect(set).toEqual([[expect.stringMatching(/^handstamp:[\da-f]{24}$/), { ttl: (90 * day) / 1_000 + 60 }]])
  })

  test('a damaged item is reported as one that cannot be read, and goes with the next sign-in', async () => {
    const storage = createStorage()
    const store = unstorageStore({ storage, clock: fakeClock() })
    const { id, userId } = await signIn(store)
    const [key = ''] = await storage.getKeys()
    const other = await storage.getItem<string>(key)
    for (const damaged of [
      '',
      'hs1:',
      'hs1:[]',
      '{"epoch":1}',
      '17',
      other?.replace(handleOf(id), 'A'.repeat(16)) ?? '',
    ]) {
      await storage.setItem(key, damaged)
      expect(await store.find(id)).toEqual({ record: { id }, version: 0 })
      expect(await store.listByUser(handleOf(id))).toEqual({ epoch: undefined, sessions: [] })
      await store.sweep({ before: Number.MAX_SAFE_INTEGER, limit: 9 })
    }
    const next = await signIn(store, { userId })
    expect((await store.find(next.id))?.record.id).toBe(next.id)
    expect(await store.find(id)).toBeUndefined()
  })

  test('a session that only a later version can read ends with all of its user’s, and a made-up one ends nobody', async () => {
    const storage = createStorage()
    const store = unstorageStore({ storage, clock: fakeClock() })
    const { id, epoch } = await signIn(store)
    const [key = ''] = await storage.getKeys()
    const later = `hs2:${(await storage.getItem<string>(key))?.slice(4)}`
    await storage.setItem(key, later)
    expect(await store.delete(`${handleOf(id)}.${'A'.repeat(43)}`)).toBe(false)
    expect(await storage.getItem(key)).toBe(later)
    expect(await store.delete(id)).toBe(false)
    expect(await storage.getItem(key)).not.toContain(id)
    expect((await store.listByUser(handleOf(id))).epoch).toBeGreaterThanOrEqual(epoch)
  })

  test('a storage that fails rejects, and the next write of that user goes on', async () => {
    const storage = createStorage()
    let isDown = true
    const store = unstorageStore({
      storage: {
        getItem: (key) => (isDown ? Promise.reject(new Error('down')) : storage.getItem(key)),
        setItem: (key, value) => storage.setItem(key, value),
        removeItem: (key) => storage.removeItem(key),
        getKeys: (beginning) => storage.getKeys(beginning),
      },
    })
    const { id } = contractRecord()
    await expect(store.find(id)).rejects.toThrow('down')
    await expect(store.deleteByUser(handleOf(id))).rejects.toThrow('down')
    isDown = false
    expect((await store.deleteByUser(handleOf(id))).epoch).toBeGreaterThan(0)
  })

  test('what is no storage is refused in words', () => {
    for (const none of [undefined, {}, { getItem() {} }]) {
      expect(() => unstorageStore({ storage: none as never })).toThrow(/write createStorage\(\{ driver \}\)/)
    }
  })
})

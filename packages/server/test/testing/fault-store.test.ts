import { describe, expect, test } from 'vitest'
import { memoryStore } from '../../src/stores/memory.ts'
import { contractRecord, fakeClock, fakeClockStart, faultStore } from '../../src/testing/index.ts'

const record = contractRecord({ createdAt: Date.now() })
const save = { epoch: undefined, cap: 5 }

describe('faultStore', () => {
  test('without a plan it is the store, and counts', async () => {
    const store = faultStore(memoryStore())
    await store.save(record.id, record, save)
    await store.find(record.id)
    await store.find('x')
    expect(store.calls).toMatchObject({ find: 2, save: 1, replace: 0 })
    expect(store.counts).toEqual({ all: 3, reads: 2, writes: 1 })
    store.reset()
    expect(store.counts).toEqual({ all: 0, reads: 0, writes: 0 })
  })

  test('reject and throw do not apply, apply-then-reject does', async () => {
    const store = faultStore(memoryStore(), ({ nth }) =>
      nth === 1 ? 'reject' : nth === 2 ? 'throw' : 'apply-then-reject',
    )
    await expect(store.save(record.id, record, save)).rejects.toThrow('ECONNREFUSED')
    expect(() => store.save(record.id, record, save)).toThrow('ECONNREFUSED')
    await expect(store.save(record.id, record, save)).rejects.toThrow('ECONNREFUSED')
    store.plan()
    expect(await store.save(record.id, record, save)).toBe('epoch')
  })

  test('hold waits to apply, apply-then-hold waits to answer', async () => {
    const store = faultStore(memoryStore(), ({ method }) => (method === 'save' ? 'hold' : 'apply-then-hold'))
    const saving = store.save(record.id, record, save)
    const finding = store.find(record.id)
    await Promise.resolve()
    expect(store.held).toBeGreaterThan(0)
    store.release()
    expect(await saving).toBe('saved')
    store.release()
    expect(await finding).toBeUndefined()
  })
})

describe('fakeClock', () => {
  test('moves when told', () => {
    const clock = fakeClock()
    expect(clock()).toBe(fakeClockStart)
    expect(clock.advance('1m')).toBe(fakeClockStart + 60_000)
    expect(clock.advance(-60_000)).toBe(fakeClockStart)
    clock.set(5)
    expect(clock()).toBe(5)
    expect(new Date(fakeClock()()).toISOString()).toBe('2026-01-01T00:00:00.000Z')
  })
})

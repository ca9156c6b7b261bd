import { inspect } from 'node:util'
import { AuthError, isAuthError } from '@handstamp/core/errors'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { boundedStore, type StoreMethod } from '../../src/stores/bounded.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import type { SessionStore } from '../../src/stores/store.ts'
import { contractRecord, type Fault, faultStore } from '../../src/testing/index.ts'
import { holdToContract } from './contract.ts'

holdToContract('boundedStore', { create: ({ clock }) => ({ store: boundedStore(memoryStore({ clock })) }) })

const record = contractRecord({ createdAt: Date.now() })

const methods: Record<StoreMethod, (store: SessionStore) => Promise<unknown>> = {
  find: async (store) => store.find(record.id),
  save: (store) => store.save(record.id, record, { epoch: undefined, cap: 5 }),
  replace: (store) => store.replace(record.id, 1, record),
  delete: (store) => store.delete(record.id),
  listByUser: (store) => store.listByUser(record.id.slice(0, 16)),
  deleteByUser: (store) => store.deleteByUser(record.id.slice(0, 16)),
  sweep: (store) => store.sweep({ before: 0, limit: 1 }),
}
const each = Object.entries(methods)

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function codeOf(answer: unknown): Promise<string> {
  return Promise.resolve(answer).then(
    () => 'none',
    (error: unknown) => (isAuthError(error) ? error.code : 'no AuthError'),
  )
}

describe('every failure is one AuthError', () => {
  describe.each(each)('%s', (_name, call) => {
    test.each<[Fault, string]>([
      ['reject', 'ERR_STORE_UNAVAILABLE'],
      ['throw', 'ERR_STORE_UNAVAILABLE'],
      ['garbage', 'ERR_STORE_UNAVAILABLE'],
      ['apply-then-reject', 'ERR_STORE_UNAVAILABLE'],
      ['hang', 'ERR_STORE_TIMEOUT'],
      ['apply-then-hang', 'ERR_STORE_TIMEOUT'],
    ])('%s is %s', async (fault, code) => {
      const store = boundedStore(faultStore(memoryStore(), () => fault))
      const failed = codeOf(call(store))
      await vi.advanceTimersByTimeAsync(2_000)
      expect(await failed).toBe(code)
    })
  })

  test.each<[StoreMethod, readonly unknown[]]>([
    ['find', [null, false, 'x', 0, [], {}, { record }, { version: 1 }, { record, version: '1' }]],
    ['save', [undefined, true, 'ok', {}]],
    ['replace', [undefined, null, 1, 'true']],
    ['delete', [undefined, 0, {}]],
    [
      'listByUser',
      [undefined, [], {}, { epoch: '1', sessions: [] }, { epoch: 1, sessions: [record] }, { sessions: {} }],
    ],
    ['deleteByUser', [undefined, 1, {}, { epoch: Number.NaN }, { epoch: '5' }]],
    ['sweep', [undefined, {}, { removed: 1 }, { removed: '1', more: false }]],
  ])('what %s may not answer', async (method, answers) => {
    for (const answer of answers) {
      const store = boundedStore({ ...memoryStore(), [method]: () => Promise.resolve(answer) })
      expect(await codeOf(methods[method](store)), inspect(answer)).toBe('ERR_STORE_UNAVAILABLE')
    }
  })

  test('a store that answers without a promise is understood', async () => {
    const store = boundedStore({ ...memoryStore(), delete: () => true as unknown as Promise<boolean> })
    expect(await store.delete(record.id)).toBe(true)
  })

  test('what is answered at once is handed on at once, with no deadline set', () => {
    const found = { record, version: 3 }
    const store = boundedStore({ ...memoryStore(), find: () => found })
    expect(store.find(record.id)).toBe(found)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('what is thrown or answered wrongly at once is a rejection all the same', async () => {
    const inner = memoryStore()
    const wrong = boundedStore({ ...inner, find: () => 'garbage' as never })
    expect(await codeOf(wrong.find(record.id))).toBe('ERR_STORE_UNAVAILABLE')
    const throwing = boundedStore(faultStore(inner, () => 'throw'))
    expect(await codeOf(throwing.find(record.id))).toBe('ERR_STORE_UNAVAILABLE')
  })

  test('a promise that is not the platform’s may throw or settle twice, and is one answer all the same', async () => {
    const inner = memoryStore()
    let then: (accept: (answer: undefined) => void, refuse: (error: Error) => void) => void = () => {
      throw new Error('hss1.secret')
    }
    // biome-ignore lint/suspicious/noThenProperty: as query builders are
    const builder = { then: (...args: Parameters<typeof then>) => then(...args) } as unknown as Promise<undefined>
    const store = boundedStore({ ...inner, find: () => builder }, { maxInFlight: 1 })
    expect(await codeOf(store.find(record.id))).toBe('ERR_STORE_UNAVAILABLE')
    expect(vi.getTimerCount()).toBe(1)
    then = (accept, refuse) => {
      accept(undefined)
      accept(undefined)
      refuse(new Error('late'))
    }
    for (let times = 0; times < 3; times += 1) expect(await store.find(record.id)).toBeUndefined()
    then = () => {}
    const hung = codeOf(store.find(record.id))
    // A place counted as free twice would let in more than the limit.
    expect(await codeOf(store.find(record.id))).toBe('ERR_STORE_UNAVAILABLE')
    await vi.advanceTimersByTimeAsync(2_000)
    expect(await hung).toBe('ERR_STORE_TIMEOUT')
  })

  test('a record that cannot be one comes out as unreadable, and as no error', async () => {
    for (const corrupt of [null, 'text', [], {}, { ...record, id: contractRecord().id }]) {
      const found = { record: corrupt as unknown as typeof record, version: 3 }
      const store = boundedStore({ ...memoryStore(), find: () => Promise.resolve(found) })
      expect(await store.find(record.id)).toEqual({ record: { v: 0, id: record.id }, version: 3 })
    }
  })

  test("the store's own AuthError passes unchanged", async () => {
    const own = new AuthError('ERR_STORE_LIMIT', 'too big')
    const store = boundedStore({ ...memoryStore(), save: () => Promise.reject(own) })
    await expect(methods.save(store)).rejects.toBe(own)
  })

  test('no argument of a call shows in the error', async () => {
    const store = boundedStore(faultStore(memoryStore(), () => 'reject'))
    const error: unknown = await methods.save(store).catch((reason: unknown) => reason)
    const shown =
      inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error) + String((error as Error).stack)
    expect(shown).toContain('ECONNREFUSED')
    for (const secret of [record.id, record.userId]) expect(shown).not.toContain(secret)
  })
})

describe('deadlines', () => {
  test('a call fails at its own deadline and not before, the next at its own', async () => {
    const store = boundedStore(
      faultStore(memoryStore(), () => 'hang'),
      { timeoutMs: 1_000 },
    )
    const log: string[] = []
    void codeOf(store.find(record.id)).then(() => log.push('first'))
    await vi.advanceTimersByTimeAsync(600)
    void codeOf(store.find(record.id)).then(() => log.push('second'))
    await vi.advanceTimersByTimeAsync(399)
    expect(log).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(log).toEqual(['first'])
    await vi.advanceTimersByTimeAsync(599)
    expect(log).toEqual(['first'])
    await vi.advanceTimersByTimeAsync(1)
    expect(log).toEqual(['first', 'second'])
  })

  test('an answer after the deadline is too late, and no unhandled rejection', async () => {
    const inner = faultStore(memoryStore(), () => 'hold')
    const store = boundedStore(inner)
    const failed = codeOf(store.find(record.id))
    await vi.advanceTimersByTimeAsync(2_000)
    expect(await failed).toBe('ERR_STORE_TIMEOUT')
    inner.release()
    await vi.advanceTimersByTimeAsync(1)
  })

  test('many calls share one timer, which ends by itself', async () => {
    const store = boundedStore(memoryStore())
    for (let n = 0; n < 100; n += 1) await store.delete(record.id)
    await Promise.all(Array.from({ length: 100 }, () => store.delete(record.id)))
    expect(vi.getTimerCount()).toBe(1)
    await vi.advanceTimersByTimeAsync(2_000)
    expect(vi.getTimerCount()).toBe(0)
  })

  test("find's signal is aborted at the deadline, and joins the caller's", async () => {
    const signals: AbortSignal[] = []
    const inner: SessionStore = {
      ...memoryStore(),
      find: (_id, options) => {
        if (options?.signal) signals.push(options.signal)
        return new Promise(() => {})
      },
    }
    const store = boundedStore(inner)
    const caller = new AbortController()
    const failed = [codeOf(store.find(record.id)), codeOf(store.find(record.id, { signal: caller.signal }))]
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false])
    caller.abort()
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, true])
    await vi.advanceTimersByTimeAsync(2_000)
    expect(await Promise.all(failed)).toEqual(['ERR_STORE_TIMEOUT', 'ERR_STORE_TIMEOUT'])
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true])
  })
})

describe('calls in flight', () => {
  test('over the cap a call is refused at once and never reaches the store', async () => {
    const inner = faultStore(memoryStore(), () => 'hold')
    const store = boundedStore(inner, { maxInFlight: 3 })
    const waiting = [1, 2, 3].map(() => store.find(record.id))
    expect(await codeOf(store.find(record.id))).toBe('ERR_STORE_UNAVAILABLE')
    expect(inner.calls.find).toBe(3)
    inner.release()
    await Promise.all(waiting)
    inner.plan()
    expect(await store.find(record.id)).toBeUndefined()
  })

  test('a store that hangs is asked one question at a time, and the first answer opens it again', async () => {
    const inner = faultStore(memoryStore(), () => 'hang')
    const store = boundedStore(inner, { maxInFlight: 3, timeoutMs: 1_000 })
    const burst = (): Promise<string[]> => Promise.all(Array.from({ length: 10 }, () => codeOf(store.find(record.id))))
    const first = burst()
    await vi.advanceTimersByTimeAsync(1_000)
    expect((await first).filter((code) => code === 'ERR_STORE_TIMEOUT')).toHaveLength(3)
    const second = burst()
    await vi.advanceTimersByTimeAsync(1_000)
    expect((await second).filter((code) => code === 'ERR_STORE_TIMEOUT')).toHaveLength(1)
    expect(inner.calls.find).toBe(4)
    inner.plan()
    expect(await store.find(record.id)).toBeUndefined()
    inner.plan(() => 'hang')
    const third = burst()
    await vi.advanceTimersByTimeAsync(1_000)
    expect((await third).filter((code) => code === 'ERR_STORE_TIMEOUT')).toHaveLength(3)
  })

  test('calls that settle after their deadline make room again', async () => {
    const inner = faultStore(memoryStore(), () => 'hold')
    const store = boundedStore(inner, { maxInFlight: 2, timeoutMs: 1_000 })
    const late = [codeOf(store.find(record.id)), codeOf(store.find(record.id))]
    await vi.advanceTimersByTimeAsync(1_000)
    expect(await Promise.all(late)).toEqual(['ERR_STORE_TIMEOUT', 'ERR_STORE_TIMEOUT'])
    inner.release()
    await vi.advanceTimersByTimeAsync(0)
    const next = [store.find(record.id), store.find(record.id)]
    await vi.advanceTimersByTimeAsync(0)
    expect(inner.calls.find).toBe(4)
    inner.release()
    expect(await Promise.all(next)).toEqual([undefined, undefined])
  })

  test.each([{ timeoutMs: 0 }, { timeoutMs: 1.5 }, { maxInFlight: 0 }, { maxInFlight: Number.NaN }])(
    '%o is refused',
    (options) => {
      expect(() => boundedStore(memoryStore(), options)).toThrow(RangeError)
    },
  )
})

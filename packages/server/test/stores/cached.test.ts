import { handleOf } from '@handstamp/core/credential'
import type { SessionRecord } from '@handstamp/core/session'
import { describe, expect, test } from 'vitest'
import { memoryFeed } from '../../src/feeds/memory.ts'
import { type CachedOptions, cached } from '../../src/stores/cached.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import type { Found, SessionStore } from '../../src/stores/store.ts'
import { fakeClock, storeContract } from '../../src/testing/index.ts'
import { contractRecord } from '../../src/testing/store-contract/case.ts'

describe('a cached store keeps the contract, also where the cache may answer', () => {
  for (const { name, run } of storeContract) {
    test(name, () => run({ create: ({ clock }) => ({ store: cached(memoryStore({ clock }), { clock }) }) }))
    test(`${name}, cached`, () =>
      run({
        create({ clock }) {
          const store = cached(memoryStore({ clock }), { clock })
          return { store: { ...store, find: (id) => store.find(id, { cached: true }) } }
        },
      }))
  }
})

/** A store that counts its finds, and whose next find may be held up or fail. */
function bench(options: CachedOptions = {}) {
  const clock = fakeClock()
  let now = 0
  let finds = 0
  let gate: Promise<void> | undefined
  const inner = memoryStore({ clock })
  const watched: SessionStore = {
    ...inner,
    async find(id) {
      finds += 1
      const found = await inner.find(id)
      await gate
      return found
    },
  }
  const store = cached(watched, { clock, monotonic: () => now, ...options })
  return {
    clock,
    inner,
    store,
    finds: () => finds,
    pass: (ms: number) => {
      now += ms
    },
    holdUp(until: Promise<void> | undefined) {
      gate = until
    },
    async signIn(changes: Partial<SessionRecord> = {}) {
      const record = contractRecord({ ...changes, createdAt: clock() })
      const { epoch } = await inner.listByUser(handleOf(record.id))
      const saved = { ...record, epoch: epoch ?? record.epoch }
      await store.save(saved.id, saved, { epoch, cap: 100 })
      return saved.id
    },
    ask: async (id: string) => (await store.find(id, { cached: true }))?.record.id,
  }
}

async function there(store: SessionStore, id: string): Promise<Found> {
  const found = await store.find(id, { cached: true })
  if (!found) throw new Error('not there')
  return found
}

test('a session that was read is not read again until its proof is too old', async () => {
  const { signIn, ask, finds, pass } = bench()
  const id = await signIn()
  for (let at = 0; at < 5; at += 1) expect(await ask(id)).toBe(id)
  expect(finds()).toBe(1)
  pass(4_999)
  await ask(id)
  expect(finds()).toBe(1)
  pass(1)
  await ask(id)
  expect(finds()).toBe(2)
})

test('a proven feed keeps it for maxAge', async () => {
  const feed = memoryFeed()
  const { signIn, ask, finds, pass, store } = bench({ feed, monotonic: () => performance.now() })
  const id = await signIn()
  await ask(id)
  await expect.poll(async () => ((await ask(id)) === id ? finds() : 0)).toBeLessThan(3)
  pass(0)
  await store.close()
})

test('whatever decides reads the store itself', async () => {
  const { signIn, ask, finds, store } = bench()
  const id = await signIn()
  await ask(id)
  await store.find(id)
  await store.find(id)
  expect(finds()).toBe(3)
})

test.each<[string, (store: SessionStore, id: string) => Promise<unknown>]>([
  ['delete', (store, id) => store.delete(id)],
  ['deleteByUser', (store, id) => store.deleteByUser(handleOf(id))],
  [
    'replace as',
    async (store, id) => {
      const found = await there(store, id)
      await store.replace(id, found.version, found.record, { as: `${handleOf(id)}.${'A'.repeat(43)}` })
    },
  ],
])('what %s of this server ends is gone at once, also where a read of it is under way', async (_, end) => {
  const { signIn, ask, holdUp, store } = bench()
  const id = await signIn()
  let release = (): void => {}
  holdUp(
    new Promise((resolve) => {
      release = resolve
    }),
  )
  const underWay = ask(id)
  holdUp(undefined)
  await end(store, id)
  release()
  expect(await underWay).toBe(id)
  expect(await ask(id)).toBeUndefined()
})

test('one read for all who ask at once; a failure is theirs together and is not kept', async () => {
  const { signIn, ask, finds, holdUp } = bench()
  const id = await signIn()
  holdUp(Promise.reject(new Error('down')))
  const answers = await Promise.allSettled([ask(id), ask(id), ask(id)])
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(finds()).toBe(1)
  holdUp(undefined)
  expect(await ask(id)).toBe(id)
})

test('who joined a read that lands too late for the promise is answered by another, one for all of them', async () => {
  const { signIn, ask, finds, holdUp, pass, inner } = bench()
  const id = await signIn()
  const { promise, resolve } = Promise.withResolvers<void>()
  holdUp(promise)
  const first = ask(id)
  await expect.poll(finds).toBe(1)
  pass(4_999)
  const joined = [ask(id), ask(id)]
  pass(1)
  await inner.delete(id)
  holdUp(undefined)
  resolve()
  expect(await first).toBe(id)
  expect(await Promise.all(joined)).toEqual([undefined, undefined])
  expect(finds()).toBe(2)
})

test('nobody joins a read that has been on its way for longer than the promise', async () => {
  const { signIn, ask, holdUp, pass, inner } = bench()
  const id = await signIn()
  let arrive = (): void => {}
  holdUp(
    new Promise((resolve) => {
      arrive = resolve
    }),
  )
  const held = ask(id)
  holdUp(undefined)
  await inner.delete(id)
  pass(5_000)
  const asked = ask(id)
  arrive()
  expect(await asked).toBeUndefined()
  expect(await held).toBe(id)
  expect(await ask(id)).toBeUndefined()
})

test('what was said of a session is known for as long as it may be kept, however soon its fact is past', async () => {
  const feed = memoryFeed()
  const { signIn, ask, inner, store } = bench({ feed: { ...feed }, maxAge: '2h', monotonic: () => performance.now() })
  const id = await signIn()
  expect(await ask(id)).toBe(id)
  const { epoch = 0 } = await inner.listByUser(handleOf(id))
  await feed.append({ kind: 'user', handle: handleOf(id), epoch: epoch + 1, until: Date.now() + 1 })
  for (let at = 0; at < 3_000; at += 1) await feed.append({ kind: 'key', kid: `${at}`, until: Date.now() + 60_000 })
  const { hits } = store.stats
  await expect.poll(async () => ((await ask(id)) === id ? store.stats.hits : -1), { interval: 20 }).toBe(hits)
  await new Promise((resolve) => setTimeout(resolve, 600))
  const before = store.stats.hits
  await ask(id)
  expect(store.stats.hits).toBe(before)
  await store.close()
})

test('ids that are not there are remembered for a second, and push out nobody', async () => {
  const { signIn, ask, finds, pass, store } = bench()
  const id = await signIn()
  await ask(id)
  const missing = Array.from({ length: 1_500 }, () => contractRecord().id)
  for (const one of missing) await ask(one)
  expect(store.stats.entries).toBe(1)
  const before = finds()
  await ask(missing.at(-1) ?? '')
  expect(finds()).toBe(before)
  await ask(missing[0] ?? '')
  expect(finds()).toBe(before + 1)
  pass(1_000)
  await ask(missing.at(-1) ?? '')
  expect(finds()).toBe(before + 2)
})

test('it is bounded by bytes; who was asked for again stays', async () => {
  const { signIn, ask, finds, store } = bench({ maxBytes: 20_000 })
  const first = await signIn()
  for (let at = 0; at < 100; at += 1) {
    await ask(await signIn())
    await ask(first)
  }
  expect(store.stats.bytes).toBeLessThanOrEqual(20_000)
  expect(store.stats.entries).toBeGreaterThan(10)
  const before = finds()
  await ask(first)
  expect(finds()).toBe(before)
})

test('nobody can change what others will be answered', async () => {
  const { signIn, store } = bench()
  const id = await signIn({ user: { id: 'ada', roles: ['member'] }, userId: 'ada' })
  const { record } = await there(store, id)
  const { roles } = record.user as { roles: string[] }
  expect(() => roles.push('admin')).toThrow(TypeError)
})

describe('while the store cannot be read', () => {
  const outage = async (options: CachedOptions) => {
    const all = bench(options)
    const id = await all.signIn()
    await all.ask(id)
    all.holdUp(Promise.reject(new Error('down')))
    return { ...all, id }
  }

  test('nothing past its time is good', async () => {
    const { ask, pass, id } = await outage({})
    expect(await ask(id)).toBe(id)
    pass(5_000)
    await expect(ask(id)).rejects.toThrow('down')
  })

  test('unless it is said, and for how long', async () => {
    const { ask, pass, id, store } = await outage({ onStoreError: 'stale', staleFor: '30s' })
    pass(29_999)
    expect(await ask(id)).toBe(id)
    await expect(store.find(id)).rejects.toThrow('down')
    pass(1)
    await expect(ask(id)).rejects.toThrow('find failed')
  })

  test('also where the store hangs instead of failing', async () => {
    const { ask, pass, holdUp, signIn } = bench({ onStoreError: 'stale', staleFor: '30s' })
    const id = await signIn()
    await ask(id)
    holdUp(new Promise(() => {}))
    pass(6_000)
    expect(await ask(id)).toBe(id)
    pass(24_000)
    await expect(ask(id)).rejects.toMatchObject({ code: 'ERR_STORE_TIMEOUT' })
  })

  test('but no more finds are left to a store that hangs than one may owe', async () => {
    const { ask, holdUp, finds } = bench({ onStoreError: 'stale', staleFor: '30s' })
    holdUp(new Promise(() => {}))
    const asked = Array.from({ length: 1_500 }, (_, at) => ask(contractRecord({ userId: `u_${at}` }).id))
    await Promise.allSettled(asked)
    expect(finds()).toBe(1_000)
  })

  test('what has expired meanwhile is not', async () => {
    const { ask, pass, id, clock } = await outage({ onStoreError: 'stale', staleFor: '2h' })
    clock.advance('1h')
    pass(6_000)
    await expect(ask(id)).rejects.toThrow('find failed')
  })
})

test.each<[object, string]>([
  [{ onStoreError: 'stale' }, 'staleFor'],
  [{ staleFor: '30s' }, 'onStoreError'],
  [{ onStoreError: 'open' }, 'onStoreError'],
  [{ maxBytes: 0 }, 'maxBytes'],
  [{ maxStaleness: 'soon' }, 'maxStaleness'],
  [{ feed: {} }, 'feed'],
  [{ maxStale: '5s' }, 'maxStale'],
])('%j is refused by name', (options, name) => {
  expect(() => cached(memoryStore(), options)).toThrow(name)
})

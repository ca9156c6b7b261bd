import { userHandle } from '@handstamp/core/secret'
import type { SessionRecord } from '@handstamp/core/session'
import { describe, expect, test } from 'vitest'
import { memoryFeed } from '../src/feeds/memory.ts'
import { memoryStore, type SessionStore } from '../src/index.ts'
import { publishing } from '../src/publish-ends.ts'
import { contractRecord, fakeClock } from '../src/testing/index.ts'
import { type Bench, bench, whoIs, withStore } from './strategies/bench.ts'

const soon = { timeout: 2_000, interval: 10 }

/** The store as several servers reach it: what was asked first may come last. */
function faraway(store: SessionStore): SessionStore {
  let calls = 0
  const arrive = () => {
    calls += 1
    return new Promise((resolve) => setTimeout(resolve, (calls * 5) % 3))
  }
  return {
    ...store,
    find: (...call) => arrive().then(() => store.find(...call)),
    save: (...call) => arrive().then(() => store.save(...call)),
    delete: (...call) => arrive().then(() => store.delete(...call)),
    listByUser: (...call) => arrive().then(() => store.listByUser(...call)),
  }
}

/** Keeps two sessions of a user, whatever the cap says, as a store may that has a limit of its own. */
const small = (store: SessionStore): SessionStore => ({
  ...store,
  save: (id, record, options) => store.save(id, record, { ...options, cap: Math.min(options.cap, 2) }),
})

/** A store of the time when `save` always made room by itself. */
const evicting = (store: SessionStore): SessionStore => ({
  ...store,
  save: (id, record, { epoch, cap }) => store.save(id, record, { epoch, cap }),
})

describe.each(withStore)('%s over %s, with 40 sign-ins at once', (kind, transport) => {
  async function race(before: number, wrap: (store: SessionStore) => SessionStore, places = [0, 1]) {
    const clock = fakeClock()
    const feed = memoryFeed({ clock })
    const [store, limits] = [faraway(wrap(memoryStore({ clock }))), { signIn: false, sessionsPerUser: 5 }]
    const servers = places.map(() => bench(kind, { transport, clock, store, auth: { feed, limits } }))
    const server = (at: number) => servers[at % servers.length] as Bench
    const agents = []
    for (let at = 0; at < before; at += 1) agents.push(await server(0).signedIn())
    clock.advance('1s')
    const racing = Array.from({ length: 40 }, (_none, at) => server(at).signedIn())
    agents.push(...(await Promise.all(racing)))
    const live = new Set((await store.listByUser(userHandle('ada'))).sessions.map(({ id }) => id))
    const told = (await feed.snapshot()).facts.map((fact) => (fact.kind === 'session' ? fact.id : fact.kind))
    const saved = servers.flatMap(({ events }) =>
      events.flatMap((event) => (event.type === 'session.created' ? [event.sessionId] : [])),
    )
    return { servers, agents, live, told, gone: saved.filter((id) => !live.has(id)) }
  }

  test.each([
    ['one session', 1, 5, (store: SessionStore) => store],
    ['as many as may be', 5, 5, (store: SessionStore) => store],
    ['a store that keeps fewer', 1, 2, small],
  ])(
    'on two servers, after %s: who is left is not told of, and everybody else is',
    async (_name, before, left, wrap) => {
      const { servers, agents, live, told, gone } = await race(before, wrap)
      expect(live.size).toBe(left)
      expect(gone).toHaveLength(40 + before - left)
      expect([...new Set(told)].sort()).toEqual(gone.sort())
      for (const here of servers) {
        const verdicts = async () => (await Promise.all(agents.map((one) => whoIs(here, here.adopt(one))))).sort()
        const dead = kind === 'session' ? 'unknown' : 'revoked'
        const expected = agents.map((_agent, at) => (at < left ? 'ok' : dead)).sort()
        await expect.poll(verdicts, soon).toEqual(expected)
      }
    },
  )

  test('on one server: nobody is told of twice', async () => {
    const { told, gone } = await race(5, (store) => store, [0])
    expect(told.sort()).toEqual(gone.sort())
  })

  test('over a store that knows no refusal, all are signed in, and as many stay as may', async () => {
    const { live } = await race(1, evicting)
    expect(live.size).toBe(5)
  })
})

describe.each(withStore)('%s over %s, with as many sessions as a user may have', (kind, transport) => {
  function full(wrap: (store: SessionStore) => SessionStore) {
    const clock = fakeClock()
    const [feed, store] = [memoryFeed({ clock }), wrap(memoryStore({ clock }))]
    const limits = { signIn: false, sessionsPerUser: 3, storeTimeout: '50ms' }
    return { feed, clock, here: bench(kind, { transport, clock, store, auth: { feed, limits } }) }
  }

  test('a sign-in whose room is taken at every attempt is given up in time, and nothing is handed out', async () => {
    let attempts = 0
    const refusing: SessionStore['save'] = async () => {
      attempts += 1
      return 'full'
    }
    const { here } = full((store) => ({ ...store, save: refusing }))
    const answer = await here.agent().send('POST', '/auth/sign-in', { json: { name: 'ada', password: 'any' } })
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([503, []])
    expect(await answer.json()).not.toHaveProperty('access_token')
    expect(here.typesOf()).not.toContain('session.created')
    expect(attempts).toBeGreaterThan(1)
    expect(attempts).toBeLessThan(60)
  })

  test('where the store knows no refusal, who has to go is told of nonetheless', async () => {
    const { feed, clock, here } = full(evicting)
    for (let at = 0; at < 4; at += 1) {
      await here.signedIn()
      clock.advance('1s')
    }
    const [first] = here.events.flatMap((event) => (event.type === 'session.created' ? [event.sessionId] : []))
    expect((await feed.snapshot()).facts).toMatchObject([{ kind: 'session', id: first }])
  })
})

test('a sign-in that is never over refuses those that wait for it, and nobody who comes later', async () => {
  const store = memoryStore({ clock: fakeClock() })
  let lists = 0
  const listByUser: SessionStore['listByUser'] = (handle) => {
    lists += 1
    return lists === 1 ? new Promise(() => {}) : store.listByUser(handle)
  }
  const options = { clock: fakeClock(), outlives: 60_000, timeoutMs: 50 }
  const { save } = publishing({ ...store, listByUser }, memoryFeed(), options)
  const signIn = () => {
    const record = contractRecord({ userId: 'ada' })
    return save(record.id, record, { epoch: undefined, cap: 5 })
  }
  void signIn()
  const waiting = await Promise.allSettled([signIn(), signIn(), signIn()])
  for (const each of waiting) expect(each).toMatchObject({ reason: { code: 'ERR_STORE_CONFLICT' } })
  expect(lists).toBe(1)
  expect(await signIn()).toBe('saved')
})

describe('a store with a limit of its own', () => {
  const clock = fakeClock()
  const { epoch } = contractRecord({})

  async function filled(count: number, changes: (store: SessionStore) => Partial<SessionStore>, timeoutMs = 60) {
    const store = memoryStore({ clock })
    const records = Array.from({ length: count }, () => contractRecord({ userId: 'ada', epoch }))
    for (const [at, record] of records.entries())
      await store.save(record.id, record, { epoch: at === 0 ? undefined : epoch, cap: 100 })
    const feed = memoryFeed({ clock })
    const options = { clock, outlives: 60_000, timeoutMs }
    const { save } = publishing({ ...store, ...changes(store) }, feed, options)
    return {
      records,
      signIn(cap: number) {
        const record = contractRecord({ userId: 'ada', epoch })
        return save(record.id, record, { epoch, cap })
      },
      left: async () => (await store.listByUser(userHandle('ada'))).sessions.length,
      told: async () => (await feed.snapshot()).facts.length,
    }
  }

  test('that says full whatever there is ends one session at most', async () => {
    const { signIn, left, told } = await filled(20, () => ({ save: async () => 'full' }))
    await expect(signIn(100)).rejects.toMatchObject({ code: 'ERR_STORE_CONFLICT' })
    expect([await left(), await told()]).toEqual([19, 1])
  })

  test('that takes its time has it once more', async () => {
    const late = () => new Promise((resolve) => setTimeout(resolve, 40))
    const { signIn, left } = await filled(3, (store) => ({
      listByUser: (handle) => late().then(() => store.listByUser(handle)),
      save: (id, record, options) => late().then(() => store.save(id, record, { ...options, cap: 3 })),
    }))
    expect(await signIn(100)).toBe('saved')
    expect(await left()).toBe(3)
  })

  test('that does not count what a later version wrote keeps it', async () => {
    const later = contractRecord({ userId: 'ada' }).id
    const { signIn, left, told } = await filled(1, (store) => ({
      async listByUser(handle) {
        const { epoch: present, sessions } = await store.listByUser(handle)
        const unread = { id: later, version: 0, record: { v: 0, id: later } as unknown as SessionRecord }
        return { epoch: present, sessions: [...sessions, unread] }
      },
    }))
    expect(await signIn(2)).toBe('saved')
    expect([await left(), await told()]).toEqual([2, 0])
  })
})

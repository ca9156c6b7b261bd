import { sessionIdOf } from '@handstamp/core/credential'
import { userHandle } from '@handstamp/core/secret'
import type { SessionRecord } from '@handstamp/core/session'
import { describe, expect, test } from 'vitest'
import type { Fact } from '../src/feeds/feed.ts'
import { memoryFeed } from '../src/feeds/memory.ts'
import { memoryStore, type SessionStore } from '../src/index.ts'
import { publishing } from '../src/publish-ends.ts'
import { fakeClock } from '../src/testing/index.ts'
import { type Bench, bench, verdict, whoIs, withStore } from './strategies/bench.ts'

const soon = { timeout: 2_000, interval: 10 }
const tokens = withStore.filter(([kind]) => kind !== 'session')

/** A server whose store fails as it is told, and the log that it writes. */
function server(
  kind: (typeof withStore)[number][0],
  transport: (typeof withStore)[number][1],
  wrap: (store: SessionStore) => SessionStore = (store) => store,
) {
  const clock = fakeClock()
  const log = memoryFeed({ clock })
  const feed = {
    down: false,
    ...log,
    append: (fact: Fact) => (feed.down ? Promise.reject(new Error('down')) : log.append(fact)),
  }
  const limits = { signIn: false, sessionsPerUser: 3 }
  return {
    feed,
    clock,
    here: bench(kind, { transport, clock, store: wrap(memoryStore({ clock })), auth: { feed, limits } }),
  }
}

const failing =
  (name: string) =>
  ({ method }: { readonly method: string }) =>
    method === name ? 'reject' : undefined

const signIn = ({ auth, agent }: Bench) =>
  verdict(auth.signIn({ id: 'ada', role: 'member' }, agent().request('POST', '/')))

describe.each(tokens)('%s over %s, signed out everywhere but for the store', (kind, transport) => {
  test('the next sign-in finishes it, and holds', async () => {
    const { here } = server(kind, transport)
    const [first, second] = [await here.signedIn(), await here.signedIn()]
    here.store.plan(failing('deleteByUser'))
    expect(await verdict(here.auth.sessions.revokeAll('ada') as never)).toBe('ERR_STORE_UNAVAILABLE')
    await expect.poll(() => whoIs(here, first), soon).toBe('revoked')
    expect(await signIn(here)).toBe('ERR_STORE_UNAVAILABLE')

    here.store.plan()
    const later = await here.signedIn()
    expect(await whoIs(here, later)).toBe('ok')
    expect([await whoIs(here, first), await whoIs(here, second)]).toEqual(['revoked', 'revoked'])
    expect(await here.auth.sessions.list('ada')).toHaveLength(1)
  })

  test('what was to be spared is spared', async () => {
    const { here } = server(kind, transport)
    const [kept, ended] = [await here.signedIn(), await here.signedIn()]
    const { id } = (await here.record(kept)) ?? {}
    here.store.plan(failing('deleteByUser'))
    await here.auth.sessions.revokeAll('ada', { except: id as string }).catch(() => {})
    await expect.poll(() => whoIs(here, ended), soon).toBe('revoked')
    here.store.plan()
    const later = await here.signedIn()
    await expect.poll(() => whoIs(here, later), soon).toBe('ok')
    expect([await whoIs(here, kept), await whoIs(here, ended)]).toEqual(['ok', 'revoked'])
    expect((await here.raw.listByUser(userHandle('ada'))).sessions).toHaveLength(2)
  })
})

describe.each(tokens)('%s over %s, renewed', (kind, transport) => {
  const losing = (times: number) => (store: SessionStore) => {
    let left = times
    const replace: SessionStore['replace'] = async (...call) => {
      left -= 1
      return left < 0 && store.replace(...call)
    }
    return { ...store, replace }
  }

  test('a lost race is run again, and the new secret holds', async () => {
    const { here } = server(kind, transport, losing(3))
    const agent = await here.signedIn()
    const granted = await here.auth.renew({ id: 'ada', role: 'admin' }, agent.request('POST', '/'))
    expect(granted.ok).toBe(true)
    if (granted.ok) await agent.keep(here.auth.apply(granted, Response.json(granted.body)))
    expect(await whoIs(here, agent)).toBe('ok')
  })

  test('one that is always lost ends what was told to have ended', async () => {
    const { here } = server(kind, transport, losing(Number.POSITIVE_INFINITY))
    const agent = await here.signedIn()
    expect(await verdict(here.auth.renew({ id: 'ada', role: 'admin' }, agent.request('POST', '/')))).toBe(
      'ERR_STORE_CONFLICT',
    )
    expect(await here.auth.sessions.list('ada')).toEqual([])
  })
})

describe.each(withStore)('%s over %s, with as many sessions as a user may have', (kind, transport) => {
  async function full(wrap?: (store: SessionStore) => SessionStore) {
    const { feed, clock, here } = server(kind, transport, wrap)
    for (let at = 0; at < 3; at += 1) {
      await here.signedIn()
      clock.advance('1s')
    }
    return {
      feed,
      here,
      ids: [...(await here.auth.sessions.list('ada'))]
        .sort((one, other) => one.lastSeenAt - other.lastSeenAt)
        .map(({ id }) => id),
    }
  }

  test('who has to go is told of before it goes, and ended before the other begins', async () => {
    const left: number[] = []
    const { feed, here, ids } = await full((store) => ({
      ...store,
      save: async (...call) => {
        left.push((await store.listByUser(userHandle('ada'))).sessions.length)
        return store.save(...call)
      },
    }))
    const [oldest] = ids
    await here.signedIn()
    expect(left).toEqual([0, 1, 2, 2])
    expect((await feed.snapshot()).facts).toMatchObject([{ kind: 'session', id: oldest }])
    here.store.plan(failing('delete'))
    expect(await signIn(here)).toBe('ERR_STORE_UNAVAILABLE')
    expect((await feed.snapshot()).facts).toHaveLength(2)
  })

  test('nobody goes and nobody comes while nobody can be told', async () => {
    const { feed, here, ids } = await full()
    feed.down = true
    expect(await signIn(here)).toBe('ERR_FEED_UNAVAILABLE')
    expect((await here.auth.sessions.list('ada')).map(({ id }) => id).sort()).toEqual(ids.sort())
  })

  test('nobody goes for one that is not saved, as its user was signed out everywhere meanwhile', async () => {
    const { feed, here } = await full()
    const store = publishing(here.raw, feed, { clock: here.clock, outlives: 60_000, timeoutMs: 1_000 })
    const record = (await here.record(await here.signedIn())) as SessionRecord
    const id = sessionIdOf(userHandle('ada'), new Uint8Array(32))
    expect(await store.save(id, { ...record, id }, { epoch: record.epoch - 1, cap: 1 })).toBe('epoch')
    expect(await here.auth.sessions.list('ada')).toHaveLength(3)
  })
})

describe.each(withStore)('%s over %s, ended', (kind, transport) => {
  test('what ends is read once, and told once', async () => {
    const { feed, here } = server(kind, transport)
    const [leaving, revoked] = [await here.signedIn(), await here.signedIn()]
    const { id } = (await here.record(revoked)) ?? {}
    here.store.reset()
    await here.auth.signOut(leaving.request('POST', '/'))
    expect(here.store.calls).toMatchObject({ find: 1, delete: 1 })
    expect(await here.auth.sessions.revoke(id as string)).toBe(true)
    expect(here.store.calls).toMatchObject({ find: 2, delete: 2 })
    expect((await feed.snapshot()).facts).toHaveLength(2)
    expect(here.typesOf().filter((type) => type === 'session.ended')).toHaveLength(2)
  })

  test('what is not there is read once, and told of by nobody', async () => {
    const { feed, here } = server(kind, transport)
    const id = sessionIdOf(userHandle('ada'), new Uint8Array(32))
    expect(await here.auth.sessions.revoke(id)).toBe(false)
    expect(here.store.calls).toMatchObject({ find: 1, delete: 1 })
    expect((await feed.snapshot()).facts).toEqual([])
    expect(here.typesOf()).not.toContain('session.ended')
  })

  test('nothing ends while nobody can be told', async () => {
    const { feed, here } = server(kind, transport)
    const agent = await here.signedIn()
    const { id } = (await here.record(agent)) ?? {}
    feed.down = true
    await expect(here.auth.signOut(agent.request('POST', '/'))).rejects.toThrow('the change feed refuses')
    await expect(here.auth.sessions.revoke(id as string)).rejects.toThrow('the change feed refuses')
    expect(here.store.calls).toMatchObject({ delete: 0 })
    expect(await here.auth.sessions.list('ada')).toHaveLength(1)
  })

  test('a record that is damaged is told of as well', async () => {
    const damaging = (store: SessionStore): SessionStore => ({
      ...store,
      find: async (one) => {
        const found = await store.find(one)
        return found && { ...found, record: { id: one } as SessionRecord }
      },
    })
    const { feed, here } = server(kind, transport, damaging)
    await here.signedIn()
    const [id] = (await here.raw.listByUser(userHandle('ada'))).sessions.map((one) => one.id)
    expect(await here.auth.sessions.revoke(id as string)).toBe(true)
    expect((await feed.snapshot()).facts).toMatchObject([{ kind: 'session', id }])
    expect(here.typesOf()).toContain('store.corrupt')
  })
})

describe.each(tokens)('%s over %s, signed out after the store has lost its record', (kind, transport) => {
  test('the end of what a signed token names is told, once', async () => {
    const { feed, here } = server(kind, transport)
    const agent = await here.signedIn()
    const { id } = (await here.record(agent)) ?? {}
    await here.raw.delete(id as string)
    expect(await whoIs(here, agent)).toBe('ok')
    await here.auth.signOut(agent.request('POST', '/'))
    expect((await feed.snapshot()).facts).toMatchObject([{ kind: 'session', id }])
    await expect.poll(() => whoIs(here, agent), soon).toBe('revoked')
    await here.auth.signOut(agent.request('POST', '/'))
    expect((await feed.snapshot()).facts).toHaveLength(1)
  })

  test('nothing is told of what a forged token names', async () => {
    const { feed, here } = server(kind, transport)
    const agent = await here.signedIn()
    const [id = ''] = (await here.auth.sessions.list('ada')).map((one) => one.id)
    await here.raw.delete(id)
    const forged = (credential: string) => `${credential.slice(0, -8)}AAAAAAAA`
    for (const [name, value] of agent.cookies) agent.cookies.set(name, forged(value))
    for (const name of ['access', 'refresh'] as const) agent.tokens[name] &&= forged(agent.tokens[name])
    await here.auth.signOut(agent.request('POST', '/'))
    expect((await feed.snapshot()).facts).toEqual([])
  })
})

test('an end is told for as long as the most tolerant verifier takes a token', async () => {
  const { feed, clock, here } = server('hybrid', 'bearer')
  await here.auth.signOut((await here.signedIn()).request('POST', '/'))
  const [fact] = (await feed.snapshot()).facts
  expect((fact?.until ?? 0) - clock()).toBeGreaterThanOrEqual(5 * 60_000 + 5 * 60_000)
})

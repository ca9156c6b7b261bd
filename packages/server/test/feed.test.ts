import { describe, expect, test } from 'vitest'
import type { ChangeFeed, Facts } from '../src/feeds/feed.ts'
import { memoryFeed } from '../src/feeds/memory.ts'
import { createAuth, memoryStore, session } from '../src/index.ts'
import { cached } from '../src/stores/cached.ts'
import type { SessionStore } from '../src/stores/store.ts'
import { type FakeClock, fakeClock } from '../src/testing/index.ts'
import {
  ada,
  type Bench,
  bench,
  day,
  keyRing,
  type legal,
  origin,
  userSchema,
  verdict,
  whoIs,
  withStore,
} from './strategies/bench.ts'

type SaveArguments = Parameters<SessionStore['save']>

/** Two servers of one application: one store, one log, and each its own reader of it. */
function twoServers(kind: (typeof legal)[number][0], transport: (typeof legal)[number][1], options: object = {}) {
  const clock = fakeClock()
  const feed = memoryFeed({ clock })
  const store = memoryStore({ clock })
  const server = (): Bench => {
    const own = { ...feed }
    return bench(kind, {
      transport,
      clock,
      store: kind === 'session' ? cached(store, { feed: own, clock }) : store,
      auth: { feed: own, ...options },
    })
  }
  return { clock, feed, here: server(), there: server() }
}

/** Once what has been appended must have been read: at once by whoever asks, in a moment by a cache. */
const soon = { timeout: 2_000, interval: 10 }

describe.each(withStore)('%s over %s, with a feed', (kind, transport) => {
  test('a feed that forgets sooner than ends matter is refused', () => {
    const auth = (keepsFor: number) => () => bench(kind, { transport, auth: { feed: { ...memoryFeed(), keepsFor } } })
    expect(auth(60_000)).toThrow(RangeError)
    expect(auth(60_000)).toThrow('retention')
    expect(auth(7_200_000)).not.toThrow()
  })

  test('an end is known to the other server', async () => {
    const { here, there } = twoServers(kind, transport)
    const agent = await here.signedIn()
    const other = there.adopt(agent)
    expect(await whoIs(there, other)).toBe('ok')
    await here.auth.signOut(agent.request('POST', '/'))
    await expect.poll(() => whoIs(there, other), soon).toMatch(/^(?:revoked|unknown)$/)
  })

  test('an end counts at once for the server that told of it', async () => {
    const clock = fakeClock()
    const feed = { ...memoryFeed({ clock }), read: () => new Promise<never>(() => {}) }
    const here = bench(kind, { transport, clock, auth: { feed } })
    const agent = await here.signedIn()
    expect(await whoIs(here, agent)).toBe('ok')
    await here.auth.signOut(agent.request('POST', '/'))
    expect(await whoIs(here, agent)).toMatch(/^(?:revoked|unknown)$/)
  })

  test('signing out everywhere but here spares this one', async () => {
    const { here, there } = twoServers(kind, transport)
    const [kept, ended] = [await here.signedIn(), await here.signedIn()]
    const [keptThere, endedThere] = [there.adopt(kept), there.adopt(ended)]
    expect(await whoIs(there, endedThere)).toBe('ok')
    const { id } = (await here.record(kept)) ?? {}
    await here.auth.sessions.revokeAll('ada', { except: id as string })
    await expect.poll(() => whoIs(there, endedThere), soon).toMatch(/^(?:revoked|unknown)$/)
    expect(await whoIs(there, keptThere)).toBe('ok')
    expect(await whoIs(there, await here.signedIn())).toBe('ok')
  })

  test('what was read of the user before it was rewritten is out of date', async () => {
    const { here, there } = twoServers(kind, transport)
    const agent = there.adopt(await here.signedIn())
    const role = async () => {
      const result = await there.auth.authenticate(agent.request('GET', '/'))
      return result.ok ? result.session.user.role : result.reason
    }
    expect(await role()).toBe('member')
    await here.auth.sessions.update({ ...ada, role: 'admin' })
    if (kind !== 'session') {
      await expect.poll(role, soon).toBe('outdated')
      expect(
        (await there.auth.challenge((await there.auth.authenticate(agent.request('GET', '/'))) as never).json()).code,
      ).toBe('token_expired')
      expect((await there.refresh(agent)).status).toBe(200)
    }
    await expect.poll(role, soon).toBe('admin')
  })

  test('a session that had to make room for others is known to be gone', async () => {
    const { here, there, clock } = twoServers(kind, transport, { limits: { signIn: false, sessionsPerUser: 2 } })
    const first = there.adopt(await here.signedIn())
    expect(await whoIs(there, first)).toBe('ok')
    for (let at = 0; at < 2; at += 1) {
      clock.advance('1s')
      await here.signedIn()
    }
    await expect.poll(() => whoIs(there, first), soon).toMatch(/^(?:revoked|unknown)$/)
  })

  test('also where the store keeps fewer than the limit says', async () => {
    const clock = fakeClock()
    const feed = memoryFeed({ clock })
    const memory = memoryStore({ clock })
    const small = {
      ...memory,
      save: (...[id, record, options]: SaveArguments) => memory.save(id, record, { ...options, cap: 2 }),
    }
    const here = bench(kind, { transport, clock, store: small, auth: { feed, limits: { signIn: false } } })
    const first = await here.signedIn()
    const { id } = (await here.record(first)) ?? {}
    for (let at = 0; at < 2; at += 1) {
      clock.advance('1s')
      await here.signedIn()
    }
    expect((await feed.snapshot()).facts).toMatchObject([{ kind: 'session', id }])
  })

  test('nothing is told of sessions that are not there', async () => {
    const { here, feed } = twoServers(kind, transport)
    const agent = await here.signedIn()
    await here.auth.signOut(agent.request('POST', '/'))
    const { facts } = await feed.snapshot()
    for (let at = 0; at < 3; at += 1) await here.auth.signOut(agent.request('POST', '/'))
    expect((await feed.snapshot()).facts).toEqual(facts)
  })

  test('an end that cannot be told is no end', async () => {
    const { here, there } = twoServers(kind, transport, {})
    const agent = await here.signedIn()
    const broken = bench(kind, {
      transport,
      clock: here.clock,
      store: here.raw,
      auth: { feed: { ...memoryFeed(), append: () => Promise.reject(new Error('down')) } },
    })
    const same = broken.adopt(agent)
    expect(await verdict(broken.auth.signOut(same.request('POST', '/')))).toBe('ERR_FEED_UNAVAILABLE')
    expect((await same.send('POST', '/auth/sign-out')).status).toBe(503)
    expect(await whoIs(there, there.adopt(agent))).toBe('ok')
  })
})

describe.each(withStore.filter(([kind]) => kind !== 'session'))(
  '%s over %s, while the feed is silent',
  (kind, transport) => {
    const silent = (options: object = {}) => {
      const clock = fakeClock()
      const store = memoryStore({ clock })
      const down = { ...memoryFeed(), read: fails, snapshot: fails }
      const quiet = bench(kind, { transport, clock, store, auth: { feed: down, ...options } })
      return { quiet, told: bench(kind, { transport, clock, store, auth: { feed: memoryFeed({ clock }) } }) }
    }
    const fails = () => Promise.reject(new Error('down'))

    test('nobody is let in on the word of a token, and no cookie is touched', async () => {
      const { quiet } = silent()
      const agent = await quiet.signedIn()
      expect(await whoIs(quiet, agent)).toBe('ERR_FEED_STALE')
      const response = await agent.send('GET', '/auth/session')
      expect([response.status, response.headers.get('retry-after'), response.headers.getSetCookie()]).toEqual([
        503,
        '1',
        [],
      ])
    })

    test('the store is asked where that was chosen', async () => {
      const { quiet, told } = silent({ onStale: 'check' })
      const agent = await quiet.signedIn()
      expect(await whoIs(quiet, agent)).toBe('ok')
      await told.auth.sessions.update({ ...ada, role: 'admin' })
      expect(await whoIs(quiet, agent)).toBe('outdated')
      await told.auth.signOut(told.adopt(agent).request('POST', '/'))
      expect(await whoIs(quiet, agent)).toBe('revoked')
    })
  },
)

test.each(['token', 'token+store', 'hybrid'] as const)(
  '%s: a key that was revoked is trusted no more',
  async (kind) => {
    const clock = fakeClock()
    const feed = memoryFeed({ clock })
    const server = bench(kind, { clock, auth: { feed } })
    const agent = await server.signedIn()
    expect(await whoIs(server, agent)).toBe('ok')
    await feed.append({ kind: 'key', kid: keyRing.signer(clock()).kid, until: clock() + day })
    await expect.poll(() => whoIs(server, agent), soon).toBe('unknown_key')
  },
)

test.each(['token', 'token+store', 'hybrid'] as const)(
  '%s: no server that has not heard of its end takes a key for good at its first question',
  async (kind) => {
    const clock = fakeClock()
    const feed = memoryFeed({ clock })
    const store = memoryStore({ clock })
    const server = bench(kind, { clock, store, auth: { feed } })
    const agent = await server.signedIn()
    await feed.append({ kind: 'key', kid: keyRing.signer(clock()).kid, until: clock() + day })
    const fresh = bench(kind, { clock, store, auth: { feed: { ...feed } } })
    expect(await whoIs(fresh, fresh.adopt(agent))).toBe('unknown_key')
    const down = () => Promise.reject(new Error('down'))
    const deaf = bench(kind, { clock, store, auth: { feed: { ...feed, read: down, snapshot: down } } })
    expect(await whoIs(deaf, deaf.adopt(agent))).toBe('ERR_FEED_STALE')
  },
)

test('two who sign in at once, where one has to make room, are both told of', async () => {
  const { here, there } = twoServers('hybrid', 'bearer', { limits: { signIn: false, sessionsPerUser: 2 } })
  const first = there.adopt(await here.signedIn())
  expect(await whoIs(there, first)).toBe('ok')
  here.clock.advance('1s')
  await Promise.all([here.signedIn(), there.signedIn()])
  await expect.poll(() => whoIs(there, first), soon).toBe('revoked')
})

describe('watch', () => {
  /** A session of a server, and what its watcher heard. */
  async function watched(options: { readonly feed?: (clock: FakeClock) => ChangeFeed } = {}) {
    const clock = fakeClock()
    const server = bench('hybrid', { clock, auth: { feed: options.feed?.(clock) ?? memoryFeed({ clock }) } })
    const agent = await server.signedIn()
    const result = await server.auth.authenticate(agent.request('GET', '/'))
    if (!result.ok) throw new Error(result.reason)
    const heard: string[] = []
    const stop = server.auth.watch(result.session, (change) => heard.push(change))
    return { server, agent, heard, stop, id: result.session.id }
  }

  test('tells of a change, then of the end, once', async () => {
    const { server, heard, id } = await watched()
    await server.auth.sessions.update({ ...ada, role: 'admin' })
    await expect.poll(() => heard, soon).toEqual(['changed'])
    await server.auth.sessions.revoke(id)
    await server.auth.sessions.revokeAll('ada')
    await expect.poll(() => heard, soon).toEqual(['changed', 'ended'])
  })

  test('tells of the end by signing out everywhere, but not of one that spares it', async () => {
    const { server, heard, id } = await watched()
    await server.signedIn()
    await server.auth.sessions.revokeAll('ada', { except: id })
    await server.auth.sessions.update({ ...ada, role: 'admin' })
    await expect.poll(() => heard, soon).toEqual(['changed'])
    await server.auth.sessions.revokeAll('ada')
    await expect.poll(() => heard, soon).toEqual(['changed', 'ended'])
  })

  test('asks the store after a gap', async () => {
    let gap = false
    const { server, heard, id } = await watched({
      feed(clock) {
        const feed = memoryFeed({ clock })
        return {
          ...feed,
          async read(after, options): Promise<Facts | 'gap'> {
            const answer = await feed.read(after, { ...options, waitMs: 10 })
            return gap ? 'gap' : answer
          },
          snapshot: async () => {
            const { cursor } = await feed.snapshot()
            return { facts: gap ? [] : (await feed.snapshot()).facts, cursor }
          },
        }
      },
    })
    await server.raw.delete(id)
    gap = true
    await expect.poll(() => heard, soon).toEqual(['ended'])
  })

  test('is silent once it was stopped', async () => {
    const { server, heard, stop, id } = await watched()
    stop()
    await server.auth.sessions.revoke(id)
    await whoIs(server, await server.signedIn())
    expect(heard).toEqual([])
  })

  test('needs a feed', async () => {
    const server = bench('session')
    const result = await server.auth.authenticate((await server.signedIn()).request('GET', '/'))
    expect(() => result.ok && server.auth.watch(result.session, () => {})).toThrow('feed')
  })
})

test.each<[object, string]>([
  [{ feed: {} }, 'feed'],
  [{ maxStaleness: '5s' }, 'feed'],
  [{ onStale: 'check' }, 'feed'],
  [{ feed: memoryFeed(), onStale: 'admit' }, 'onStale'],
  [{ feed: memoryFeed(), maxStaleness: 'soon' }, 'maxStaleness'],
])('%j is refused by name', (auth, name) => {
  expect(() => bench('hybrid', { auth })).toThrow(name)
})

test('a near-cache that listens to another feed than its auth is refused', () => {
  const [feed, other] = [memoryFeed(), memoryFeed()]
  const over = (told: object) => () =>
    createAuth({
      origin,
      strategy: session({ store: cached(memoryStore(), { feed }) }),
      transport: 'cookie',
      user: userSchema,
      ...told,
    })
  expect(over({})).toThrow(/cached\(\) over a feed.*createAuth\(\{ feed \}\)/)
  expect(over({ feed: other })).toThrow(TypeError)
  expect(over({ feed })).not.toThrow()
})

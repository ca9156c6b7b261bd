import { describe, expect, test } from 'vitest'
import { createAuth, memoryStore } from '../../src/index.ts'
import {
  accessOf,
  bench,
  claimsOf,
  kinds,
  legal,
  minute,
  refreshTokenOf,
  strategyOf,
  whoIs,
  withStore,
} from './bench.ts'

const jwt = /^ey[\w-]+\.[\w-]+\.[\w-]+$/
const opaque = /^hss1\.[\w-]{16}\.[\w-]{43}$/
const refreshToken = /^hsr1\.[\w-]{16}\.[\w-]{91}$/

/** The table of strategies, a column each. */
const columns = {
  session: {
    access: opaque,
    sid: false,
    refreshToken: false,
    refreshable: false,
    expiresIn: null,
    reads: 1,
    refreshAfterExpiry: 'idle',
    revocable: true,
  },
  token: {
    access: jwt,
    sid: false,
    refreshToken: false,
    refreshable: true,
    expiresIn: 300,
    reads: 0,
    refreshAfterExpiry: 'token',
    revocable: false,
  },
  'token+store': {
    access: jwt,
    sid: true,
    refreshToken: false,
    refreshable: true,
    expiresIn: 300,
    reads: 1,
    refreshAfterExpiry: 'token',
    revocable: true,
  },
  hybrid: {
    access: jwt,
    sid: true,
    refreshToken: true,
    refreshable: true,
    expiresIn: 300,
    reads: 0,
    refreshAfterExpiry: 'never',
    revocable: true,
  },
} as const

describe.each(legal)('%s over %s', (kind, transport) => {
  const column = columns[kind]

  test('the access credential, and where it travels', async () => {
    const { signedIn } = bench(kind, { transport })
    const agent = await signedIn()
    expect(accessOf(agent)).toMatch(column.access)
    if (column.access === jwt) expect('sid' in claimsOf(accessOf(agent))).toBe(column.sid)
    const names = [...agent.cookies.keys()]
    expect(names.includes('__Host-handstamp')).toBe(transport === 'cookie')
    expect(agent.tokens.access !== undefined).toBe(transport !== 'cookie')
    expect(names.includes('__Host-handstamp-refresh')).toBe(column.refreshToken && transport !== 'bearer')
    expect(agent.tokens.refresh !== undefined).toBe(column.refreshToken && transport === 'bearer')
    if (column.refreshToken) expect(refreshTokenOf(agent)).toMatch(refreshToken)
  })

  test('what sign-in and GET /session say of a refresh', async () => {
    const { agent } = bench(kind, { transport })
    const who = agent()
    const signIn = await who.send('POST', '/auth/sign-in', { json: { name: 'ada', password: 'x' } })
    const session = await who.send('GET', '/auth/session')
    for (const body of [await signIn.json(), await session.json()])
      expect(body).toMatchObject({ expires_in: column.expiresIn, refreshable: column.refreshable })
  })

  test('a request reads the store so often, and writes nothing', async () => {
    const { auth, store, signedIn } = bench(kind, { transport })
    const agent = await signedIn()
    for (let request = 0; request < 3; request += 1) {
      store.reset()
      await auth.authenticate(agent.request('GET', '/'))
      expect(store.counts).toEqual({ all: column.reads, reads: column.reads, writes: 0 })
    }
  })

  test('refresh while it is live', async () => {
    const { clock, store, signedIn, refresh } = bench(kind, { transport })
    const agent = await signedIn()
    const before = { access: accessOf(agent), refresh: refreshTokenOf(agent) }
    clock.advance('4m')
    store.reset()
    const response = await refresh(agent)
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ session: { user: { id: 'ada' } }, expires_in: column.expiresIn })
    expect(accessOf(agent) === before.access).toBe(kind === 'session')
    expect(refreshTokenOf(agent) === before.refresh).toBe(!column.refreshToken)
    expect(store.counts.all).toBe(kind === 'token' ? 0 : 2)
    if (transport === 'cookie') {
      const [line = ''] = response.headers.getSetCookie()
      // A session's and a token's cookie stays until the absolute end, that of hybrid as long as nothing is used.
      expect(line).toContain(`; Max-Age=${kind === 'hybrid' ? 3600 : 8 * 3600 - 240};`)
    }
  })

  test('refresh after the end is 400 invalid_grant, and cookies go', async () => {
    const { clock, signedIn, refresh } = bench(kind, { transport })
    const agent = await signedIn()
    clock.advance(column.refreshAfterExpiry === 'token' ? '6m' : '1h')
    const response = await refresh(agent)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ code: 'invalid_grant', error: 'invalid_grant' })
    expect(agent.cookies.size).toBe(0)
  })

  test('an expired access credential is refreshable where the refresh credential lives on', async () => {
    const { auth, clock, signedIn, refresh } = bench(kind, { transport })
    const agent = await signedIn()
    clock.advance('6m')
    const result = await auth.authenticate(agent.request('GET', '/'))
    if (kind === 'session') return expect(result.ok).toBe(true)
    expect(result).toMatchObject({ ok: false, reason: 'expired' })
    expect('refreshable' in result && result.refreshable).toBe(column.refreshToken)
    const response = await refresh(agent)
    expect(response.status).toBe(column.refreshToken ? 200 : 400)
  })

  test('sign-out', async () => {
    const bed = bench(kind, { transport })
    const { auth, clock, events, signedIn, refresh } = bed
    const agent = await signedIn()
    const thief = agent.copy()
    const response = await agent.send('POST', '/auth/sign-out')
    expect(agent.cookies.size).toBe(0)
    if (column.revocable) {
      expect(response.status).toBe(204)
      expect(events.at(-1)).toMatchObject({ type: 'session.ended', userId: 'ada' })
      expect((await refresh(thief.copy())).status).toBe(400)
      // A token that is not looked up dies at its exp.
      expect(await whoIs(bed, thief)).toBe(
        { session: 'unknown', 'token+store': 'revoked', hybrid: 'ok', token: '' }[kind],
      )
      clock.advance('5m')
      clock.advance('5s')
      expect(await whoIs(bed, thief)).not.toBe('ok')
    } else {
      expect(response.status).toBe(200)
      expect(await response.json()).toEqual({ revoked: false, validUntil: clock() + 5 * minute })
      expect(events.some(({ type }) => type === 'session.ended')).toBe(false)
      expect(await auth.signOut(thief.request('POST', '/'))).toMatchObject({ revoked: false })
      expect(await whoIs(bed, thief)).toBe('ok')
      clock.advance('5m')
      clock.advance('5s')
      expect(await whoIs(bed, thief)).toBe('expired')
      expect(await auth.signOut(thief.request('POST', '/'))).toMatchObject({ revoked: true })
    }
  })

  test('sessions and their routes', async () => {
    const { auth, signedIn } = bench(kind, { transport })
    const agent = await signedIn()
    const routes = ['/auth/sessions', `/auth/sessions/${'a'.repeat(16)}.${'a'.repeat(43)}`]
    expect('sessions' in auth).toBe(column.revocable)
    expect((await agent.send('GET', routes[0] ?? '')).status).toBe(column.revocable ? 200 : 404)
    expect((await agent.send('DELETE', routes[1] ?? '')).status).toBe(404)
    expect((await agent.send('DELETE', routes[0] ?? '')).status).toBe(column.revocable ? 204 : 404)
  })
})

describe('split belongs to hybrid', () => {
  test.each(kinds)('%s', (kind) => {
    const make = (): unknown =>
      (createAuth as (options: object) => unknown)({
        origin: 'https://app.example',
        strategy: strategyOf(kind, memoryStore()),
        transport: 'split',
        user: { '~standard': { version: 1, vendor: 'x', validate: (value: unknown) => ({ value }) } },
      })
    if (kind === 'hybrid') expect(make).not.toThrow()
    else expect(make).toThrow(TypeError)
  })
})

describe.each(withStore)('ended at once, %s over %s', (kind, transport) => {
  /** What a request that reads the store is told; hybrid is asked by its refresh. */
  async function isDead(
    bed: ReturnType<typeof bench>,
    agent: Awaited<ReturnType<typeof bed.signedIn>>,
  ): Promise<boolean> {
    if (kind === 'hybrid') return (await bed.refresh(agent)).status === 400
    return (await whoIs(bed, agent)) !== 'ok'
  }

  test('one is revoked, and the others live', async () => {
    const bed = bench(kind, { transport })
    const [one, other] = [await bed.signedIn(), await bed.signedIn()]
    const id = (await bed.record(one))?.id ?? ''
    expect(await bed.auth.sessions.revoke(id, { userId: 'grace' })).toBe(false)
    expect(await bed.auth.sessions.revoke(id, { userId: 'ada' })).toBe(true)
    expect(await bed.auth.sessions.revoke(id)).toBe(false)
    expect(await isDead(bed, other)).toBe(false)
    expect(await isDead(bed, one)).toBe(true)
  })

  test('all are revoked but one, then all', async () => {
    const bed = bench(kind, { transport })
    const agents = [await bed.signedIn(), await bed.signedIn(), await bed.signedIn()]
    const grace = await bed.signedIn({ id: 'grace', role: 'member' })
    const [kept] = agents
    const except = (await bed.record(kept as never))?.id ?? ''
    expect(await bed.auth.sessions.revokeAll('ada', { except })).toBe(2)
    expect(await Promise.all(agents.map((agent) => isDead(bed, agent)))).toEqual([false, true, true])
    expect(await bed.auth.sessions.revokeAll('ada')).toBe(1)
    expect(await isDead(bed, kept as never)).toBe(true)
    expect(await isDead(bed, grace)).toBe(false)
    expect(bed.events.filter(({ type }) => type === 'user.signed_out_everywhere')).toHaveLength(2)
  })

  test('the list names sessions and no secret', async () => {
    const bed = bench(kind, { transport })
    const agent = await bed.signedIn()
    await bed.signedIn({ id: 'grace', role: 'member' })
    const list = await bed.auth.sessions.list('ada')
    expect(list).toHaveLength(1)
    const text = JSON.stringify(list)
    for (const secret of [accessOf(agent), refreshTokenOf(agent)].filter((one) => one !== ''))
      expect(text).not.toContain(secret.slice(-40))
  })
})

import { describe, expect, test } from 'vitest'
import { accessOf, bench, legal, origin, verdict, whoIs, withStore } from './strategies/bench.ts'

describe('sign-out', () => {
  test('of two cookies with one name: nothing is said to have ended, and nothing has', async () => {
    const bed = bench('session')
    const agent = await bed.signedIn()
    const cookie = `__Host-handstamp=${accessOf(agent)}; __Host-handstamp=planted`
    const out = await bed.auth.signOut(agent.request('POST', '/', { headers: { cookie } }))
    expect(out).toEqual({ ok: true, revoked: false, effects: [{ type: 'header', name: 'Vary', value: 'Cookie' }] })
    expect(await whoIs(bed, agent)).toBe('ok')
  })

  test.each(legal)('%s over %s: nobody, twice and nonsense are 204', async (kind, transport) => {
    const bed = bench(kind, { transport })
    const agent = await bed.signedIn()
    const first = await agent.send('POST', '/auth/sign-out')
    expect(first.status).toBe(kind === 'token' ? 200 : 204)
    if (kind !== 'token') expect((await agent.send('POST', '/auth/sign-out')).status).toBe(204)
    const nonsense = bed.agent()
    nonsense.tokens.access = 'nonsense'
    expect((await nonsense.send('POST', '/auth/sign-out')).status).toBe(204)
    expect((await bed.agent().send('POST', '/auth/sign-out')).status).toBe(204)
  })

  test.each(withStore.filter(([kind]) => kind !== 'session'))(
    '%s over %s: an expired access token names its session still',
    async (kind, transport) => {
      const bed = bench(kind, { transport })
      const agent = await bed.signedIn()
      const id = (await bed.record(agent))?.id ?? ''
      bed.clock.advance('6m')
      const out = agent.copy()
      // Without the refresh cookie, which alone would do.
      out.cookies.delete('__Host-handstamp-refresh')
      if (kind === 'hybrid' && transport === 'split') out.tokens.access = accessOf(agent)
      expect((await out.send('POST', '/auth/sign-out')).status).toBe(204)
      expect(await bed.raw.find(id)).toBeUndefined()
      expect((await bed.refresh(agent)).status).toBe(400)
    },
  )

  test.each(withStore.filter(([kind]) => kind !== 'session'))(
    '%s over %s: so does one from a server whose clock is ahead',
    async (kind, transport) => {
      const bed = bench(kind, { transport })
      bed.clock.advance('40s')
      const agent = await bed.signedIn()
      const id = (await bed.record(agent))?.id ?? ''
      bed.clock.advance(-40_000)
      expect(await whoIs(bed, agent)).toBe('not_yet_valid')
      agent.cookies.delete('__Host-handstamp-refresh')
      expect((await agent.send('POST', '/auth/sign-out')).status).toBe(204)
      expect(await bed.raw.find(id)).toBeUndefined()
    },
  )

  test('a token that nobody can end is said to live on, also from a server ahead, until nobody takes it', async () => {
    const bed = bench('token')
    bed.clock.advance('30s')
    const agent = await bed.signedIn()
    const validUntil = bed.clock() + 300_000
    bed.clock.advance(-30_000)
    expect(await bed.auth.signOut(agent.request('POST', '/'))).toMatchObject({ revoked: false, validUntil })
    bed.clock.set(validUntil + 4_999)
    expect(await whoIs(bed, agent)).toBe('ok')
    expect(await bed.auth.signOut(agent.request('POST', '/'))).toMatchObject({ revoked: false })
    bed.clock.advance(1)
    expect(await whoIs(bed, agent)).toBe('expired')
    expect(await bed.auth.signOut(agent.request('POST', '/'))).toMatchObject({ revoked: true })
  })

  test('hybrid: the refresh cookie alone is enough, and two sessions are both ended', async () => {
    const bed = bench('hybrid')
    const [one, two, three] = [await bed.signedIn(), await bed.signedIn(), await bed.signedIn()]
    const alone = one.copy()
    alone.cookies.delete('__Host-handstamp')
    expect((await alone.send('POST', '/auth/sign-out')).status).toBe(204)
    expect((await bed.refresh(one)).status).toBe(400)
    const mixed = two.copy()
    mixed.cookies.set('__Host-handstamp-refresh', three.cookies.get('__Host-handstamp-refresh') ?? '')
    await mixed.send('POST', '/auth/sign-out')
    expect(await bed.auth.sessions.list('ada')).toEqual([])
  })

  test.each(withStore)(
    '%s over %s: a store that cannot answer is 503, the cookie stays, and it can be done again',
    async (kind, transport) => {
      for (const method of ['find', 'delete'] as const) {
        const bed = bench(kind, { transport })
        const agent = await bed.signedIn()
        bed.store.plan((call) => (call.method === method ? 'reject' : undefined))
        const held = agent.copy()
        const response = await agent.send('POST', '/auth/sign-out')
        expect(response.status).toBe(503)
        expect(response.headers.get('retry-after')).toBe('1')
        expect(response.headers.getSetCookie()).toEqual([])
        expect([...agent.cookies]).toEqual([...held.cookies])
        bed.store.plan()
        expect((await bed.refresh(agent.copy())).status).toBe(200)
        expect((await agent.send('POST', '/auth/sign-out')).status).toBe(204)
      }
    },
  )

  test.each(legal.filter(([, transport]) => transport !== 'bearer'))(
    '%s over %s: another page cannot do it',
    async (kind, transport) => {
      const bed = bench(kind, { transport })
      const agent = await bed.signedIn()
      const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
      if (transport === 'split') delete agent.tokens.access
      const response = await bed.auth.handler(agent.request('POST', '/auth/sign-out', { headers }))
      expect(response?.status).toBe(403)
      expect(response?.headers.getSetCookie()).toEqual([])
      expect((await agent.send('GET', '/auth/sign-out')).status).toBe(405)
      if (kind !== 'token') expect((await bed.auth.sessions.list('ada')).length).toBe(1)
    },
  )

  test('the session of another transport is ended by nobody else’s cookie', async () => {
    const bed = bench('session', { transport: ['bearer', 'cookie'] })
    const agent = await bed.signedIn()
    const wrong = new Request(`${origin}/auth/sign-out`, { method: 'POST', headers: { authorization: 'Basic eDp5', 'sec-fetch-site': 'same-origin' } }) // biome-ignore format: one thought
    expect((await bed.auth.handler(wrong))?.status).toBe(204)
    expect(await verdict(bed.auth.authenticate(agent.request('GET', '/')))).toBe('ok')
  })
})

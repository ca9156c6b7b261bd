import { describe, expect, test } from 'vitest'
import { bench, refreshTokenOf, whoIs } from './strategies/bench.ts'

const both = { transport: ['cookie', 'bearer'] } as const
const elsewhere = { 'sec-fetch-site': 'cross-site' }

describe('cookies are cleared by what they presented, and by nothing else', () => {
  test.each(['session', 'token', 'token+store', 'hybrid'] as const)(
    '%s: a bearer token that is dead leaves the cookies beside it',
    async (kind) => {
      const bed = bench(kind, both)
      const agent = await bed.signedIn()
      const response = await agent.send('GET', '/auth/session', { headers: { authorization: 'Bearer dead' } })
      expect(response.headers.getSetCookie()).toEqual([])
      expect(await whoIs(bed, agent)).toBe('ok')
    },
  )

  test.each(['session', 'token+store', 'hybrid'] as const)(
    '%s: a bearer session that ends itself leaves the cookies of another',
    async (kind) => {
      const bed = bench(kind, both)
      const agent = await bed.signedIn()
      const bearer = bed.agent('bearer')
      await bearer.send('POST', '/auth/sign-in', { json: { name: 'grace' } })
      const authorization = `Bearer ${bearer.tokens.access}`
      const response = await agent.send('DELETE', '/auth/sessions', { headers: { authorization, ...elsewhere } })
      expect([response.status, response.headers.getSetCookie()]).toEqual([204, []])
      expect(await whoIs(bed, agent)).toBe('ok')
    },
  )

  test.each(['cookie', 'split'] as const)('a session over %s that ends itself clears them', async (transport) => {
    const agent = await bench('hybrid', { transport }).signedIn()
    expect((await agent.send('DELETE', '/auth/sessions')).status).toBe(204)
    expect([...agent.cookies]).toEqual([])
  })

  test('a dead cookie is cleared for its own page, and untouched by a request from elsewhere', async () => {
    const bed = bench('session')
    const agent = await bed.signedIn()
    await bed.auth.sessions.revokeAll('ada')
    const other = await agent.send('GET', '/auth/session', { headers: elsewhere })
    expect([other.status, await other.json(), other.headers.getSetCookie()]).toEqual([200, { session: null }, []])
    await agent.send('GET', '/auth/session')
    expect([...agent.cookies]).toEqual([])
  })
})

describe('the two cookies of hybrid() belong together', () => {
  const name = '__Secure-handstamp-refresh'

  test('a refresh cookie that another host planted does not bring its own session', async () => {
    const bed = bench('hybrid', { auth: { cookie: { narrowRefresh: true } } })
    const victim = await bed.signedIn()
    const attacker = await bed.signedIn({ id: 'mallory', role: 'member' })
    victim.cookies.set(name, attacker.cookies.get(name) ?? '')
    const response = await victim.send('POST', '/auth/refresh')
    expect([response.status, (await response.json()).code]).toEqual([400, 'invalid_grant'])
    expect(bed.events.at(-1)).toEqual({ type: 'session.refused', reason: 'mismatch' })
    // Neither used up nor ended.
    expect((await attacker.send('POST', '/auth/refresh')).status).toBe(200)
  })

  test.each(['0s', '6m', '59m'] as const)('its own refreshes after %s, and alone as well', async (later) => {
    const bed = bench('hybrid')
    const agent = await bed.signedIn()
    bed.clock.advance(later === '0s' ? 0 : later)
    const alone = agent.copy()
    alone.cookies.delete('__Host-handstamp')
    expect((await bed.refresh(agent)).status).toBe(200)
    expect((await bed.refresh(alone)).status).toBe(200)
    expect(refreshTokenOf(alone)).toBe(refreshTokenOf(agent))
  })
})

import { describe, expect, test } from 'vitest'
import { expectRefusal } from './expectations.ts'
import { expected, expectGone, expectNobody, pairs } from './outward-answers.ts'
import { serveAuth } from './served-auth.ts'
import { ada, newVisitor, ownPage, signedIn } from './visitor.ts'

/** What the clock alone can bring about, over HTTP to a server whose clock the test holds. */
describe.each(pairs)('time, $strategy over $transport', ({ strategy, transport }) => {
  async function aged(by: '5m' | '1h' | '8h', extra = 0) {
    const served = await serveAuth({ strategy, transport })
    const visitor = await signedIn(served.wire, transport)
    served.clock.advance(by)
    served.clock.advance(extra)
    return { served, visitor }
  }

  const expires = strategy === 'session' ? 'a session’s own credential does not' : 'is refused 5 s late, and no more'
  test(`expired (access): ${expires}`, async () => {
    const within = await aged('5m', 4_999)
    expect((await within.visitor.ask('GET', '/api/me')).status).toBe(200)
    await within.served.stop()

    const { served, visitor } = await aged('5m', 5_000)
    const answer = await visitor.ask('GET', '/api/me')
    if (strategy === 'session') expect(answer.status).toBe(200)
    else expectRefusal(answer, expected('token expired', served.wire))
    await served.stop()
  })

  test('expired (session, idle)', async () => {
    const { served, visitor } = await aged('1h')
    if (strategy === 'session')
      expectRefusal(await visitor.ask('GET', '/api/me'), expected('invalid token', served.wire))
    if (strategy === 'session' || strategy === 'hybrid') expectGone(await visitor.refresh(), transport, served.wire)
    await served.stop()
  })

  test('expired (session, absolute), however much it was used', async () => {
    const served = await serveAuth({ strategy, transport, times: { idleTimeout: '15m', lifetime: '30m' } })
    const visitor = await signedIn(served.wire, transport)
    for (let minutes = 4; minutes < 30; minutes += 4) {
      served.clock.advance('4m')
      expect((await visitor.refresh()).status).toBe(200)
    }
    served.clock.advance('2m')
    expectGone(await visitor.refresh(), transport, served.wire)
    await served.stop()
  })

  test('GET /session: signed in → refreshable → gone', async () => {
    const { served, visitor } = await aged('5m', -1_000)
    expect((await visitor.ask('GET', '/auth/session')).json).toMatchObject({ session: { user: { id: 'ada' } } })
    served.clock.advance(6_000)
    const later = await visitor.ask('GET', '/auth/session')
    if (strategy === 'hybrid') expectRefusal(later, expected('token expired', served.wire))
    else if (strategy === 'session') expect(later.json).toMatchObject({ session: { user: { id: 'ada' } } })
    else expectNobody(later, transport)
    await served.stop()
  })

  test('pending', async () => {
    const served = await serveAuth({
      strategy,
      transport,
      verifyCredentials: async () => ({ user: { id: 'ada', role: 'admin' }, pending: 'mfa' }),
    })
    const visitor = newVisitor(served.wire, transport)
    expect((await visitor.signIn()).json).toMatchObject({ session: { pending: 'mfa' } })
    for (const target of ['/api/me', '/auth/session', ...(strategy === 'token' ? [] : ['/auth/sessions'])])
      expectRefusal(await visitor.ask('GET', target), expected('step up', served.wire))
    // Refreshing is no way around it.
    expect((await visitor.refresh()).json).toMatchObject({ session: { pending: 'mfa' } })
    expectRefusal(await visitor.ask('GET', '/api/me'), expected('step up', served.wire))
    await served.stop()
  })

  test('stale_auth: no refresh makes a proof younger', async () => {
    const served = await serveAuth({ strategy, transport })
    const visitor = await signedIn(served.wire, transport)
    served.clock.advance(299_000)
    expect((await visitor.ask('GET', '/api/fresh')).status).toBe(200)
    expect((await visitor.refresh()).status).toBe(200)
    served.clock.advance(1_000)
    expect((await visitor.ask('GET', '/api/fresh')).status).toBe(200)
    served.clock.advance(1)
    expectRefusal(await visitor.ask('GET', '/api/fresh'), expected('stale', served.wire))
    expect((await visitor.ask('GET', '/api/me')).status).toBe(200)
    await served.stop()
  })

  test('notBefore, and a binding that asks for a new proof', async () => {
    for (const [setting, headers] of [
      [{ notBefore: new Date('2026-01-01T00:00:01Z') }, []],
      [{ binding: { userAgent: 'reauthenticate' } }, [['User-Agent', 'another']]],
    ] as const) {
      // A token without a record remembers no user agent, and cannot be told to.
      if ('binding' in setting && strategy === 'token') continue
      const served = await serveAuth({ strategy, transport, ...setting })
      const visitor = newVisitor(served.wire, transport)
      await visitor.ask('POST', '/auth/sign-in', {
        headers: [...ownPage, ['User-Agent', 'one/1.0'], ['Handstamp-Transport', transport]],
        json: ada,
      })
      const answer = await visitor.ask('GET', '/api/me', { headers: [...ownPage, ...headers] })
      // Nor does the access token of hybrid, whose refresh token does.
      if (!('binding' in setting) || strategy !== 'hybrid')
        expectRefusal(answer, expected('invalid token', served.wire))
      expect((await visitor.refresh([...ownPage, ...headers])).status).toBe(400)
      await served.stop()
    }
  })
})

describe('reuse of a spent refresh token', () => {
  test.each(['cookie', 'bearer', 'split'] as const)(
    '%s: within the grace answered alike, then the end of the session',
    async (transport) => {
      const served = await serveAuth({ strategy: 'hybrid', transport })
      const honest = await signedIn(served.wire, transport)
      const thief = honest.copy()
      served.clock.advance('1m')
      expect((await honest.refresh()).status).toBe(200)
      const again = thief.copy()
      served.clock.advance('10s')
      expect((await again.refresh()).status).toBe(200)
      expect(again.held()).toContain(honest.tokens.refresh ?? honest.cookies.get(served.wire.refresh))
      served.clock.advance(1)
      expectGone(await thief.refresh(), transport, served.wire)
      expectGone(await honest.refresh(), transport, served.wire)
      expect(served.events.filter(({ type }) => type === 'refresh.reuse')).toHaveLength(1)
      await served.stop()
    },
  )
})

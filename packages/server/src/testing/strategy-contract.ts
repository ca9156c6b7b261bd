/**
 * The contract of strategies as cases without a test runner: what holds for all of them, over every transport.
 * @module
 */
import { assert, assertEqual } from './assert.ts'
import { credentialsOf, type StrategyCase, strategyCase, tampered } from './strategy-contract/case.ts'

/**
 * All cases. Each makes an application of its own, so they can run in any order, also at once.
 *
 * @example
 * ```ts
 * import { test } from 'node:test'
 *
 * for (const { name, run } of strategyContract) {
 *   test(name, () => run({ transport: 'cookie', create: ({ clock }) => session({ store: memoryStore({ clock }) }) }))
 * }
 * ```
 */
export const strategyContract: readonly StrategyCase[] = [
  strategyCase('a user signs in and is recognised on the next request', async ({ signedIn, whoIs, ada, auth }) => {
    const agent = await signedIn()
    assertEqual(await whoIs(agent), ada, 'the user of the session')
    const result = await auth.authenticate(agent.request('GET', '/anything'))
    assert(result.ok, 'authenticate recognises the same request')
    assertEqual(result.session.user, ada, 'the user that authenticate answers')
  }),

  strategyCase('nobody is nobody, and is told so without an error', async ({ agent, auth }) => {
    const response = await agent().send('GET', '/auth/session')
    assertEqual([response.status, await response.json()], [200, { session: null }], 'the answer to nobody')
    const result = await auth.authenticate(agent().request('GET', '/anything'))
    assertEqual(result.ok ? 'ok' : result.reason, 'absent', 'the reason')
  }),

  strategyCase('wrong credentials get nothing', async ({ agent, whoIs }) => {
    const stranger = agent()
    const response = await stranger.send('POST', '/auth/sign-in', { json: { name: 'ada', password: 'wrong' } })
    assertEqual(response.status, 401, 'the status')
    assertEqual(credentialsOf(stranger), [], 'the credentials')
    assertEqual(await whoIs(stranger), null, 'who it is')
  }),

  strategyCase(
    'in cookies a script finds nothing; in bodies only what the transport says',
    async ({ agent, transport }) => {
      const who = agent()
      const response = await who.send('POST', '/auth/sign-in', { json: { name: 'ada', password: 'right' } })
      const body = (await response.json()) as Record<string, unknown>
      assertEqual('access_token' in body, transport !== 'cookie', 'an access token in the body')
      assertEqual(
        'refresh_token' in body && transport !== 'bearer',
        false,
        'a refresh token in the body of another transport',
      )
      for (const line of response.headers.getSetCookie()) {
        assert(
          /; HttpOnly/.test(line) && /; Secure/.test(line) && /; SameSite=Strict/.test(line),
          'a cookie is guarded',
        )
      }
      assertEqual(response.headers.get('cache-control'), 'private, no-store', 'the caching of the answer')
    },
  ),

  strategyCase(
    'one character of a credential changed, and it is nobody',
    async ({ signedIn, agent, auth, transport }) => {
      const honest = await signedIn()
      const forger = agent()
      if (honest.tokens.access !== undefined) forger.tokens.access = tampered(honest.tokens.access)
      for (const [name, value] of honest.cookies) {
        if (!name.endsWith('-refresh')) forger.cookies.set(name, tampered(value))
      }
      const result = await auth.authenticate(forger.request('GET', '/anything'))
      assertEqual(result.ok, false, `what ${transport} carries, changed`)
    },
  ),

  strategyCase('a credential counts over its own transport alone', async ({ signedIn, agent, auth, transport }) => {
    const honest = await signedIn()
    const other = agent()
    if (transport === 'cookie') {
      const [access] = honest.cookies.values()
      other.tokens.access = access ?? ''
    } else {
      other.cookies.set('__Host-handstamp', honest.tokens.access ?? '')
    }
    const result = await auth.authenticate(other.request('GET', '/anything'))
    assertEqual(result.ok, false, 'the credential over another transport')
  }),

  strategyCase(
    'every sign-in makes new credentials and ends the session it was sent with',
    async ({ signedIn, auth, strategy }) => {
      const agent = await signedIn()
      const before = agent.copy()
      await agent.send('POST', '/auth/sign-in', { json: { name: 'ada', password: 'right' } })
      const old = new Set(credentialsOf(before))
      assertEqual(
        credentialsOf(agent).filter((text) => old.has(text)),
        [],
        'the credentials that stayed the same',
      )
      if (strategy.stateful) assertEqual((await auth.sessions.list('ada')).length, 1, 'the sessions that are left')
    },
  ),

  strategyCase(
    'a refresh keeps who it is, and when they proved it',
    async ({ signedIn, refresh, whoIs, clock, auth, ada }) => {
      const agent = await signedIn()
      const before = await auth.authenticate(agent.request('GET', '/'))
      clock.advance('2m')
      assertEqual((await refresh(agent)).status, 200, 'the status of a refresh')
      assertEqual(await whoIs(agent), ada, 'who it is')
      const after = await auth.authenticate(agent.request('GET', '/'))
      assert(before.ok && after.ok, 'both are recognised')
      assertEqual(after.session.authTime, before.session.authTime, 'the time of proof')
      assertEqual(after.session.createdAt, before.session.createdAt, 'the beginning')
      const fresh = await auth.authenticate(agent.request('GET', '/'), { fresh: '1m' })
      assertEqual(fresh.ok ? 'ok' : fresh.reason, 'stale_auth', 'a proof of two minutes ago, where one minute is asked')
    },
  ),

  strategyCase(
    'a session that is kept in use lives to its lifetime, and not a moment longer',
    async ({ signedIn, refresh, whoIs, clock, auth }) => {
      const agent = await signedIn()
      const start = clock()
      for (let minutes = 4; minutes < 480; minutes += 4) {
        clock.set(start + minutes * 60_000)
        assertEqual((await refresh(agent)).status, 200, `the status of a refresh after ${minutes} minutes`)
      }
      clock.set(start + 480 * 60_000 - 1_000)
      assert((await whoIs(agent)) !== null, 'it is alive a second before its end')
      await auth.close()
      clock.set(start + 480 * 60_000 + 5_000)
      assertEqual(await whoIs(agent), null, 'who it is once the lifetime has passed')
      assertEqual((await refresh(agent)).status, 400, 'the status of a refresh then')
    },
  ),

  strategyCase(
    'signing out ends it here, and wherever it can be ended',
    async ({ signedIn, whoIs, refresh, strategy, clock }) => {
      const agent = await signedIn()
      const thief = agent.copy()
      const response = await agent.send('POST', '/auth/sign-out')
      assertEqual(response.status, strategy.revocable ? 204 : 200, 'the status of a sign-out')
      assertEqual([...agent.cookies.keys()], [], 'the cookies that are left')
      clock.advance(strategy.revocable ? '5m' : '15m')
      clock.advance('6s')
      assertEqual(await whoIs(thief), null, 'who a copy is, once the access token has run out')
      assertEqual((await refresh(thief)).status, 400, 'the status of a refresh by a copy')
    },
  ),

  strategyCase('signing out twice, or as nobody, is no error', async ({ signedIn, agent, strategy }) => {
    const who = await signedIn()
    await who.send('POST', '/auth/sign-out')
    assertEqual(
      (await who.send('POST', '/auth/sign-out')).status,
      strategy.revocable || who.tokens.access === undefined ? 204 : 200,
      'the second time',
    )
    assertEqual((await agent().send('POST', '/auth/sign-out')).status, 204, 'as nobody')
  }),

  strategyCase(
    'sessions are listed, ended one by one, and all but this',
    async ({ signedIn, auth, strategy, refresh }) => {
      const [first, second, third] = [await signedIn(), await signedIn(), await signedIn()]
      const other = await signedIn('grace')
      const listing = await first.send('GET', '/auth/sessions')
      if (!strategy.stateful) {
        assertEqual(listing.status, 404, 'the list of a strategy that keeps none')
        return
      }
      const { sessions } = (await listing.json()) as {
        readonly sessions: readonly { readonly id: string; readonly current: boolean }[]
      }
      assertEqual(
        [sessions.length, sessions.filter(({ current }) => current).length],
        [3, 1],
        'the sessions, and how many are this one',
      )
      const [hers] = await auth.sessions.list('grace')
      assertEqual(
        (await first.send('DELETE', `/auth/sessions/${hers?.id}`)).status,
        404,
        "ending another user's session",
      )
      const foreign = sessions.find(({ current }) => !current)
      assertEqual((await first.send('DELETE', `/auth/sessions/${foreign?.id}`)).status, 204, 'ending one of them')
      assertEqual((await first.send('DELETE', `/auth/sessions/${foreign?.id}`)).status, 404, 'ending it again')
      assertEqual((await first.send('DELETE', '/auth/sessions?others=true')).status, 204, 'ending all others')
      assertEqual((await refresh(first)).status, 200, 'the one that is left')
      assertEqual([(await refresh(second)).status, (await refresh(third)).status], [400, 400], 'the ended ones')
      assertEqual((await refresh(other)).status, 200, "another user's session")
    },
  ),

  strategyCase(
    'a renewed session has a new secret, a new proof, and no old one',
    async ({ signedIn, auth, clock, strategy, refresh, whoIs }) => {
      const agent = await signedIn()
      const before = agent.copy()
      clock.advance('2m')
      const granted = await auth.renew({ id: 'ada', role: 'admin' }, agent.request('POST', '/step-up'))
      assert(granted.ok, 'the session is renewed')
      await agent.keep(auth.apply(granted, Response.json(granted.body)))
      assertEqual(await whoIs(agent), { id: 'ada', role: 'admin' }, 'who it is')
      const fresh = await auth.authenticate(agent.request('GET', '/'), { fresh: '1m' })
      assert(fresh.ok, 'the proof is fresh')
      if (strategy.revocable)
        assertEqual((await refresh(before)).status, 400, 'a refresh of the credentials from before')
    },
  ),

  strategyCase(
    'who still owes a factor is refused everywhere until renewed',
    async ({ auth, agent, transport, refresh }) => {
      const who = agent()
      const prepared = await auth.signIn({ id: 'ada', role: 'member' }, who.request('POST', '/'))
      await who.keep(auth.apply(prepared, Response.json(prepared.body)))
      const owing = await auth.renew({ id: 'ada', role: 'member' }, who.request('POST', '/'), { pending: 'mfa' })
      assert(owing.ok, `a factor can be owed over ${transport}`)
      await who.keep(auth.apply(owing, Response.json(owing.body)))
      for (const attempt of ['at once', 'after a refresh']) {
        const refused = await auth.authenticate(who.request('GET', '/'))
        assertEqual(refused.ok ? 'ok' : refused.reason, 'pending', attempt)
        const accepted = await auth.authenticate(who.request('GET', '/'), { allowPending: true })
        assertEqual(accepted.ok && accepted.session.pending, 'mfa', `the factor that is owed, ${attempt}`)
        await refresh(who)
      }
      const renewed = await auth.renew({ id: 'ada', role: 'member' }, who.request('POST', '/'))
      assert(renewed.ok, 'the factor is given')
      await who.keep(auth.apply(renewed, Response.json(renewed.body)))
      assert((await auth.authenticate(who.request('GET', '/'))).ok, 'nothing is owed any more')
    },
  ),

  strategyCase('what is inspected or written as JSON shows no credential', async ({ auth, agent }) => {
    const who = agent()
    const granted = await auth.signIn({ id: 'ada', role: 'member' }, who.request('POST', '/'))
    await who.keep(auth.apply(granted, Response.json(granted.body)))
    const written = JSON.stringify([granted, await auth.authenticate(who.request('GET', '/'))])
    for (const text of credentialsOf(who)) assert(!written.includes(text), 'a result shows no credential')
  }),
]

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readCookieLine, removes } from './cookie-line.ts'
import type { Answer, Header } from './exchange.ts'
import { expectProblem, expectRefusal, varied } from './expectations.ts'
import { claimsOf } from './key-pair.ts'
import { type Playground, sharedPlaygrounds } from './playground.ts'
import { type Served, type StrategyName, serveAuth } from './served-auth.ts'
import { ada, grace, newVisitor, ownPage, signedIn, type Visitor, whoIs } from './visitor.ts'

const notFound = { status: 404, code: 'not_found' }

const sessionFields = ['authTime', 'createdAt', 'expiresAt', 'id', 'lastSeenAt', 'user']
const grantFields = ['expires_in', 'refreshable', 'session']

const subjects = [
  { strategy: 'session', transport: 'cookie', tokens: [], expiresIn: null, refreshable: false },
  { strategy: 'token', transport: 'cookie', tokens: [], expiresIn: 300, refreshable: true },
  { strategy: 'hybrid', transport: 'cookie', tokens: [], expiresIn: 300, refreshable: true },
  { strategy: 'hybrid', transport: 'bearer', tokens: ['access_token', 'refresh_token', 'token_type'], expiresIn: 300, refreshable: true },
  { strategy: 'hybrid', transport: 'split', tokens: ['access_token', 'token_type'], expiresIn: 300, refreshable: true },
] as const // biome-ignore format: a table

const flagsOf = ({ strategy, transport }: (typeof subjects)[number]) =>
  `--strategy ${strategy} --transport ${transport}`
const playground = sharedPlaygrounds(subjects.map(flagsOf))

describe.each(subjects)('$strategy over $transport', ({ strategy, transport, tokens, expiresIn, refreshable }) => {
  // biome-ignore format: a table
  let server: Playground
  let visitor: Visitor
  let granted: Answer

  beforeAll(async () => {
    server = playground(`--strategy ${strategy} --transport ${transport}`)
    visitor = newVisitor(server, transport)
    granted = await visitor.signIn()
  })

  test('a grant holds what its transport says, and is not kept by any cache', () => {
    expect(granted.status).toBe(200)
    expect(granted.header('content-type')).toBe('application/json')
    expect(granted.header('cache-control')).toBe('private, no-store')
    expect(varied(granted)).toContain(transport === 'bearer' ? 'authorization' : 'cookie')
    const body = granted.json as { session: { user: object }; token_type?: string }
    expect(Object.keys(body).sort()).toEqual([...grantFields, ...tokens].sort())
    expect(body).toMatchObject({ expires_in: expiresIn, refreshable, session: { user: { id: 'ada', role: 'admin' } } })
    expect(Object.keys(body.session).sort()).toEqual(sessionFields)
    if (transport !== 'cookie') expect(body.token_type).toBe('Bearer')
  })

  test('GET /session says the same session, without a credential', async () => {
    const answer = await visitor.ask('GET', '/auth/session')
    expect(answer.status).toBe(200)
    expect(answer.header('cache-control')).toBe('private, no-store')
    expect(answer.setCookies).toEqual([])
    const { session } = granted.json as { session: { id: string } }
    expect(Object.keys(answer.json as object).sort()).toEqual(grantFields)
    expect(answer.json).toMatchObject({ session: { id: session.id, user: { id: 'ada' } }, refreshable })
  })

  test('HEAD is GET without a body', async () => {
    const volatile = ['date', 'content-length', 'transfer-encoding', 'connection', 'keep-alive']
    const lasting = ({ headers }: Answer) => headers.filter(([name]) => !volatile.includes(name)).sort()
    for (const target of ['/auth/session', '/auth/sessions', '/auth/jwks.json', '/auth/sign-in', '/auth/nothing']) {
      const [get, head] = [await visitor.ask('GET', target), await visitor.ask('HEAD', target)]
      expect([target, head.status, head.text, lasting(head)]).toEqual([target, get.status, '', lasting(get)])
    }
  })

  test('OPTIONS names the methods', async () => {
    const stored = strategy !== 'token'
    for (const [target, allow] of [
      ['/auth/sign-in', 'OPTIONS, POST'],
      ['/auth/sign-out', 'OPTIONS, POST'],
      ['/auth/refresh', 'OPTIONS, POST'],
      ['/auth/session', 'OPTIONS, GET, HEAD'],
      ['/auth/sessions', stored ? 'OPTIONS, GET, DELETE, HEAD' : 'OPTIONS'],
      ['/auth/sessions/x', stored ? 'OPTIONS, DELETE' : 'OPTIONS'],
      ['/auth/jwks.json', strategy === 'session' ? 'OPTIONS' : 'OPTIONS, GET, HEAD'],
    ] as const) {
      const answer = await server.ask({ method: 'OPTIONS', target })
      expect([target, answer.status, answer.header('allow')]).toEqual([target, 204, allow])
      if (allow === 'OPTIONS') continue
      const wrong = await visitor.ask('PATCH', target)
      expectRefusal(wrong, { status: 405, code: 'method_not_allowed' })
      expect(wrong.header('allow')).toBe(allow)
    }
  })

  test('CORS answers the own origin alone, on the routes and on the application’s own', async () => {
    const origins = [
      server.origin,
      `http://127.0.0.1:${server.port}`,
      `${server.origin}0`,
      server.origin.toUpperCase(),
      'null',
    ]
    for (const target of ['/auth/session', '/api/me', '/api/notes']) {
      for (const method of ['GET', 'OPTIONS']) {
        for (const origin of origins) {
          const answer = await server.ask({ method, target, headers: [['Origin', origin]] })
          expect(answer.header('access-control-allow-origin')).toBe(origin === server.origin ? origin : null)
          expect(varied(answer)).toContain('origin')
        }
      }
    }
  })

  test('keys are published where there are any: public halves alone, at two addresses', async () => {
    const [one, two] = [await visitor.ask('GET', '/auth/jwks.json'), await visitor.ask('GET', '/.well-known/jwks.json')]
    if (strategy === 'session') {
      expectRefusal(one, notFound)
      expect(two.status).toBe(404)
      return
    }
    expect([one.status, one.header('content-type')]).toEqual([200, 'application/jwk-set+json'])
    expect(one.header('cache-control')).toMatch(/^public, max-age=\d+$/)
    expect(two.text).toBe(one.text)
    const { keys } = one.json as { keys: object[] }
    expect(keys.map((key) => Object.keys(key).sort())).toEqual([['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']])
  })

  test('without a record there are no sessions to list or end', async () => {
    if (strategy !== 'token') return
    for (const [
      method,
      target,
    ] of [['GET', '/auth/sessions'], ['DELETE', '/auth/sessions'], ['DELETE', '/auth/sessions/x']] as const) // biome-ignore format: a list
      expectRefusal(await visitor.ask(method, target), notFound)
  })

  test('signing out, again, and with nothing: always done, and what the browser holds is cleared', async () => {
    const leaving = await signedIn(server, transport)
    const copy = leaving.copy()
    const first = await leaving.ask('POST', '/auth/sign-out')
    if (strategy === 'token') {
      const { exp } = claimsOf(copy.held()[0] ?? '')
      expect([first.status, first.json]).toEqual([200, { revoked: false, validUntil: exp * 1_000 }])
    } else expect([first.status, first.text]).toEqual([204, ''])
    const answers = [
      await copy.copy().ask('POST', '/auth/sign-out'),
      await newVisitor(server, transport).ask('POST', '/auth/sign-out'),
    ]
    expect(answers.map(({ status }) => status)).toEqual([strategy === 'token' ? 200 : 204, 204])
    const cookies = (transport === 'bearer' ? 0 : 1) + (strategy === 'hybrid' && transport === 'cookie' ? 1 : 0)
    for (const { setCookies } of [first, ...answers]) {
      expect(setCookies.map(readCookieLine).filter(removes)).toHaveLength(cookies)
      expect(setCookies).toHaveLength(cookies)
    }
    expect(await whoIs(visitor)).toBe('ada')
  })
})

describe('GET /session, what a cookie holds and what is left of it', () => {
  let server: Playground
  let somebody: Visitor
  beforeAll(async () => {
    server = playground('--strategy hybrid --transport cookie')
    somebody = await signedIn(server, 'cookie', grace)
  })

  const unknown = `hsr1.${'A'.repeat(16)}.${'A'.repeat(91)}`
  const expired = { status: 401, code: 'token_expired' }

  test.each<{
    access: 'live' | 'dead' | undefined
    refresh: 'live' | 'unknown' | 'malformed' | undefined
    answer: 'session' | 'nobody' | 'cleared' | 'refresh'
  }>([
    { access: undefined, refresh: undefined, answer: 'nobody' },
    { access: 'live', refresh: 'live', answer: 'session' },
    { access: 'live', refresh: undefined, answer: 'session' },
    { access: 'live', refresh: 'malformed', answer: 'session' },
    { access: undefined, refresh: 'live', answer: 'refresh' },
    { access: undefined, refresh: 'unknown', answer: 'refresh' },
    { access: undefined, refresh: 'malformed', answer: 'cleared' },
    { access: 'dead', refresh: 'live', answer: 'refresh' },
    { access: 'dead', refresh: 'malformed', answer: 'cleared' },
    { access: 'dead', refresh: undefined, answer: 'cleared' },
  ])('access $access, refresh $refresh: $answer', async ({ access, refresh, answer: expected }) => {
    // biome-ignore format: a table
    const visitor = somebody.copy()
    const live = visitor.cookies.get(server.access) ?? ''
    if (access === undefined) visitor.cookies.delete(server.access)
    if (access === 'dead') visitor.cookies.set(server.access, `${live.slice(0, -10)}AAAAAAAAAA`)
    if (refresh === undefined) visitor.cookies.delete(server.refresh)
    else if (refresh !== 'live') visitor.cookies.set(server.refresh, refresh === 'unknown' ? unknown : 'x')

    const answer = await visitor.ask('GET', '/auth/session')
    if (expected === 'refresh') {
      expectRefusal(answer, {
        ...expired,
        challenge: `Bearer realm="${server.host}", error="invalid_token", error_description="token_expired"`,
      })
      return
    }
    expect(answer.status).toBe(200)
    expect(answer.header('cache-control')).toBe('private, no-store')
    if (expected === 'session')
      expect(answer.json).toMatchObject({ session: { user: { id: 'grace' } }, refreshable: refresh === 'live' })
    else expect(answer.json).toEqual({ session: null })
    expect(answer.setCookies.map(readCookieLine).map(({ name }) => name)).toEqual(
      expected === 'cleared' ? [server.access, server.refresh] : [],
    )
    expect(answer.setCookies.map(readCookieLine).every(removes)).toBe(true)
  })
})

describe.each(['session', 'token+store', 'hybrid'] as const satisfies readonly StrategyName[])(
  'a user’s sessions, %s',
  (strategy) => {
    let served: Served
    let here: Visitor
    let there: Visitor
    let stranger: Visitor

    beforeAll(async () => {
      served = await serveAuth({ strategy, transport: 'cookie' })
      stranger = await signedIn(served.wire, 'cookie', grace)
    })
    afterAll(() => served?.stop())

    async function list(visitor: Visitor) {
      const { json } = await visitor.ask('GET', '/auth/sessions')
      return (json as { sessions: { id: string; current: boolean }[] }).sessions
    }

    async function signInTwice(): Promise<{ hereId: string; thereId: string }> {
      await served.auth.sessions.revokeAll('ada')
      served.clock.advance(1)
      here = await signedIn(served.wire, 'cookie')
      there = newVisitor(served.wire, 'cookie')
      await there.ask('POST', '/auth/sign-in', { headers: [...ownPage, ['User-Agent', 'there/1.0']], json: ada })
      const all = await list(here)
      return {
        hereId: all.find(({ current }) => current)?.id ?? '',
        thereId: all.find(({ current }) => !current)?.id ?? '',
      }
    }

    const alive = async (visitor: Visitor): Promise<boolean> => (await visitor.copy().refresh()).status === 200

    test('the list shows what is public of one’s own, and which one asks', async () => {
      const { hereId, thereId } = await signInTwice()
      const all = await list(there)
      expect(
        all.map(({ id, current }) => ({ id, current })).sort((a, b) => Number(a.current) - Number(b.current)),
      ).toEqual([
        { id: hereId, current: false },
        { id: thereId, current: true },
      ])
      expect(all.find(({ current }) => current)).toEqual({
        id: thereId,
        createdAt: expect.any(Number),
        lastSeenAt: expect.any(Number),
        expiresAt: expect.any(Number),
        ip: '127.0.0.1',
        userAgent: 'there/1.0',
        current: true,
      })
      expect(await list(stranger)).toHaveLength(1)
    })

    test('ending another of one’s own', async () => {
      const { thereId } = await signInTwice()
      const answer = await here.ask('DELETE', `/auth/sessions/${thereId}`)
      expect([answer.status, answer.setCookies, answer.header('cache-control')]).toEqual([204, [], 'private, no-store'])
      expect([await alive(here), await alive(there)]).toEqual([true, false])
      expectProblem(await here.ask('DELETE', `/auth/sessions/${thereId}`), notFound)
    })

    test('ending the current one clears its cookies', async () => {
      const { hereId } = await signInTwice()
      const copy = here.copy()
      const answer = await here.ask('DELETE', `/auth/sessions/${hereId}`)
      expect([answer.status, here.cookies.size]).toEqual([204, 0])
      expect(answer.setCookies.map(readCookieLine).every(removes)).toBe(true)
      expect([await alive(copy), await alive(there)]).toEqual([false, true])
    })

    test('ending the others', async () => {
      await signInTwice()
      const answer = await here.ask('DELETE', '/auth/sessions?others=true')
      expect([answer.status, answer.setCookies]).toEqual([204, []])
      expect([await alive(here), await alive(there), await alive(stranger)]).toEqual([true, false, true])
    })

    test('ending all', async () => {
      await signInTwice()
      const copy = here.copy()
      const answer = await here.ask('DELETE', '/auth/sessions')
      expect([answer.status, here.cookies.size]).toEqual([204, 0])
      expect([await alive(copy), await alive(there), await alive(stranger)]).toEqual([false, false, true])
    })

    test('another user’s id, one that is not there and one that cannot be are the same bytes', async () => {
      const { hereId, thereId } = await signInTwice()
      const [theirs] = await list(stranger)
      const digest = 'A'.repeat(43)
      const ids = [theirs?.id ?? '', `${hereId.slice(0, 17)}${digest}`, `${'A'.repeat(16)}.${digest}`, 'x', `${thereId}%2F`, `${thereId}%00`, `${thereId}A`, thereId.toUpperCase(), `hss1.${thereId}`, '__proto__', '*'] // biome-ignore format: a list
      const seen = new Set<string>()
      for (const id of ids) {
        const answer = await here.ask('DELETE', `/auth/sessions/${id}`)
        expectRefusal(answer, notFound)
        expect(varied(answer)).toContain('cookie')
        seen.add(JSON.stringify([answer.text, answer.headers.filter(([name]) => name !== 'date')]))
      }
      expect(seen.size).toBe(1)
      expect([await alive(here), await alive(there), await alive(stranger)]).toEqual([true, true, true])
    })

    test('nobody lists and ends nothing', async () => {
      const { thereId } = await signInTwice()
      const nobody = newVisitor(served.wire, 'cookie')
      for (const [
        method,
        target,
      ] of [['GET', '/auth/sessions'], ['DELETE', '/auth/sessions'], ['DELETE', `/auth/sessions/${thereId}`]] as const) // biome-ignore format: a list
        expectRefusal(await nobody.ask(method, target), {
          status: 401,
          code: 'unauthenticated',
          challenge: 'Bearer realm="app.example"',
        })
      expect(await alive(there)).toBe(true)
    })

    test('an access token that has expired still signs its session out', async () => {
      await signInTwice()
      const copy = here.copy()
      served.clock.advance('6m')
      here.cookies.delete(served.wire.refresh)
      expect((await here.ask('POST', '/auth/sign-out')).status).toBe(204)
      expect([await alive(copy)]).toEqual([false])
      expect(served.events.at(-2)).toMatchObject({ type: 'session.ended', userId: 'ada' })
    })
  },
)

describe('Handstamp-Transport', () => {
  let served: Served
  beforeAll(async () => {
    served = await serveAuth({ strategy: 'hybrid', transport: ['bearer', 'cookie', 'split'] })
  })
  afterAll(() => served?.stop())

  const signInAsking = (...asked: readonly string[]) =>
    newVisitor(served.wire, 'cookie').ask('POST', '/auth/sign-in', {
      headers: [...ownPage, ...asked.map((value): Header => ['Handstamp-Transport', value])],
      json: ada,
    })

  test.each([
    { asked: [], cookies: 0, tokens: 2 },
    { asked: ['bearer'], cookies: 0, tokens: 2 },
    { asked: ['cookie'], cookies: 2, tokens: 0 },
    { asked: ['split'], cookies: 1, tokens: 1 },
    { asked: [' split '], cookies: 1, tokens: 1 },
  ])('$asked', async ({ asked, cookies, tokens }) => {
    const answer = await signInAsking(...asked)
    const { access_token, refresh_token } = answer.json as Record<string, unknown>
    expect(answer.status).toBe(200)
    expect([
      answer.setCookies.length,
      [access_token, refresh_token].filter((token) => token !== undefined).length,
    ]).toEqual([cookies, tokens])
  })

  test.each([
    [['']],
    [['Cookie']],
    [['cookies']],
    [['cookie, split']],
    [['cookie', 'cookie']],
    [['__proto__']],
    [['toString']],
  ])('%j is none of them', async (asked) => {
    expectRefusal(await signInAsking(...asked), { status: 400, code: 'invalid_request', error: 'invalid_request' })
  })

  test('says nothing on any other route', async () => {
    for (const transport of ['cookie', 'bearer', 'split'] as const) {
      const visitor = await signedIn(served.wire, transport)
      for (const other of ['cookie', 'bearer', 'split', 'x']) {
        const headers: readonly Header[] = [...ownPage, ['Handstamp-Transport', other]]
        expect((await visitor.ask('GET', '/auth/session', { headers })).json).toMatchObject({
          session: { user: { id: 'ada' } },
        })
        expect((await visitor.ask('GET', '/api/me', { headers })).status).toBe(200)
        const refreshed = await visitor.refresh(headers)
        expect([refreshed.status, refreshed.setCookies.length]).toEqual([
          200,
          { cookie: 2, bearer: 0, split: 1 }[transport],
        ])
      }
    }
  })

  test('a form is for the cookie transport alone', async () => {
    const form = (wire: Served['wire'], target: string) =>
      wire.ask({
        method: 'POST',
        target,
        headers: [['Content-Type', 'application/x-www-form-urlencoded'], ...ownPage],
        body: new URLSearchParams({ ...ada }).toString(),
      })
    const answer = await form(served.wire, '/auth/sign-in')
    expect([answer.status, answer.header('location'), answer.setCookies.length]).toEqual([303, '/', 2])
    const bearer = await serveAuth({ strategy: 'hybrid', transport: 'bearer' })
    for (const target of ['/auth/sign-in', '/auth/sign-out'])
      expectRefusal(await form(bearer.wire, target), { status: 415, code: 'unsupported_media_type' })
    await bearer.stop()
  })
})

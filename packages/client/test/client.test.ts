import { inspect } from 'node:util'
import { describe, expect, test, vi } from 'vitest'
import { clientOf, openStorage, transports } from './client-of.ts'
import { fakeServer, hold, origin, problem, refusal } from './fake-server.ts'

describe.each(transports)('over %s', (transport) => {
  test('signs in, is recognised, signs out', async () => {
    const server = fakeServer(transport)
    const client = clientOf(server, transport)
    expect([client.session, client.status]).toEqual([undefined, 'unknown'])

    const signedIn = await client.signIn({ name: 'ada' })
    expect(signedIn).toMatchObject({ ok: true, session: { user: { id: 'ada', role: 'admin' } } })
    expect(signedIn.ok && signedIn.session).toBe(client.session)
    expect(client.status).toBe('signed-in')
    expect((await client.fetch(`${origin}/api/me`)).status).toBe(200)
    expect(String(await client.authorization())).toMatch(transport === 'cookie' ? 'null' : /^Bearer a\.\d+\.1$/)

    expect(await client.signOut()).toEqual({ revoked: true })
    expect([client.session, client.status, server.alive]).toEqual([null, 'signed-out', false])
    expect(await client.authorization()).toBeNull()
    expect((await client.fetch(`${origin}/api/me`)).status).toBe(401)
    expect(server.drain()).toEqual(['POST /auth/sign-in', 'GET /api/me', 'POST /auth/sign-out', 'GET /api/me'])
  })

  test('sends a sign-in as the wire wants it', async () => {
    const server = fakeServer(transport)
    await clientOf(server, transport).signIn({ name: 'ada' })
    const { request, init, body } = server.seen[0] ?? expect.fail()
    expect(body).toBe('{"name":"ada"}')
    expect(request.headers.get('content-type')).toBe('application/json')
    expect(request.headers.get('handstamp-transport')).toBe(transport)
    expect(init?.redirect).toBe('manual')
    expect(request.credentials).toBe(transport === 'bearer' ? 'same-origin' : 'include')
  })

  test.each([
    ['a refusal', () => problem(401, 'invalid_credentials'), { ok: false, code: 'invalid_credentials' }],
    [
      'a limit',
      () => problem(429, 'rate_limited', { 'retry-after': '42' }),
      { ok: false, code: 'rate_limited', retryAfter: 42 },
    ],
    ['another site', () => problem(403, 'cross_site'), { ok: false, code: 'cross_site' }],
    [
      'a store that is down',
      () => problem(503, 'temporarily_unavailable'),
      { ok: false, code: 'temporarily_unavailable' },
    ],
    ['no network', () => new TypeError('fetch failed'), { ok: false, code: 'unreachable' }],
    ["a proxy's page", () => new Response('<h1>Bad gateway', { status: 502 }), { ok: false, code: 'unreachable' }],
    ["a portal's page", () => new Response('<h1>Welcome'), { ok: false, code: 'unreachable' }],
    ['null', () => Response.json(null), { ok: false, code: 'unreachable' }],
    [
      'a session in a failure',
      () => Response.json({ session: {} }, { status: 500 }),
      { ok: false, code: 'unreachable' },
    ],
  ])('a sign-in ends with %s', async (_, answer, expected) => {
    const server = fakeServer(transport)
    server.overrides.set('POST /auth/sign-in', answer)
    const client = clientOf(server, transport, { initial: null })
    expect(await client.signIn({ name: 'ada' })).toEqual(expected)
    expect(client.session).toBeNull()
    expect(client.status).toBe(expected.code === 'unreachable' ? 'unreachable' : 'signed-out')
  })

  test('is not signed in by an answer without the token it needs', async () => {
    const server = fakeServer(transport)
    const grant = { session: { id: 'h.1', user: { id: 'ada' } }, expires_in: 60, refreshable: true }
    server.overrides.set('POST /auth/sign-in', () => Response.json(grant))
    const { ok } = await clientOf(server, transport).signIn({ name: 'ada' })
    expect(ok).toBe(transport === 'cookie')
  })

  const session = { id: 'h.1', user: { id: 'ada' } }
  const grant = { session, expires_in: 60, refreshable: true, access_token: 'a.1', refresh_token: 'r.1' }
  const json = (body: unknown) => () => Response.json(body)
  /** What a portal, a proxy or a broken server may answer with a 200. */
  const wrong: [string, () => Response][] = [
    ['a page', () => new Response('<h1>Welcome', { headers: { 'content-type': 'text/html' } })],
    ['nothing', () => new Response('')],
    ['no object', json('signed in')],
    ['an object of somebody else', json({ ok: true, code: 'success' })],
    ['a list', json([grant])],
    ['no session', json({ ...grant, session: undefined })],
    ['nobody', json({ ...grant, session: null })],
    ['a session that is none', json({ ...grant, session: true })],
    ['a session of nobody', json({ ...grant, session: { id: 'h.1' } })],
  ]
  const wrongTokens: [string, () => Response][] = [
    ['no access token', json({ ...grant, access_token: undefined })],
    ['an access token that is null', json({ ...grant, access_token: null })],
    ['an access token that is no text', json({ ...grant, access_token: { jwt: 'a.1' } })],
    ['an access token that no header can carry', json({ ...grant, access_token: 'a\r\nx-evil: 1' })],
    ['a refresh token that is no text', json({ ...grant, refresh_token: null })],
    ['a session without an id', json({ ...grant, session: { user: { id: 'ada' } } })],
  ]

  test.each([...wrong, ...(transport === 'cookie' ? [] : wrongTokens)])(
    'a 200 with %s is no answer: nobody is signed in by it, and who is signed in stays',
    async (_, answer) => {
      const storage = openStorage()
      const server = fakeServer(transport)
      const client = clientOf(server, transport, { storage })
      server.overrides.set('POST /auth/sign-in', answer)
      expect(await client.signIn({ name: 'ada' })).toEqual({ ok: false, code: 'unreachable' })
      expect([client.session, client.status, storage.text]).toEqual([undefined, 'unreachable', null])

      server.overrides.clear()
      await client.signIn({ name: 'ada' })
      const before = [client.session, storage.text, await client.authorization()]
      server.overrides.set('POST /auth/refresh', answer)
      expect(await client.refresh()).toBe(false)
      expect([client.session, storage.text, await client.authorization()]).toEqual(before)
      expect(client.status).toBe('unreachable')
      server.overrides.clear()
      expect(await client.load()).toEqual(before[0])
      expect(client.status).toBe('signed-in')
    },
  )

  test.each(wrong.filter(([name]) => name !== 'nobody'))(
    'a 200 with %s does not say who is signed in',
    async (_, answer) => {
      const server = fakeServer(transport)
      const client = clientOf(server, transport)
      await client.signIn({ name: 'ada' })
      const { session } = client
      server.overrides.set('GET /auth/session', answer)
      expect(await client.load()).toBe(session)
      expect(client.status).toBe('unreachable')
    },
  )

  test('loads who is signed in, nobody at first', async () => {
    const server = fakeServer(transport)
    const client = clientOf(server, transport)
    expect(await client.load()).toBeNull()
    expect(client.status).toBe('signed-out')
    // A client without tokens knows the answer.
    expect(server.drain()).toEqual(transport === 'bearer' ? [] : ['GET /auth/session'])
    await client.signIn({ name: 'ada' })
    expect(await client.load()).toMatchObject({ user: { id: 'ada' } })
  })

  test('finds the session again after a reload', async () => {
    const server = fakeServer(transport)
    const storage = openStorage()
    await clientOf(server, transport, { storage }).signIn({ name: 'ada' })
    server.drain()
    const client = clientOf(server, transport, { storage })
    const [first, second] = await Promise.all([client.load(), client.load()])
    expect(first).toMatchObject({ user: { id: 'ada' } })
    expect(second).toBe(first)
    expect(server.drain()).toEqual(
      transport === 'split' ? ['GET /auth/session', 'POST /auth/refresh'] : ['GET /auth/session'],
    )
  })

  test('finds a session whose access token is spent by one refresh', async () => {
    const server = fakeServer(transport)
    const storage = openStorage()
    await clientOf(server, transport, { storage }).signIn({ name: 'ada' })
    server.expire()
    server.drain()
    expect(await clientOf(server, transport, { storage }).load()).toMatchObject({ user: { id: 'ada' } })
    expect(server.drain()).toEqual(['GET /auth/session', 'POST /auth/refresh'])
  })

  test('finds out that the session ended, once', async () => {
    const server = fakeServer(transport)
    const client = clientOf(server, transport)
    await client.signIn({ name: 'ada' })
    const told = vi.fn()
    client.subscribe(told)
    server.revoke()
    server.jar.refresh = ''
    expect(await client.load()).toBeNull()
    expect(told).toHaveBeenCalledTimes(1)
    expect(await client.authorization()).toBeNull()
  })

  test.each([
    ['no network', () => new TypeError('fetch failed')],
    ['503', () => problem(503, 'temporarily_unavailable')],
    ['a page', () => new Response('<h1>Welcome')],
    ['nobody in a failure', () => Response.json({ session: null }, { status: 500 })],
  ])('keeps what is known when loading meets %s', async (_, answer) => {
    const server = fakeServer(transport)
    const storage = openStorage()
    const client = clientOf(server, transport, { storage })
    await client.signIn({ name: 'ada' })
    const { session } = client
    const { text } = storage
    server.overrides.set('GET /auth/session', answer)
    expect(await client.load()).toBe(session)
    expect([client.status, storage.text]).toEqual(['unreachable', text])
    server.overrides.clear()
    await client.load()
    expect(client.status).toBe('signed-in')
  })

  test('keeps a sign-in that ends after a sign-out was asked for from coming back', async () => {
    const server = fakeServer(transport)
    const client = clientOf(server, transport)
    const answer = hold(server, 'POST /auth/sign-in')
    const signingIn = client.signIn({ name: 'ada' })
    const signingOut = client.signOut()
    expect(client.session).toBeNull()
    answer.release()
    expect(await signingIn).toEqual({ ok: false, code: 'unauthenticated' })
    expect(await signingOut).toEqual({ revoked: true })
    expect(new Set(server.drain())).toEqual(new Set(['POST /auth/sign-in', 'POST /auth/sign-out']))
    expect([client.session, server.alive, await client.authorization()]).toEqual([null, false, null])
  })

  test('signs out here whatever becomes of it there', async () => {
    const server = fakeServer(transport)
    const storage = openStorage()
    const client = clientOf(server, transport, { storage })
    await client.signIn({ name: 'ada' })
    server.overrides.set('POST /auth/sign-out', () => new TypeError('fetch failed'))
    const told = vi.fn(() => expect(client.session).toBeNull())
    client.subscribe(told)
    const signingOut = client.signOut()
    expect(client.session).toBeNull()
    expect(told).toHaveBeenCalledTimes(1)
    expect(await signingOut).toEqual({ revoked: false })
    expect([client.session, client.status, storage.text]).toEqual([null, 'unreachable', null])

    // The browser may still hold a cookie; nothing but a question for it brings the session back.
    server.drain()
    server.expire()
    await client.fetch(`${origin}/api/me`)
    expect([await client.refresh(), await client.authorization(), client.session]).toEqual([false, null, null])
    expect(server.drain()).toEqual(['GET /api/me'])
    expect(await client.load()).toEqual(
      transport === 'bearer' ? null : expect.objectContaining({ user: { id: 'ada', role: 'admin' } }),
    )
  })

  test('says how long a token lives that cannot be revoked', async () => {
    const server = fakeServer(transport)
    const client = clientOf(server, transport)
    await client.signIn({ name: 'ada' })
    server.overrides.set('POST /auth/sign-out', () => Response.json({ revoked: false, validUntil: 1_700_000_300_000 }))
    expect(await client.signOut()).toEqual({ revoked: false, validUntil: 1_700_000_300_000 })
    expect(client.status).toBe('signed-out')
  })

  test('of two sign-ins the later one counts, and presents the session it leaves', async () => {
    const server = fakeServer(transport)
    const client = clientOf(server, transport)
    await Promise.all([client.signIn({ name: 'ada' }), client.signIn({ name: 'grace' })])
    expect(client.session).toMatchObject({ user: { id: 'grace' } })
    expect((await client.fetch(`${origin}/api/me`)).status).toBe(200)
    const second = server.seen[1] ?? expect.fail()
    if (transport === 'cookie') expect(second.cookie).toMatch(/^a\./)
    else expect(second.authorization).toMatch(/^Bearer a\./)
  })

  test('lists and ends sessions', async () => {
    const server = fakeServer(transport)
    const client = clientOf(server, transport)
    await client.signIn({ name: 'ada' })
    const id = client.session?.id ?? expect.fail()
    expect(await client.sessions.list()).toMatchObject([{ id, current: true }])
    await client.sessions.revokeOthers()
    expect(new URL(server.seen.at(-1)?.request.url ?? '').search).toBe('?others=true')
    await expect(client.sessions.revoke('h.of/another')).rejects.toMatchObject({
      name: 'ClientError',
      code: 'not_found',
    })
    expect(server.seen.at(-1)?.route).toBe('DELETE /auth/sessions/h.of%2Fanother')
    expect(client.session).not.toBeNull()
    const told = vi.fn()
    client.subscribe(told)
    await client.sessions.revoke(id)
    expect([client.session, await client.authorization()]).toEqual([null, null])
    expect(told).toHaveBeenCalledTimes(1)
    await expect(client.sessions.list()).rejects.toMatchObject({ name: 'ClientError' })
  })

  test.each([
    ['no network', () => new TypeError('fetch failed'), 'unreachable'],
    ['a page', () => new Response('<h1>Bad gateway', { status: 502 }), 'unreachable'],
    ['another page', () => new Response('<h1>Welcome'), 'unreachable'],
    ['503', () => problem(503, 'temporarily_unavailable'), 'temporarily_unavailable'],
    ['step-up', () => refusal('stepUp'), 'step_up_required'],
  ])('cannot list sessions with %s', async (_, answer, code) => {
    const server = fakeServer(transport)
    const client = clientOf(server, transport)
    await client.signIn({ name: 'ada' })
    server.overrides.set('GET /auth/sessions', answer)
    await expect(client.sessions.list()).rejects.toMatchObject({ name: 'ClientError', code })
  })

  test('believes no 200 that a session has ended', async () => {
    const server = fakeServer(transport)
    const client = clientOf(server, transport)
    await client.signIn({ name: 'ada' })
    const { session } = client
    server.overrides.set('DELETE /auth/sessions', () => new Response('<h1>Welcome'))
    await expect(client.sessions.revokeOthers()).rejects.toMatchObject({ code: 'unreachable' })
    server.overrides.set(`DELETE /auth/sessions/${session?.id}`, () => Response.json({ code: 'ok' }))
    await expect(client.sessions.revoke(session?.id ?? '')).rejects.toMatchObject({ code: 'unreachable' })
    server.overrides.set('GET /auth/sessions', () => Response.json({ sessions: 'none' }))
    await expect(client.sessions.list()).rejects.toMatchObject({ code: 'unreachable' })
    expect(client.session).toBe(session)
  })

  test('shows no credential to whoever looks', async () => {
    const server = fakeServer(transport)
    const client = clientOf(server, transport)
    const results = [await client.signIn({ name: 'ada' }), await client.load(), await client.refresh()]
    server.overrides.set('GET /auth/sessions', () => problem(404, 'not_found'))
    const error = await client.sessions.list().catch((reason: unknown) => reason)
    const all = { client, results, error }
    const shown = inspect(all, { showHidden: true, depth: 20, getters: true }) + JSON.stringify(all)
    expect(shown).toContain('ada')
    expect(shown).not.toMatch(/\b[ar]\.\d+\.\d+/)
  })
})

test('starts with what the page knows', () => {
  const session = {
    id: 'h.1',
    user: { id: 'ada', role: 'admin' as const },
    createdAt: 0,
    lastSeenAt: 0,
    expiresAt: 1,
    authTime: 0,
  }
  const server = fakeServer('cookie')
  expect(clientOf(server, 'cookie', { initial: session }).session).toBe(session)
  expect(clientOf(server, 'cookie', { initial: null }).status).toBe('signed-out')
  expect(server.seen).toEqual([])
})

test('speaks to the routes where they are mounted', async () => {
  const server = fakeServer('cookie')
  await clientOf(server, 'cookie', { basePath: '/api/identity' }).load()
  expect(server.drain()).toEqual(['GET /api/identity/session'])
})

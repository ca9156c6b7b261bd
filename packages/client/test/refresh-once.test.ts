import { getEventListeners } from 'node:events'
import type { Transport } from '@handstamp/core/session'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { CommonOptions } from '../src/options.ts'
import type { TokenStorage } from '../src/storages/storage.ts'
import { type Client, clientOf, openStorage, transports } from './client-of.ts'
import { type FakeServer, fakeServer, gate, hold, origin, problem, refusal, type User } from './fake-server.ts'

const refreshRoute = 'POST /auth/refresh'
const api = `${origin}/api/me`

/** The monotonic clock, in milliseconds. */
let now = 0
vi.spyOn(performance, 'now').mockImplementation(() => now)

afterEach(() => {
  now = 0
})

async function signedIn(
  transport: Transport,
  options?: Partial<CommonOptions<User>> & { readonly storage?: TokenStorage },
): Promise<{ readonly server: FakeServer; readonly client: Client }> {
  const server = fakeServer(transport)
  const client = clientOf(server, transport, options)
  await client.signIn({ name: 'ada' })
  server.drain()
  return { server, client }
}

describe.each(transports)('over %s', (transport) => {
  test('a storm of 500 refusals is one refresh, and each request is repeated once', async () => {
    const { server, client } = await signedIn(transport)
    server.expire()
    const storm = Array.from({ length: 500 }, (_, index) => client.fetch(`${origin}/api/${index}`))
    const statuses = new Set((await Promise.all(storm)).map((response) => response.status))
    expect(statuses).toEqual(new Set([200]))
    expect(server.count(refreshRoute)).toBe(1)
    for (let index = 0; index < 500; index++) expect(server.count(`GET /api/${index}`)).toBe(2)
    // It presents the refresh token or the cookie, and nothing else that the server would have to choose from.
    expect(server.seen.find(({ route }) => route === refreshRoute)?.authorization).toBeNull()
  })

  test('a storm whose token is known to be spent is one refresh before it', async () => {
    const { server, client } = await signedIn(transport)
    server.expire()
    now = 300_000
    await Promise.all(Array.from({ length: 500 }, () => client.fetch(api)))
    expect([server.count(refreshRoute), server.count('GET /api/me')]).toEqual([1, 500])
  })

  test('a refusal that comes late finds the new credential and is no second refresh', async () => {
    const { server, client } = await signedIn(transport)
    server.expire()
    const late = gate()
    server.overrides.set('GET /api/late', async ({ headers }) => {
      const spent =
        transport === 'cookie'
          ? server.seen.filter(({ route }) => route === 'GET /api/late').length === 1
          : headers.get('authorization')?.endsWith('.1')
      if (!spent) return undefined
      await late.opened
      return refusal('expired')
    })
    const waiting = client.fetch(`${origin}/api/late`)
    expect((await client.fetch(api)).status).toBe(200)
    late.open()
    expect((await waiting).status).toBe(200)
    expect(server.count(refreshRoute)).toBe(1)
  })

  test('the second refusal is surfaced', async () => {
    const { server, client } = await signedIn(transport)
    server.overrides.set('GET /api/me', () => refusal('expired'))
    expect((await client.fetch(api)).status).toBe(401)
    expect(server.drain()).toEqual(['GET /api/me', refreshRoute, 'GET /api/me'])
    expect(client.status).toBe('signed-in')
  })

  test.each([
    ['400 invalid_grant', () => problem(400, 'invalid_grant')],
    ['400 invalid_request', () => problem(400, 'invalid_request')],
    ['401 invalid_token', () => problem(401, 'invalid_token')],
    ['401 ambiguous_credential', () => problem(401, 'ambiguous_credential')],
  ])('%s signs out once', async (_, answer) => {
    const storage = openStorage()
    const { server, client } = await signedIn(transport, { storage })
    const told = vi.fn()
    client.subscribe(told)
    server.expire()
    server.overrides.set(refreshRoute, answer)
    const responses = await Promise.all(Array.from({ length: 50 }, () => client.fetch(api)))
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([401]))
    expect([client.session, client.status, storage.text]).toEqual([null, 'signed-out', null])
    expect(told).toHaveBeenCalledTimes(1)
    expect([server.count(refreshRoute), server.count('GET /api/me')]).toEqual([1, 50])

    expect(await client.authorization()).toBeNull()
    if (transport === 'cookie') return
    await client.fetch(api)
    expect(server.seen.at(-1)?.authorization).toBeNull()
    expect(server.count(refreshRoute)).toBe(1)
  })

  test.each([
    ['no network', () => new TypeError('fetch failed')],
    ['a timeout', () => new DOMException('The operation timed out', 'TimeoutError')],
    ['500', () => problem(500, 'internal_error')],
    ['503', () => problem(503, 'temporarily_unavailable')],
    ['429', () => problem(429, 'rate_limited')],
    ['403 of another site', () => problem(403, 'cross_site')],
    ['404', () => problem(404, 'not_found')],
    ["a proxy's 502", () => new Response('<h1>Bad gateway', { status: 502 })],
    ["a proxy's 401", () => new Response('<h1>Password?', { status: 401 })],
    ["a proxy's 400", () => Response.json({ code: 'bad_header' }, { status: 400 })],
    ["a portal's page", () => new Response('<h1>Welcome')],
    ['a grant cut short', () => new Response('{"session":{"id":"h.1","user":{"id"')],
    [
      'a body cut short',
      () => new Response(new ReadableStream({ start: (it) => it.error(new TypeError('terminated')) })),
    ],
  ])('%s is no sign-out', async (_, answer) => {
    const storage = openStorage()
    const { server, client } = await signedIn(transport, { storage })
    const { session } = client
    const { text } = storage
    const told = vi.fn()
    client.subscribe(told)
    server.expire()
    server.overrides.set(refreshRoute, answer)
    const responses = await Promise.all(Array.from({ length: 50 }, () => client.fetch(api)))
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([401]))
    expect([client.session, client.status, storage.text]).toEqual([session, 'unreachable', text])
    expect([server.count(refreshRoute), server.count('GET /api/me')]).toEqual([1, 50])
    expect(told).toHaveBeenCalledTimes(1)

    // The answer may have been lost on its way, so the same token is presented again, and the session goes on.
    server.overrides.clear()
    now += 1_000
    expect((await client.fetch(api)).status).toBe(200)
    expect([client.status, server.reused]).toEqual(['signed-in', false])
    const bodies = server.seen.filter(({ route }) => route === refreshRoute).map(({ body }) => body)
    expect(bodies[1]).toBe(bodies[0])
  })

  test('pauses grow up to half a minute, and end with the first answer', async () => {
    const { server, client } = await signedIn(transport)
    server.expire()
    server.overrides.set(refreshRoute, () => new TypeError('fetch failed'))
    for (const seconds of [1, 2, 4, 8, 16, 30, 30]) {
      server.drain()
      await client.fetch(api)
      now += seconds * 1_000 - 1
      await client.fetch(api)
      expect(server.count(refreshRoute), `${seconds} s`).toBe(1)
      now += 1
    }
    server.overrides.clear()
    expect((await client.fetch(api)).status).toBe(200)
    server.expire()
    server.overrides.set(refreshRoute, () => new TypeError('fetch failed'))
    await client.fetch(api)
    server.overrides.clear()
    now += 1_000
    expect((await client.fetch(api)).status).toBe(200)
  })

  test('a pause that the server asked for is kept, unless loading finds it back earlier', async () => {
    const { server, client } = await signedIn(transport)
    server.overrides.set(refreshRoute, () => problem(503, 'temporarily_unavailable', { 'retry-after': '120' }))
    expect([await client.refresh(), await client.refresh()]).toEqual([false, false])
    now = 119_999
    expect(await client.refresh()).toBe(false)
    expect(server.count(refreshRoute)).toBe(1)
    server.overrides.clear()
    now = 120_000
    expect(await client.refresh()).toBe(true)
    expect(client.status).toBe('signed-in')

    server.overrides.set(refreshRoute, () => problem(429, 'rate_limited', { 'retry-after': '120' }))
    expect(await client.refresh()).toBe(false)
    server.overrides.clear()
    expect(await client.load()).toMatchObject({ user: { id: 'ada' } })
    expect(await client.refresh()).toBe(true)
  })

  test.each(['soon', '-5', '0', 'Wed, 21 Oct 2026 07:28:00 GMT', '1e99'])(
    'reads no nonsense out of Retry-After: %s',
    async (header) => {
      const { server, client } = await signedIn(transport)
      server.overrides.set(refreshRoute, () => problem(503, 'temporarily_unavailable', { 'retry-after': header }))
      expect(await client.refresh()).toBe(false)
      server.overrides.clear()
      now = 3_600_000
      expect(await client.refresh()).toBe(true)
    },
  )

  test('waits no longer than the grace for an answer', async () => {
    const { server, client } = await signedIn(transport)
    const impatient = new AbortController()
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValueOnce(impatient.signal)
    const asked = gate()
    server.overrides.set(refreshRoute, ({ signal }) => {
      asked.open()
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    })
    const refreshing = client.refresh()
    await asked.opened
    expect(timeout.mock.lastCall?.[0]).toBeLessThan(10_000)
    impatient.abort(new DOMException('The operation timed out', 'TimeoutError'))
    expect([await refreshing, client.status]).toEqual([false, 'unreachable'])
    timeout.mockRestore()
  })

  test('refreshes a little before the time the server gave, by the monotonic clock alone', async () => {
    const { server, client } = await signedIn(transport)
    now = 289_999
    await client.fetch(api)
    expect(server.drain()).toEqual(['GET /api/me'])
    now = 290_000
    await client.fetch(api)
    expect(server.drain()).toEqual([refreshRoute, 'GET /api/me'])
    // The new one is good for as long again.
    now = 579_999
    await client.fetch(api)
    expect(server.drain()).toEqual(['GET /api/me'])
  })

  test('counts from the question and not from the answer', async () => {
    const { server, client } = await signedIn(transport)
    server.overrides.set(refreshRoute, () => {
      now = 7_000
      return undefined
    })
    await client.refresh()
    server.drain()
    now = 290_000
    await client.fetch(api)
    expect(server.drain()).toEqual([refreshRoute, 'GET /api/me'])
  })

  test('after a sleep of eight hours there is one refresh', async () => {
    const { server, client } = await signedIn(transport)
    now = 8 * 3_600_000
    server.expire()
    await Promise.all(Array.from({ length: 20 }, () => client.fetch(api)))
    expect(server.count(refreshRoute)).toBe(1)
  })

  test.each([
    ['a refresh is never due', null, true],
    ['a refresh is of no use', 300, false],
  ])('where %s, none is made by itself', async (_, expiresIn, refreshable) => {
    const server = fakeServer(transport)
    Object.assign(server, { expiresIn, refreshable })
    const client = clientOf(server, transport)
    await client.signIn({ name: 'ada' })
    now = 1e12
    await client.fetch(api)
    expect(server.count(refreshRoute)).toBe(0)
  })

  test('a lifetime of nothing is no loop', async () => {
    const { server, client } = await signedIn(transport)
    server.expiresIn = 0
    expect(await client.refresh()).toBe(true)
    server.drain()
    await client.fetch(api)
    expect(server.drain()).toEqual([refreshRoute, 'GET /api/me'])
  })

  test.each([0, 3_600_000, -3_600_000])('a wall clock that jumps by %d ms changes nothing', async (jump) => {
    const wall = vi.spyOn(Date, 'now')
    const { server, client } = await signedIn(transport)
    wall.mockReturnValue(1_700_000_000_000 + jump)
    await client.fetch(api)
    server.expire()
    wall.mockReturnValue(1_700_000_000_000 - jump)
    await client.fetch(api)
    now = 600_000
    await client.load()
    await client.fetch(api)
    expect(server.drain()).toEqual([
      ...['GET /api/me', 'GET /api/me', refreshRoute, 'GET /api/me'],
      ...['GET /auth/session', 'GET /api/me'],
    ])
    wall.mockRestore()
  })

  test('a caller who gives up leaves the refresh to the others', async () => {
    const { server, client } = await signedIn(transport)
    server.expire()
    const answer = hold(server, refreshRoute)
    const giveUp = new AbortController()
    const reason = new Error('left the page')
    const impatient = client.fetch(api, { signal: giveUp.signal })
    const patient = client.fetch(api)
    await answer.arrived
    giveUp.abort(reason)
    await expect(impatient).rejects.toBe(reason)
    answer.release()
    expect((await patient).status).toBe(200)
    expect([server.count(refreshRoute), server.count('GET /api/me')]).toEqual([1, 3])
  })

  test('who gave up already does not wait at all', async () => {
    const { server, client } = await signedIn(transport)
    const answer = hold(server, refreshRoute)
    now = 300_000
    const reason = new Error('left the page')
    for (const init of [{ signal: AbortSignal.abort(reason) }, undefined]) {
      const giveUp = new AbortController()
      const waiting = client.fetch(new Request(api, { signal: giveUp.signal }), init)
      await answer.arrived
      giveUp.abort(reason)
      await expect(waiting).rejects.toBe(reason)
    }
    expect(server.drain()).toEqual([refreshRoute])
    answer.release()
  })

  test('nothing is left on a signal that lives on', async () => {
    const server = fakeServer(transport)
    // Whoever sends has listeners of its own.
    const client = clientOf(server, transport, {
      fetch: (input, init) => server.fetch(input, { ...init, signal: null }),
    })
    await client.signIn({ name: 'ada' })
    const { signal } = new AbortController()
    const heard = vi.spyOn(signal, 'addEventListener')
    for (let at = 0; at < 20; at++) {
      server.expire()
      expect((await client.fetch(api, { signal })).status).toBe(200)
    }
    expect(heard).toHaveBeenCalledTimes(20)
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  test('a refresh that ends after a sign-out brings nobody back', async () => {
    const storage = openStorage()
    const { server, client } = await signedIn(transport, { storage })
    const answer = hold(server, refreshRoute)
    const refreshing = client.refresh()
    await answer.arrived
    const signingOut = client.signOut()
    answer.release()
    expect([await refreshing, await signingOut]).toEqual([false, { revoked: true }])
    expect([client.session, storage.text, server.alive]).toEqual([null, null, false])
  })

  test('a sign-out while a refresh is being written wins', async () => {
    const storage = openStorage()
    const { client } = await signedIn(transport, { storage })
    const { set } = storage
    storage.set = async (value) => {
      void client.signOut()
      await set(value)
    }
    expect(await client.refresh()).toBe(transport !== 'bearer')
    expect(client.session === null).toBe(transport === 'bearer')
    expect(storage.text).toBeNull()
  })

  test('who is unknown yet is never repeated as who signs in meanwhile', async () => {
    const storage = openStorage()
    const { server } = await signedIn(transport, { storage })
    const client = clientOf(server, transport, { storage })
    const answer = hold(server, 'POST /api/notes', () => refusal('expired'))
    const noting = client.fetch(`${origin}/api/notes`, { method: 'POST', body: 'by ada' })
    await answer.arrived
    await client.signIn({ name: 'grace' })
    answer.release()
    expect((await noting).status).toBe(401)
    expect(server.count('POST /api/notes')).toBe(1)
  })

  test('nor as whom loading finds meanwhile', async () => {
    const storage = openStorage()
    const { server, client } = await signedIn(transport, { storage })
    const answer = hold(server, 'POST /api/notes', () => refusal('expired'))
    const noting = client.fetch(`${origin}/api/notes`, { method: 'POST', body: 'by ada' })
    await answer.arrived
    await clientOf(server, transport, { storage }).signIn({ name: 'grace' })
    await client.load()
    answer.release()
    expect((await noting).status).toBe(401)
    expect(server.count('POST /api/notes')).toBe(1)
  })

  test('a session that was loaded meanwhile is no new credential', async () => {
    const { server, client } = await signedIn(transport)
    const answer = hold(server, 'GET /api/me', () => refusal('expired'))
    server.overrides.set(refreshRoute, () => {
      server.overrides.clear()
      return undefined
    })
    const waiting = client.fetch(api)
    await answer.arrived
    await client.load()
    server.drain()
    answer.release()
    expect((await waiting).status).toBe(200)
    expect(server.drain()).toEqual([refreshRoute, 'GET /api/me'])
  })

  test('a request of one user is never repeated as another', async () => {
    const { server, client } = await signedIn(transport)
    server.expire()
    const answer = hold(server, 'POST /api/notes', () => refusal('expired'))
    const noting = client.fetch(`${origin}/api/notes`, { method: 'POST', body: 'by ada' })
    await answer.arrived
    await client.signIn({ name: 'grace' })
    answer.release()
    expect((await noting).status).toBe(401)
    expect(server.count('POST /api/notes')).toBe(1)
  })

  test('a storm while the page is loading is one refresh', async () => {
    const { server, client } = await signedIn(transport)
    server.expire()
    const loading = client.load()
    const storm = await Promise.all(Array.from({ length: 100 }, () => client.fetch(api)))
    expect(new Set(storm.map(({ status }) => status))).toEqual(new Set([200]))
    expect(await loading).toMatchObject({ user: { id: 'ada' } })
    expect(server.count(refreshRoute)).toBe(1)
  })

  test('a refresh that is asked for during a sign-in waits for it, and is not needed', async () => {
    const { server, client } = await signedIn(transport)
    const signingIn = client.signIn({ name: 'grace' })
    expect([await client.refresh(), (await signingIn).ok]).toEqual([true, true])
    expect(server.drain()).toEqual(['POST /auth/sign-in'])
    expect(client.session).toMatchObject({ user: { id: 'grace' } })
  })
})

describe('with tokens in a storage that other tabs write too', () => {
  test('another tab has refreshed already: its token is taken, and there is no second refresh', async () => {
    const storage = openStorage()
    const { server, client } = await signedIn('bearer', { storage })
    const tab = clientOf(server, 'bearer', { storage })
    server.expire()
    const answer = hold(server, 'GET /api/me')
    const waiting = client.fetch(api)
    await answer.arrived
    expect(await tab.refresh()).toBe(true)
    server.overrides.clear()
    answer.release()
    expect((await waiting).status).toBe(200)
    expect([server.count(refreshRoute), server.reused]).toEqual([1, false])
  })

  test('another tab has another user: the request is not repeated', async () => {
    const storage = openStorage()
    const { server, client } = await signedIn('bearer', { storage })
    server.overrides.set('GET /api/me', async () => {
      await clientOf(fakeServer('bearer'), 'bearer', { storage }).signIn({ name: 'grace' })
      return refusal('expired')
    })
    expect((await client.fetch(api)).status).toBe(401)
    expect(server.drain()).toEqual(['GET /api/me'])
  })

  test('another tab has signed in while ours was refused: its tokens stay', async () => {
    const storage = openStorage()
    const { server, client } = await signedIn('bearer', { storage })
    server.overrides.set(refreshRoute, async () => {
      await clientOf(fakeServer('bearer'), 'bearer', { storage }).signIn({ name: 'grace' })
      return problem(400, 'invalid_grant')
    })
    expect(await client.refresh()).toBe(false)
    expect(storage.text).not.toBeNull()
    expect(client.session).not.toBeNull()
  })

  test('what was refused is not sent again, even if the storage cannot let go of it', async () => {
    const storage = { ...openStorage(), remove: () => Promise.reject(new Error('stuck')) }
    const { server, client } = await signedIn('bearer', { storage })
    server.revoke()
    expect([await client.refresh(), client.session]).toEqual([false, null])
    server.drain()
    expect([await client.authorization(), await client.refresh(), await client.load()]).toEqual([null, false, null])
    expect(server.drain()).toEqual([])
  })
})

test('without a refresh token the access token is presented', async () => {
  const { server, client } = await signedIn('bearer')
  const session = client.session
  const grant = { session, expires_in: 60, refreshable: true, access_token: 'jwt.1', token_type: 'Bearer' }
  server.overrides.set('POST /auth/sign-in', () => Response.json(grant))
  server.overrides.set(refreshRoute, () => Response.json({ ...grant, access_token: 'jwt.2' }))
  await client.signIn({ name: 'ada' })
  expect(await client.refresh()).toBe(true)
  expect(server.seen.at(-1)).toMatchObject({ authorization: 'Bearer jwt.1', body: '' })
  expect(await client.authorization()).toBe('Bearer jwt.2')
})

describe.each(['cookie', 'bearer'] as const)(
  'a token without a record has another id with each refresh, over %s',
  (transport) => {
    const expired = (request: Request) =>
      request.headers.get('authorization') === 'Bearer jwt.2' ? undefined : refusal('expired')

    async function stateless(storage: TokenStorage = openStorage()): Promise<{ server: FakeServer; client: Client }> {
      const { server, client } = await signedIn(transport, { storage })
      const { session } = client
      let issued = 0
      const grant = () => {
        issued++
        const access = `jwt.${issued}`
        if (transport === 'cookie') server.jar.access = access
        const body = { session: { ...session, id: access }, expires_in: 60, refreshable: true }
        return Response.json(transport === 'cookie' ? body : { ...body, access_token: access, token_type: 'Bearer' })
      }
      server.overrides.set('POST /auth/sign-in', grant)
      server.overrides.set(refreshRoute, grant)
      server.overrides.set('POST /api/notes', (request) =>
        (transport === 'cookie' ? server.jar.access === 'jwt.2' : !expired(request))
          ? Response.json({})
          : refusal('expired'),
      )
      await client.signIn({ name: 'ada' })
      server.drain()
      return { server, client }
    }

    const note = { method: 'POST', body: 'by ada' }

    test('and is refreshed and repeated where a server with another clock takes it for spent', async () => {
      const { server, client } = await stateless()
      expect(client.session?.id).toBe('jwt.1')
      expect((await client.fetch(`${origin}/api/notes`, note)).status).toBe(200)
      expect(server.drain()).toEqual(['POST /api/notes', refreshRoute, 'POST /api/notes'])
      expect(client.session).toMatchObject({ id: 'jwt.2', user: { id: 'ada' } })
    })

    test('and is not repeated for whom signed in meanwhile', async () => {
      const { server, client } = await stateless()
      const grace = { id: 'jwt.2', user: { id: 'grace', role: 'member' } }
      if (transport === 'cookie')
        server.overrides.set(refreshRoute, () => Response.json({ session: grace, expires_in: 60 }))
      else
        server.overrides.set('POST /api/notes', async () => {
          await client.signIn({ name: 'grace' })
          return refusal('expired')
        })
      expect((await client.fetch(`${origin}/api/notes`, note)).status).toBe(401)
      expect(server.count('POST /api/notes')).toBe(1)
    })

    test('and another tab that has refreshed it is the same user', async () => {
      if (transport === 'cookie') return
      const storage = openStorage()
      const { server, client } = await stateless(storage)
      const tab = clientOf(server, transport, { storage, initial: client.session ?? null })
      const answer = hold(server, 'GET /api/me', () => refusal('expired'))
      const waiting = client.fetch(api)
      await answer.arrived
      expect(await tab.refresh()).toBe(true)
      server.overrides.set('GET /api/me', () => Response.json({}))
      answer.release()
      expect((await waiting).status).toBe(200)
    })
  },
)

test('in split the access token of a new page comes with the first request that needs one', async () => {
  const { server } = await signedIn('split')
  const client = clientOf(server, 'split')
  expect((await client.fetch(api)).status).toBe(200)
  expect(server.drain()).toEqual([refreshRoute, 'GET /api/me'])
  const another = clientOf(server, 'split')
  expect(await another.authorization()).toMatch(/^Bearer a/)
  expect(server.drain()).toEqual([refreshRoute])
})

test('a session that the server does not see behind a spent access token is found by the refresh token', async () => {
  const { server, client } = await signedIn('bearer')
  server.overrides.set('GET /auth/session', () => Response.json({ session: null }))
  expect(await client.load()).toMatchObject({ user: { id: 'ada' } })
  expect(server.drain()).toEqual(['GET /auth/session', refreshRoute])
  server.overrides.set('GET /auth/session', () => problem(401, 'invalid_token'))
  expect(await client.load()).toMatchObject({ user: { id: 'ada' } })
  expect(server.drain()).toEqual(['GET /auth/session', refreshRoute])
  server.revoke()
  expect(await client.load()).toBeNull()
})

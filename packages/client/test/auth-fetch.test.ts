import type { Transport } from '@handstamp/core/session'
import { describe, expect, test, vi } from 'vitest'
import { type Client, clientOf, transports } from './client-of.ts'
import { challenges, type FakeServer, fakeServer, origin, other, problem, refusal } from './fake-server.ts'

const api = `${origin}/api/echo`

async function signedIn(
  transport: Transport,
  allowedOrigins?: readonly string[],
): Promise<{ server: FakeServer; client: Client }> {
  const server = fakeServer(transport)
  const client = clientOf(server, transport, allowedOrigins && { allowedOrigins })
  await client.signIn({ name: 'ada' })
  server.drain()
  return { server, client }
}

function stream(text: string): ReadableStream<Uint8Array> {
  return new Blob([text]).stream()
}

/** Node's own kind of body. */
function iterable(text: string): BodyInit {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode(text)
  }
  return chunks() as unknown as BodyInit
}

describe('where the credential goes', () => {
  test.each([
    [api, true],
    ['https://api.example', true],
    ['https://api.example:443/api', true],
    ['https://API.EXAMPLE/api', true],
    ['https:api.example/api', true],
    ['https://listed.example/api', true],
    ['http://localhost:3000/api', true],
    ['http://api.example/api', false],
    ['https://api.example:444/api', false],
    ['https://api.example.evil.example/api', false],
    ['https://evil.example/https://api.example/', false],
    ['https://evil.example\\@api.example/', false],
    ['https://evil.example#@api.example/', false],
    ['https://api.example./api', false],
    ['https://sub.listed.example/api', false],
    ['http://localhost:3001/api', false],
    ['http://localhost.evil.example:3000/api', false],
    ['ws://api.example/', false],
    ['data:text/plain,api.example', false],
    ['blob:https://api.example/0e6c5f4c', false],
  ])('%s: %s', async (address, goes) => {
    const server = fakeServer('bearer')
    const client = clientOf(server, 'bearer', { allowedOrigins: ['https://listed.example', 'http://localhost:3000'] })
    await client.signIn({ name: 'ada' })
    for (const input of [address, new URL(address), new Request(address)]) {
      await client.fetch(input)
      expect(server.seen.at(-1)?.authorization).toEqual(goes ? expect.stringMatching(/^Bearer a/) : null)
    }
  })

  test('an address with a user in it is refused, as fetch does', async () => {
    const { client, server } = await signedIn('bearer')
    await expect(client.fetch('https://api.example@evil.example/')).rejects.toThrow(TypeError)
    await expect(client.fetch('https://user:pass@api.example/')).rejects.toThrow(TypeError)
    expect(server.drain()).toEqual([])
  })

  test('a relative address is what fetch would make of it, whatever the location says', async () => {
    const server = fakeServer('bearer')
    const at = (base: string) =>
      class extends Request {
        constructor(input: RequestInfo | URL, init?: RequestInit) {
          super(input instanceof Request ? input : new URL(String(input), base), init)
        }
      }
    const client = clientOf(server, 'bearer')
    await client.signIn({ name: 'ada' })
    vi.stubGlobal('location', new URL(origin))
    for (const [base, input, goes] of [
      [`${origin}/page/`, '/api/me', true],
      [`${origin}/page/`, '//evil.example/api/me', false],
      [`${origin}/page/`, '\\\\evil.example/api/me', false],
      ['https://evil.example/', '/api/me', false],
    ] as const) {
      vi.stubGlobal('Request', at(base))
      await client.fetch(input)
      expect(server.seen.at(-1)?.authorization, `${input} at ${base}`).toEqual(goes ? expect.any(String) : null)
    }
    vi.unstubAllGlobals()
  })

  test('an answer from an origin that is not allowed is never taken for a challenge', async () => {
    const { client, server } = await signedIn('bearer')
    server.overrides.set(`GET ${other}/api`, () => refusal('expired'))
    expect((await client.fetch(`${other}/api`)).status).toBe(401)
    expect(server.drain()).toEqual([`GET ${other}/api`])
  })

  test.each(transports)('a request that is no business of ours goes out as it is, over %s', async (transport) => {
    const { client, server } = await signedIn(transport)
    server.overrides.set('GET /api/echo', () => refusal('expired'))
    const inits: (RequestInit | undefined)[] = [
      { headers: { authorization: 'Basic YTpi' } },
      { headers: [['Authorization', 'Bearer mine']] },
      { mode: 'no-cors' },
    ]
    for (const init of inits) {
      await client.fetch(api, init)
      expect(server.seen.at(-1)?.init).toBe(init)
      const request = new Request(api, init)
      await client.fetch(request)
      expect(server.seen.at(-1)?.init).toBeUndefined()
    }
    expect(server.drain()).toEqual(Array.from({ length: 6 }, () => 'GET /api/echo'))
  })

  test.each([
    [undefined, undefined, 'include'],
    [undefined, 'omit', 'omit'],
    [undefined, 'same-origin', 'same-origin'],
    ['omit', undefined, 'omit'],
    ['include', undefined, 'include'],
    ['omit', 'include', 'include'],
  ] as const)(
    'cookies go along unless the caller has decided: Request %s, init %s → %s',
    async (ofRequest, ofInit, expected) => {
      const { client, server } = await signedIn('cookie')
      const input = ofRequest === undefined ? api : new Request(api, { credentials: ofRequest })
      await client.fetch(input, ofInit && { credentials: ofInit })
      expect(server.seen[0]?.request.credentials).toBe(expected)
      expect(server.seen[0]?.authorization).toBeNull()
    },
  )

  test('nothing is attached where nobody is signed in', async () => {
    const server = fakeServer('bearer')
    const init = { method: 'POST', body: 'x' }
    await clientOf(server, 'bearer').fetch(api, init)
    expect(server.seen.at(-1)).toMatchObject({ authorization: null, init })
  })

  test('it stands in for the fetch of the platform', async () => {
    const { client } = await signedIn('bearer')
    const platform: typeof globalThis.fetch = client.fetch
    expect((await platform(api)).status).toBe(200)
  })

  test('all else of a request stays', async () => {
    const { client, server } = await signedIn('bearer')
    const headers = { accept: 'text/csv', 'content-type': 'text/plain' }
    const init = { method: 'PUT', headers, body: 'x', redirect: 'manual', cache: 'no-store', keepalive: true } as const
    for (const input of [client.fetch(api, init), client.fetch(new Request(api, init))]) {
      await input
      const { request, body } = server.seen.at(-1) ?? expect.fail()
      const { method, redirect, cache, keepalive } = request
      expect({ method, redirect, cache, keepalive, body }).toEqual({
        ...{ method: 'PUT', redirect: 'manual', cache: 'no-store', keepalive: true },
        body: 'x',
      })
      expect(Object.fromEntries(request.headers)).toMatchObject(headers)
    }
  })
})

describe.each(transports)('what is repeated after a refresh, over %s', (transport) => {
  const form = new FormData()
  form.set('note', 'hello')

  test.each<[string, () => BodyInit | undefined, boolean]>([
    ['no body', () => undefined, true],
    ['a text', () => 'hello', true],
    ['an empty text', () => '', true],
    ['a Blob', () => new Blob(['hello']), true],
    ['FormData', () => form, true],
    ['URLSearchParams', () => new URLSearchParams({ note: 'hello' }), true],
    ['an ArrayBuffer', () => new TextEncoder().encode('hello').buffer, true],
    ['a view', () => new TextEncoder().encode('hello'), true],
    ['a stream', () => stream('hello'), false],
    ['an async iterable', () => iterable('hello'), false],
  ])('%s in init', async (_, body, repeated) => {
    const { client, server } = await signedIn(transport)
    server.expire()
    const init = { method: 'POST', body: body() ?? null, duplex: 'half' }
    const response = await client.fetch(api, init)
    expect(response.status).toBe(repeated ? 200 : 401)
    expect(server.count('POST /auth/refresh')).toBe(1)
    const sent = server.seen.filter(({ route }) => route === 'POST /api/echo')
    expect(sent.length).toBe(repeated ? 2 : 1)
    const plain = ({ body: text }: { body: string }) => text.replaceAll(/-+formdata-\S+/g, 'boundary')
    expect(new Set(sent.map(plain)).size).toBe(1)
    expect(sent[0]?.body.includes('hello')).toBe(!['no body', 'an empty text'].includes(_))
    // What was left out works at the next call.
    expect((await client.fetch(api, { method: 'POST', body: 'again' })).status).toBe(200)
  })

  test.each<[string, () => BodyInit | undefined]>([
    ['no body', () => undefined],
    ['a text', () => 'hello'],
    ['FormData', () => form],
    ['a stream', () => stream('hello')],
  ])('%s in a Request, of which a copy is made before', async (_, body) => {
    const { client, server } = await signedIn(transport)
    server.expire()
    const init = { method: 'POST', body: body() ?? null, duplex: 'half', headers: { 'x-note': '1' } }
    const response = await client.fetch(new Request(api, init))
    expect(response.status).toBe(200)
    const sent = server.seen.filter(({ route }) => route === 'POST /api/echo')
    expect(sent.length).toBe(2)
    expect(sent[1]?.body).toBe(sent[0]?.body)
    expect(sent[1]?.request.headers.get('content-type')).toBe(sent[0]?.request.headers.get('content-type'))
    expect(sent[1]?.request.headers.get('x-note')).toBe('1')
  })

  test('a Request whose body is overridden', async () => {
    const { client, server } = await signedIn(transport)
    server.expire()
    const response = await client.fetch(new Request(api, { method: 'POST', body: 'old' }), { body: 'new' })
    expect(response.status).toBe(200)
    expect(server.seen.filter(({ route }) => route === 'POST /api/echo').map(({ body }) => body)).toEqual([
      'new',
      'new',
    ])
  })

  test('a Request that was used already is refused, as fetch does', async () => {
    const { client, server } = await signedIn(transport)
    const request = new Request(api, { method: 'POST', body: 'x' })
    await request.text()
    await expect(client.fetch(request)).rejects.toThrow(TypeError)
    expect(server.drain()).toEqual([])
  })
})

describe('what makes for a refresh', () => {
  const all: Record<Transport, boolean> = { cookie: true, bearer: true, split: true }
  const none: Record<Transport, boolean> = { cookie: false, bearer: false, split: false }
  const holders: Record<Transport, boolean> = { cookie: false, bearer: true, split: false }

  test.each<[string, number, Record<string, string>, Record<Transport, boolean>]>([
    ['token_expired', 401, { 'www-authenticate': challenges.expired }, all],
    ['among others', 401, { 'www-authenticate': `Basic realm="a, Bearer b", ${challenges.expired}` }, all],
    [
      'parameters in another order',
      401,
      { 'www-authenticate': 'bearer error_description="token_expired",error=invalid_token' },
      all,
    ],
    ['invalid_token', 401, { 'www-authenticate': challenges.invalid }, holders],
    [
      'a text of another server',
      401,
      { 'www-authenticate': 'Bearer error="invalid_token", error_description="The access token expired"' },
      holders,
    ],
    ['nothing presented', 401, { 'www-authenticate': challenges.absent }, none],
    ['step-up', 401, { 'www-authenticate': challenges.stepUp }, none],
    ['insufficient_scope', 401, { 'www-authenticate': 'Bearer error="insufficient_scope"' }, none],
    [
      'another scheme',
      401,
      { 'www-authenticate': 'DPoP error="invalid_token", error_description="token_expired"' },
      none,
    ],
    [
      'a realm by the name',
      401,
      { 'www-authenticate': 'DPoP realm="bearer", error="invalid_token", error_description="token_expired"' },
      none,
    ],
    ['a description alone', 401, { 'www-authenticate': 'Bearer error_description="token_expired"' }, none],
    ['no challenge', 401, {}, none],
    ['403', 403, { 'www-authenticate': challenges.expired }, none],
    ['400', 400, { 'www-authenticate': challenges.expired }, none],
    ['200', 200, { 'www-authenticate': challenges.expired }, none],
  ])('%s', async (_, status, headers, refreshes) => {
    for (const transport of transports) {
      const { client, server } = await signedIn(transport)
      server.overrides.set('GET /api/echo', () => Response.json({ mine: true }, { status, headers }))
      const response = await client.fetch(api)
      expect(await response.json(), transport).toEqual({ mine: true })
      expect(response.status).toBe(status)
      expect(server.count('POST /auth/refresh'), transport).toBe(refreshes[transport] ? 1 : 0)
      expect(client.session).not.toBeNull()
    }
  })

  test.each(['/auth/sign-in', '/auth/sign-out', '/auth/refresh', '/auth/refresh?x#y'])('never %s', async (path) => {
    const { client, server } = await signedIn('bearer')
    server.overrides.set(`POST ${path.split('?')[0]}`, () => refusal('expired'))
    expect((await client.fetch(origin + path, { method: 'POST' })).status).toBe(401)
    expect(server.seen.length).toBe(1)
  })

  test('but the session route as any other', async () => {
    const { client, server } = await signedIn('bearer')
    server.expire()
    expect((await client.fetch(`${origin}/auth/session`)).status).toBe(200)
    expect(server.drain()).toEqual(['GET /auth/session', 'POST /auth/refresh', 'GET /auth/session'])
  })
})

describe.each(transports)('a refusal that no refresh can mend, over %s', (transport) => {
  test('is believed when the auth server says so too: the session ended elsewhere', async () => {
    const { client, server } = await signedIn(transport)
    server.revoke()
    server.jar.refresh = ''
    const told = vi.fn()
    client.subscribe(told)
    const responses = await Promise.all(Array.from({ length: 50 }, () => client.fetch(api)))
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([401]))
    expect(client.session).toBeNull()
    expect(told).toHaveBeenCalledTimes(1)
    expect(server.seen.length).toBe(51)
  })

  test.each(['absent', 'stepUp'] as const)('%s is no sign-out by itself', async (challenge) => {
    const { client, server } = await signedIn(transport)
    server.overrides.set('GET /api/echo', () => refusal(challenge))
    const { session } = client
    expect((await client.fetch(api)).status).toBe(401)
    expect(client.session).toMatchObject({ id: session?.id })
    expect(server.count('GET /auth/session')).toBe(challenge === 'absent' ? 1 : 0)
  })

  test('from another allowed origin says nothing about ours', async () => {
    const { client, server } = await signedIn(transport, [other])
    server.overrides.set(`GET ${other}/api`, () => problem(401, 'unauthenticated', { 'www-authenticate': 'Bearer' }))
    expect((await client.fetch(`${other}/api`)).status).toBe(401)
    expect(server.drain()).toEqual([`GET ${other}/api`])
  })
})

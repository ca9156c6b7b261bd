import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Header } from './exchange.ts'
import { expectRefusal } from './expectations.ts'
import { type Playground, sharedPlaygrounds } from './playground.ts'
import { type Served, serveAuth, servedOrigin } from './served-auth.ts'
import { signedIn, type Visitor, whoIs } from './visitor.ts'

const playground = sharedPlaygrounds(['--strategy session'])

const hostile: readonly { readonly name: string; readonly headers: readonly Header[] }[] = [
  { name: 'cross-site', headers: [['Sec-Fetch-Site', 'cross-site'], ['Origin', 'https://evil.example']] },
  { name: 'same-site', headers: [['Sec-Fetch-Site', 'same-site'], ['Origin', 'null']] },
  { name: 'unknown', headers: [['Sec-Fetch-Site', 'same-planet']] },
  { name: 'two values', headers: [['Sec-Fetch-Site', 'same-origin'], ['Sec-Fetch-Site', 'cross-site']] },
  { name: 'none', headers: [['Sec-Fetch-Site', 'none']] },
  { name: 'an unlisted Origin', headers: [['Origin', 'https://evil.example']] },
  { name: 'a foreign Referer', headers: [['Referer', 'https://evil.example/']] },
  { name: 'nothing', headers: [] },
] // biome-ignore format: a table

describe('methods over the wire, session in a cookie', () => {
  let server: Playground
  let visitor: Visitor

  beforeAll(async () => {
    server = playground('--strategy session')
    visitor = await signedIn(server, 'cookie')
  })

  for (const { name, headers } of hostile) {
    test(`row 0: a safe method is answered, ${name}`, async () => {
      for (const target of ['/auth/session', '/auth/sessions', '/api/me', '/api/notes']) {
        for (const method of ['GET', 'HEAD']) {
          const answer = await visitor.ask(method, target, { headers })
          expect([method, target, answer.status, answer.setCookies]).toEqual([method, target, 200, []])
        }
        expect((await visitor.ask('OPTIONS', target, { headers })).status).toBe(204)
      }
    })
  }

  const crossSite: readonly Header[] = [['Sec-Fetch-Site', 'cross-site'], ['Origin', 'https://evil.example']] // biome-ignore format: one row
  const overrides: readonly Header[] = [
    ['X-HTTP-Method-Override', 'DELETE'],
    ['X-HTTP-Method', 'DELETE'],
    ['X-Method-Override', 'DELETE'],
  ]

  test.each([
    // F5: what a header or a query says of the method is not listened to, in neither direction.
    { method: 'GET', target: '/auth/sessions', status: 200 },
    { method: 'GET', target: '/auth/sessions?_method=DELETE', status: 200 },
    { method: 'GET', target: '/auth/sign-out?_method=POST', status: 405 },
    { method: 'GET', target: '/auth/session', status: 200 },
    { method: 'POST', target: '/auth/sign-out?_method=GET', status: 403 },
    { method: 'DELETE', target: '/auth/sessions', status: 403 },
    // F11: unsafe unless it is known to be safe; a route that does not know it says so first.
    { method: 'PROPFIND', target: '/auth/sign-out', status: 405 },
    { method: 'PROPFIND', target: '/auth/session', status: 405 },
    { method: 'PUT', target: '/auth/sessions', status: 405 },
    { method: 'PATCH', target: '/auth/refresh', status: 405 },
    { method: 'TRACE', target: '/auth/session', status: 405 },
    { method: 'TRACE', target: '/auth/refresh', status: 405 },
    // What Node's parser does not know never comes to us.
    { method: 'post', target: '/auth/sign-out', status: 400 },
    { method: 'delete', target: '/auth/sessions', status: 400 },
    { method: 'toString', target: '/auth/sign-out', status: 400 },
  ])('from elsewhere, with overrides, $method $target is $status', async ({ method, target, status }) => {
    const answer = await visitor.ask(method, target, { headers: [...crossSite, ...overrides] })
    expect([answer.status, answer.setCookies]).toEqual([status, []])
    expect(await whoIs(visitor)).toBe('ada')
  })

  test('signing out, refreshing and signing in are no GET: 405, and Allow says what they are', async () => {
    for (const target of ['/auth/sign-in', '/auth/sign-out', '/auth/refresh']) {
      for (const method of ['GET', 'HEAD']) {
        const answer = await visitor.ask(method, target)
        expect([answer.status, answer.header('allow'), answer.setCookies]).toEqual([405, 'OPTIONS, POST', []])
      }
    }
  })
})

describe('methods that no Node server lets in, as other runtimes do', () => {
  let served: Served
  let visitor: Visitor

  beforeAll(async () => {
    served = await serveAuth({ strategy: 'session', transport: 'cookie' })
    visitor = await signedIn(served.wire, 'cookie')
  })
  afterAll(() => served?.stop())

  /** The least face of a request, which can say what a web `Request` would correct. */
  function face(method: string, headers: Readonly<Record<string, string>>) {
    const cookie = [...visitor.cookies].map((pair) => pair.join('=')).join('; ')
    const all: Readonly<Record<string, string>> = { cookie, ...headers }
    return { method, url: `${servedOrigin}/`, headers: { get: (name: string) => all[name] ?? null } }
  }

  test.each(['post', 'get', 'Get', 'PROPFIND', 'QUERY', 'TRACE', 'DELETE', 'BREW', '', 'GET ', 'toString'])(
    'F11: %j is unsafe',
    async (method) => {
      const elsewhere = await served.auth.authenticate(face(method, { 'sec-fetch-site': 'cross-site' }))
      expect(elsewhere).toMatchObject({ ok: false, reason: 'cross_site' })
      const own = await served.auth.authenticate(face(method, { 'sec-fetch-site': 'same-origin' }))
      expect(own.ok).toBe(true)
    },
  )

  test.each(['GET', 'HEAD', 'OPTIONS'])('F11: %j is safe', async (method) => {
    expect((await served.auth.authenticate(face(method, { 'sec-fetch-site': 'cross-site' }))).ok).toBe(true)
  })

  test.each(['websocket', 'WebSocket', 'h2c, websocket'])(
    'F12: a GET that upgrades to %j is unsafe',
    async (upgrade) => {
      const elsewhere = await served.auth.authenticate(face('GET', { upgrade, origin: 'https://evil.example' }))
      expect(elsewhere).toMatchObject({ ok: false, reason: 'cross_site' })
      expect((await served.auth.authenticate(face('GET', { upgrade, origin: servedOrigin }))).ok).toBe(true)
      expect((await served.auth.authenticate(face('GET', { upgrade: 'h2c', origin: 'https://evil.example' }))).ok).toBe(
        true,
      )
    },
  )

  test.each(['toString', 'constructor', 'hasOwnProperty', '__proto__', 'valueOf'])(
    'a method named like a property of every object is not allowed: %s',
    async (method) => {
      for (const path of ['/auth/sign-in', '/auth/session', '/auth/sessions']) {
        const response = await served.auth.handler(new Request(servedOrigin + path, { method }))
        expect([response?.status, response?.headers.get('allow')]).toEqual([405, expect.stringContaining('OPTIONS')])
      }
    },
  )

  test('what is refused asks no store', async () => {
    for (const { name, headers } of hostile) {
      if (name === 'nothing') continue
      for (const [method, target] of [
        ['POST', '/auth/sign-out'],
        ['POST', '/auth/refresh'],
        ['DELETE', '/auth/sessions'],
        ['POST', '/api/notes'],
        ['POST', '/auth/sign-in'],
      ] as const) {
        // biome-ignore format: a table
        served.store.reset()
        const answer = await visitor.ask(method, target, {
          headers,
          ...(target === '/auth/sign-in' ? { json: {} } : {}),
        })
        expectRefusal(answer, { status: 403, code: 'cross_site' })
        expect([name, target, served.store.counts.all]).toEqual([name, target, 0])
      }
    }
  })
})

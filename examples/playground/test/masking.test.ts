import { describe, expect, test } from 'vitest'
import { maskCredential, maskPath, maskSetCookie, maskText } from '../mask.ts'
import type { SeenRequest } from '../seen.ts'
import { legal, openApp, visitorOf } from './visitor.ts'

const sessionId = `hss1.${'h'.repeat(16)}.${'A'.repeat(43)}`
const refreshToken = `hsr1.${'h'.repeat(16)}.${'R'.repeat(91)}`
const jwt = `eyJhbGciOiJFUzI1NiJ9.${'P'.repeat(80)}.${'Q'.repeat(86)}`

describe('a mask', () => {
  test.each([
    [sessionId, 'hss1.hhhh…•••'],
    [refreshToken, 'hsr1.hhhh…•••'],
    [jwt, 'eyJh…•••'],
    ['anything-else-at-all', '•••'],
    ['', '•••'],
  ])('of %s', (text, masked) => {
    expect(maskCredential(text)).toBe(masked)
  })

  test.each([sessionId, refreshToken, jwt, `${jwt.slice(0, 60)}`, sessionId.slice(0, 40)])(
    'finds %s inside of a text, whole or cut off',
    (credential) => {
      expect(maskText(`Bearer ${credential}, and more`)).not.toContain(credential.slice(12))
      expect(maskPath(new URL(`http://localhost/auth/sessions/${credential}`))).not.toContain(credential.slice(12))
    },
  )

  test('of a query shows names alone, and the words that are ours', () => {
    const url = new URL(`http://localhost/plain?error=invalid_credentials&access_token=${jwt}&${jwt}=1&others=true`)
    expect(maskPath(url)).toBe('/plain?error=invalid_credentials&access_token=•••&eyJh…•••=•••&others=true')
  })

  test('of Set-Cookie keeps name and attributes', () => {
    expect(maskSetCookie(`handstamp-4600=${jwt}; Max-Age=5; HttpOnly`)).toEqual({
      name: 'handstamp-4600',
      value: 'eyJh…•••',
      rest: 'Max-Age=5; HttpOnly',
    })
    expect(maskSetCookie('handstamp-4600=; Max-Age=0').value).toBe('')
  })

  test('bounds what it shows', () => {
    expect(maskText('x'.repeat(10_000)).length).toBeLessThan(400)
    expect(maskPath(new URL(`http://localhost/${'x'.repeat(10_000)}`)).length).toBeLessThan(400)
  })
})

describe('the list of requests', () => {
  test.each(legal)('$strategy by $transport $more holds no credential', async ({ strategy, transport, more }) => {
    const app = await openApp('--strategy', strategy, '--transport', transport, ...more)
    const visitor = visitorOf(app, transport)
    const refused = await visitor.signIn('ada@example.com', 'the-wrong-password')
    expect(refused.status).toBe(401)
    expect((await visitor.signIn()).status).toBe(200)
    expect((await visitor.visit('GET', '/api/me')).status).toBe(200)
    expect((await visitor.refresh()).status).toBe(200)
    await visitor.visit('GET', '/auth/session')
    await visitor.visit('GET', `/auth/sessions/${visitor.given[0]}`)
    await visitor.visit('GET', `/api/me?access_token=${visitor.given[0]}`)
    await visitor.visit('GET', '/api/me', { headers: { authorization: `Basic ${btoa('ada:analytical-engine')}` } })
    const log = await (await visitor.visit('GET', '/playground/requests')).text()
    const cookies = await (await visitor.visit('GET', '/playground/cookies')).text()
    const page = await (await visitor.visit('GET', '/')).text()
    const told = log + cookies + page

    expect(visitor.given.length).toBeGreaterThan(1)
    for (const credential of visitor.given) {
      // The prefix and the user's handle are no secret, and what comes behind them is.
      const secret = credential.startsWith('hs') ? credential.slice(22) : credential.slice(8)
      for (let at = 0; at + 12 <= secret.length; at += 12) expect(told).not.toContain(secret.slice(at, at + 12))
    }
    for (const password of ['analytical-engine', 'the-wrong-password', btoa('ada:analytical-engine')])
      expect(log).not.toContain(password)
  })

  test('keeps the last 20, newest first, each with its five steps', async () => {
    const app = await openApp('--strategy', 'hybrid')
    const visitor = visitorOf(app, 'cookie')
    await visitor.signIn()
    for (let count = 0; count < 24; count += 1) await visitor.visit('GET', '/api/me')
    const { requests } = (await (await visitor.visit('GET', '/playground/requests')).json()) as {
      requests: SeenRequest[]
    }
    expect(requests.map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, at) => `node-1 ${25 - at}`))
    expect(requests[0]).toMatchObject({
      request: { method: 'GET', path: '/api/me', transport: 'cookie', site: 'same-origin' },
      credentials: [
        { kind: 'access token', via: 'cookie', name: 'handstamp-4600', value: 'eyJh…•••', read: true },
        { kind: 'refresh token', via: 'cookie', name: 'handstamp-4600-refresh', read: true },
      ],
      session: { outcome: 'recognised' },
      result: { status: 200 },
      headers: expect.arrayContaining([{ name: 'Cache-Control', value: 'private, no-store' }]),
    })
  })

  test('tells the reason that the wire keeps', async () => {
    const app = await openApp('--strategy', 'session')
    const visitor = visitorOf(app, 'cookie')
    const cookie = `handstamp-4600=${sessionId}`
    expect((await visitor.visit('GET', '/api/me', { headers: { cookie } })).status).toBe(401)
    await visitor.visit('GET', '/auth/sessions', { headers: { cookie } })
    await visitor.visit('POST', '/api/notes', {
      body: { text: 'x' },
      headers: { cookie, origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' },
    })
    const { requests } = (await (await visitor.visit('GET', '/playground/requests')).json()) as {
      requests: SeenRequest[]
    }
    expect(requests.map(({ session }) => session.reason)).toEqual(['cross_site', 'unknown', 'unknown'])
  })

  test('says of a credential that this configuration does not read that it was not read', async () => {
    const app = await openApp('--strategy', 'session', '--transport', 'cookie')
    const visitor = visitorOf(app, 'cookie')
    await visitor.visit('GET', '/api/me', { headers: { authorization: `Bearer ${sessionId}` } })
    const { requests } = (await (await visitor.visit('GET', '/playground/requests')).json()) as {
      requests: SeenRequest[]
    }
    expect(requests[0]?.credentials).toEqual([
      { kind: 'session id', via: 'authorization', name: 'Bearer', value: 'hss1.hhhh…•••', read: false },
    ])
  })
})

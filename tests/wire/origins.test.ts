import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Header } from './exchange.ts'
import { expectRefusal } from './expectations.ts'
import { type Served, serveAuth, servedOrigin } from './served-auth.ts'
import { newVisitor, signedIn, whoIs } from './visitor.ts'

const second = 'https://admin.example'
const crossSite = { status: 403, code: 'cross_site' }
const fromElsewhere: readonly Header[] = [['Sec-Fetch-Site', 'cross-site'], ['Origin', 'https://evil.example']] // biome-ignore format: one row

describe('origins beyond the first', () => {
  let served: Served
  beforeAll(async () => {
    served = await serveAuth({ strategy: 'hybrid', transport: ['cookie', 'bearer', 'split'], origins: [second] })
  })
  afterAll(() => served?.stop())

  test.each([
    {
      row: 3,
      headers: [
        ['Sec-Fetch-Site', 'same-site'],
        ['Origin', second],
      ],
      allowed: true,
    },
    {
      row: 3,
      headers: [
        ['Sec-Fetch-Site', 'cross-site'],
        ['Origin', second],
      ],
      allowed: true,
    },
    {
      row: 4,
      headers: [
        ['Sec-Fetch-Site', 'cross-site'],
        ['Origin', `${second}:443`],
      ],
      allowed: false,
    },
    {
      row: 4,
      headers: [
        ['Sec-Fetch-Site', 'cross-site'],
        ['Origin', `${second}.evil.example`],
      ],
      allowed: false,
    },
    { row: 6, headers: [['Origin', second]], allowed: true },
    { row: 6, headers: [['Origin', servedOrigin]], allowed: true },
    { row: 7, headers: [['Origin', `${servedOrigin}:443`]], allowed: false },
    { row: 7, headers: [['Origin', `${servedOrigin}/`]], allowed: false },
    { row: 7, headers: [['Origin', servedOrigin.toUpperCase()]], allowed: false },
    { row: 7, headers: [['Origin', servedOrigin.replace('https', 'http')]], allowed: false },
    { row: 7, headers: [['Origin', servedOrigin.replace('app', 'evilapp')]], allowed: false },
    { row: 8, headers: [['Referer', `${second}/page`]], allowed: true },
    { row: 9, headers: [['Referer', 'https://admin.example.evil.example/page']], allowed: false },
  ] as const)('row $row: $headers is allowed: $allowed', async ({ headers, allowed }) => {
    const visitor = newVisitor(served.wire, 'cookie')
    const answer = await visitor.ask('POST', '/auth/sign-in', { headers, json: {} })
    if (allowed) expect(answer.status).toBe(400)
    else expectRefusal(answer, crossSite)
  })
})

/** An Authorization header beside a cookie makes the cookie no safer: what would come from it, or change it, is judged. */
describe('a bearer token beside a cookie', () => {
  let served: Served
  beforeAll(async () => {
    served = await serveAuth({ strategy: 'hybrid', transport: ['cookie', 'bearer', 'split'] })
  })
  afterAll(() => served?.stop())

  test.each(['Bearer a.b.c', 'Bearer x'])(
    'F1: refreshing by a cookie is refused, with Authorization: %s',
    async (value) => {
      for (const transport of ['cookie', 'split'] as const) {
        const visitor = await signedIn(served.wire, transport)
        delete visitor.tokens.access
        visitor.cookies.delete(served.wire.access)
        const headers: readonly Header[] = [['Authorization', value], ...fromElsewhere]
        expectRefusal(await visitor.ask('POST', '/auth/refresh', { headers }), crossSite)
        expect((await visitor.refresh()).status).toBe(200)
      }
    },
  )

  test('E18: what the interface refuses for its origin holds nothing that would end a session', async () => {
    const visitor = await signedIn(served.wire, 'cookie')
    const headers = new Headers([...visitor.credentials(), ...fromElsewhere].map(([name, value]) => [name, value]))
    const request = new Request(`${servedOrigin}/`, { method: 'POST', headers })
    const refused = await served.auth.refresh(request)
    expect(refused).toMatchObject({ ok: false, reason: 'cross_site', refreshable: false })
    expect(refused.effects.map(({ type }) => type).sort()).toEqual(['challenge', 'header'])
    if (refused.ok) return
    const response = served.auth.challenge(refused)
    expect([response.status, response.headers.getSetCookie()]).toEqual([403, []])
    expect((await visitor.refresh()).status).toBe(200)
  })

  test('F8: signing out is refused where it would end or clear what a cookie holds', async () => {
    const victim = await signedIn(served.wire, 'cookie')
    const headers: readonly Header[] = [['Authorization', 'Bearer a.b.c'], ...fromElsewhere]
    expectRefusal(await victim.ask('POST', '/auth/sign-out', { headers }), crossSite)
    expect(await whoIs(victim)).toBe('ada')
    expect((await victim.refresh()).status).toBe(200)
  })

  test('a bearer client alone is asked for no origin, and its answer clears no cookie', async () => {
    const visitor = await signedIn(served.wire, 'bearer')
    const copy = visitor.copy()
    const answer = await visitor.ask('POST', '/auth/sign-out', { headers: [] })
    expect([answer.status, answer.setCookies]).toEqual([204, []])
    expect((await copy.refresh([])).status).toBe(400)
  })

  test('a bearer sign-in reads no cookie: the session in it lives on', async () => {
    const inCookie = await signedIn(served.wire, 'cookie')
    const headers: readonly Header[] = [['Handstamp-Transport', 'bearer']]
    const answer = await inCookie
      .copy()
      .ask('POST', '/auth/sign-in', { headers, json: { email: 'ada@example.com', password: 'analytical-engine' } })
    expect([answer.status, answer.setCookies]).toEqual([200, []])
    expect((await inCookie.refresh()).status).toBe(200)
  })

  test('D1, D2: a sign-in in a cookie ends the session that the browser held', async () => {
    const visitor = await signedIn(served.wire, 'cookie')
    const before = visitor.copy()
    expect((await visitor.signIn()).status).toBe(200)
    expect((await before.refresh()).status).toBe(400)
    expect(await whoIs(visitor)).toBe('ada')
  })
})

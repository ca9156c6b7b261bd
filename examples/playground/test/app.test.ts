import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Note } from '../notes.ts'
import { legal, openApp, visitorOf } from './visitor.ts'

describe('the application', () => {
  test.each(legal)('$strategy by $transport $more lets in and out', async ({ strategy, transport, more }) => {
    const app = await openApp('--strategy', strategy, '--transport', transport, ...more)
    const visitor = visitorOf(app, transport)
    expect((await visitor.visit('GET', '/api/me')).status).toBe(401)
    expect(await visitor.signIn()).toMatchObject({ status: 200, user: { id: 'ada', role: 'admin' } })

    const me = (await (await visitor.visit('GET', '/api/me')).json()) as Record<string, unknown>
    expect(me).toMatchObject({
      user: { id: 'ada', name: 'Ada Lovelace', email: 'ada@example.com', role: 'admin' },
      session: { user: { id: 'ada' } },
      node: 'node-1',
    })
    const added = await visitor.visit('POST', '/api/notes', { body: { text: ' Poetical science ' } })
    expect(added.status).toBe(201)
    expect(await added.json()).toMatchObject({ text: 'Poetical science', by: 'ada', at: expect.any(Number) })
    expect((await visitor.visit('POST', '/auth/sign-out')).ok).toBe(true)
    visitor.forget()
    expect((await visitor.visit('GET', '/api/notes')).status).toBe(401)
  })

  test('everybody who is let in reads every note, and nobody fills the memory', async () => {
    const app = await openApp('--strategy', 'session')
    const [ada, grace] = [visitorOf(app, 'cookie'), visitorOf(app, 'cookie')]
    await ada.signIn()
    await grace.signIn('Grace@Example.com ', 'nanoseconds')
    for (let count = 0; count < 103; count += 1)
      await ada.visit('POST', '/api/notes', { body: { text: `note ${count}` } })
    await grace.visit('POST', '/api/notes', { body: { text: 'a nanosecond is this long' } })
    const { notes } = (await (await grace.visit('GET', '/api/notes')).json()) as { notes: Note[] }
    expect(notes.filter(({ by }) => by === 'ada')).toHaveLength(100)
    expect(notes.filter(({ by }) => by === 'grace')).toHaveLength(1)
    expect(notes.map(({ text }) => text)).not.toContain('note 0')
  })

  test.each<[string, unknown, Record<string, string>, number]>([
    ['an empty text', { text: '  ' }, {}, 400],
    ['a text of 2,001 characters', { text: 'x'.repeat(2_001) }, {}, 400],
    ['a number', { text: 1 }, {}, 400],
    ['a list', ['text'], {}, 400],
    ['more than 16 KiB', { text: 'x'.repeat(17_000) }, {}, 413],
    ['text/plain', '{"text":"x"}', { 'content-type': 'text/plain' }, 415],
    ['another site', { text: 'x' }, { origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' }, 403],
    ['no origin at all', { text: 'x' }, { origin: 'null', 'sec-fetch-site': 'none' }, 403],
  ])('a note from %s is refused', async (_what, body, headers, status) => {
    const visitor = visitorOf(await openApp('--strategy', 'session'), 'cookie')
    await visitor.signIn()
    const response = await visitor.visit('POST', '/api/notes', { body, headers })
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    const { notes } = (await (await visitor.visit('GET', '/api/notes')).json()) as { notes: Note[] }
    expect(notes).toEqual([])
  })

  test.each([
    ['GET', '/nothing', 404],
    ['GET', '/api/nothing', 404],
    ['GET', '/assets/secret.js', 404],
    ['GET', '/auth/nothing', 404],
    ['PUT', '/api/me', 405],
    ['POST', '/', 405],
    ['GET', '/auth/sign-in', 405],
  ])('%s %s is %d, a problem', async (method, path, status) => {
    const visitor = visitorOf(await openApp(), 'cookie')
    const response = await visitor.visit(method, path)
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ status, code: expect.any(String) })
    expect(response.headers.has('allow')).toBe(status === 405)
  })

  test('HEAD answers as GET, without a body', async () => {
    const visitor = visitorOf(await openApp('--strategy', 'session'), 'cookie')
    await visitor.signIn()
    for (const path of ['/', '/plain', '/api/me']) {
      const response = await visitor.visit('HEAD', path)
      expect([response.status, await response.text()], path).toEqual([200, ''])
    }
  })

  test('the sign-in limit is the one that was asked for', async () => {
    const limited = visitorOf(await openApp('--sign-in-limit', '2'), 'cookie')
    const statuses: number[] = []
    for (let count = 0; count < 3; count += 1) statuses.push((await limited.signIn('ada@example.com', 'no')).status)
    expect(statuses).toEqual([401, 401, 429])
  })
})

describe('pages', () => {
  test.each(['/', '/plain'])('%s may run nothing but its own files, and be framed by nobody', async (path) => {
    const { headers } = await visitorOf(await openApp(), 'cookie').visit('GET', path)
    const policy = headers.get('content-security-policy') ?? ''
    for (const rule of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"])
      expect(policy).toContain(rule)
    expect(policy).not.toContain('unsafe')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('same-origin')
  })

  test('the front page knows at once who is there, and no cache keeps it', async () => {
    const visitor = visitorOf(await openApp(), 'cookie')
    expect(bootOf(await (await visitor.visit('GET', '/')).text())).toMatchObject({ session: null })
    await visitor.signIn()
    const response = await visitor.visit('GET', '/')
    expect(bootOf(await response.text())).toMatchObject({ session: { user: { id: 'ada' } } })
    expect(response.headers.get('cache-control')).toBe('private, no-store')
    const bearer = visitorOf(await openApp('--transport', 'bearer'), 'bearer')
    expect(bootOf(await (await bearer.visit('GET', '/')).text())).not.toHaveProperty('session')
  })

  test('opened from another site, a strict cookie is brought along by a reload', async () => {
    const visitor = visitorOf(await openApp(), 'cookie')
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
    expect(await (await visitor.visit('GET', '/', { headers })).text()).toContain('http-equiv="refresh"')
  })

  test('the script and the fonts are there', async () => {
    const visitor = visitorOf(await openApp(), 'cookie')
    for (const path of [
      'page.js',
      'page.css',
      'instrument-sans.woff2',
      'bricolage-grotesque.woff2',
      'jetbrains-mono.woff2',
    ]) {
      const response = await visitor.visit('GET', `/assets/${path}`)
      expect(response.status, path).toBe(200)
      expect((await response.arrayBuffer()).byteLength, path).toBeGreaterThan(8_000)
    }
    expect(await (await visitor.visit('GET', '/assets/page.js')).text()).not.toContain('data-broken')
  })

  test('every element that the script asks for stands in the page', async () => {
    const visitor = visitorOf(await openApp(), 'cookie')
    const html = await (await visitor.visit('GET', '/')).text()
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const [, id] of html.matchAll(/(?:aria-labelledby|aria-describedby|for|href)="#?([a-z-]+)"/g))
      expect(ids).toContain(id)
    const folder = new URL('../page/', import.meta.url)
    const sources = readdirSync(folder).filter((name) => name.endsWith('.ts'))
    const asked = sources.flatMap((name) => [
      ...readFileSync(new URL(name, folder), 'utf8').matchAll(/byId\('([a-z-]+)'\)/g),
    ])
    expect(asked.length).toBeGreaterThan(20)
    for (const [, id] of asked) expect(ids).toContain(id)
  })
})

describe('without scripts', () => {
  const form = (fields: Record<string, string>) => ({
    body: new URLSearchParams(fields).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
  const ada = { email: 'ada@example.com', password: 'analytical-engine', redirect: '/plain' }

  test('a form signs in and out', async () => {
    const visitor = visitorOf(await openApp(), 'cookie')
    const signedIn = await visitor.visit('POST', '/auth/sign-in', form(ada))
    expect([signedIn.status, signedIn.headers.get('location')]).toEqual([303, '/plain'])
    expect(await (await visitor.visit('GET', '/plain')).text()).toContain('Ada Lovelace')
    const signedOut = await visitor.visit('POST', '/auth/sign-out', form({ redirect: '/plain' }))
    expect([signedOut.status, signedOut.headers.get('location')]).toEqual([303, '/plain'])
    expect(await (await visitor.visit('GET', '/plain')).text()).not.toContain('Ada Lovelace')
  })

  test('a wrong password comes back with a message', async () => {
    const visitor = visitorOf(await openApp(), 'cookie')
    const refused = await visitor.visit('POST', '/auth/sign-in', form({ ...ada, password: 'no' }))
    expect(refused.headers.get('location')).toBe('/plain?error=invalid_credentials')
    expect(await (await visitor.visit('GET', '/plain?error=invalid_credentials')).text()).toContain('role="alert"')
    expect(await (await visitor.visit('GET', '/plain?error=<script>')).text()).not.toMatch(/role="alert"|<script/)
  })

  test('another page cannot send the form', async () => {
    const visitor = visitorOf(await openApp(), 'cookie')
    const { body, headers } = form(ada)
    const elsewhere = { origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' }
    const response = await visitor.visit('POST', '/auth/sign-in', { body, headers: { ...headers, ...elsewhere } })
    expect([response.status, response.headers.getSetCookie()]).toEqual([403, []])
  })

  test('a session whose access token has expired is refreshed on the way', async () => {
    const app = await openApp('--access-lifetime', '1s')
    const visitor = visitorOf(app, 'cookie')
    await visitor.signIn()
    const refreshAlone = { cookie: `handstamp-4600-refresh=${visitor.given.find((text) => text.startsWith('hsr1.'))}` }
    const response = await visitor.visit('GET', '/plain', { headers: refreshAlone })
    expect(await response.text()).toContain('Ada Lovelace')
    expect(response.headers.getSetCookie()).toHaveLength(2)
  })

  test('where no cookie carries the session, the page says so', async () => {
    const visitor = visitorOf(await openApp('--transport', 'bearer'), 'bearer')
    expect(await (await visitor.visit('GET', '/plain')).text()).toContain('Pick the cookie transport')
  })
})

function bootOf(html: string): unknown {
  const json = /<script type="application\/json" id="boot">(.*?)<\/script>/s.exec(html)?.[1]
  return JSON.parse(json ?? '')
}

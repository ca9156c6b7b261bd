import { allowInsecureLoopback, createAuth, memoryStore, session, token } from '@handstamp/server'
import { CookieJar } from 'tough-cookie'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readCookieLine } from './cookie-line.ts'
import { newKeyPair } from './key-pair.ts'
import { sharedPlaygrounds } from './playground.ts'
import { type Served, type Setting, schemaOf, serveAuth } from './served-auth.ts'
import { ada, newVisitor, ownPage, signedIn } from './visitor.ts'

const local = ['HttpOnly', 'Path=/', 'SameSite=Strict']
const epoch = 'Expires=Thu, 01 Jan 1970 00:00:00 GMT'

const localRows = [
  { flags: '--strategy session --lifetime 3d --idle-timeout 2h', transport: 'cookie', roles: [''], maxAge: 259_200 },
  { flags: '--strategy hybrid --lifetime 3d --idle-timeout 2h', transport: 'cookie', roles: ['', '-refresh'], maxAge: 7_200 },
  { flags: '--strategy hybrid --transport split --lifetime 3d', transport: 'split', roles: ['-refresh'], maxAge: 3_600 },
] as const // biome-ignore format: a table

const playground = sharedPlaygrounds(localRows.map(({ flags }) => flags))

describe('local http, over the playground', () => {
  test.each(localRows)('$flags', async ({ flags, transport, roles, maxAge }) => {
    const server = playground(flags)
    const visitor = newVisitor(server, transport)
    const set = roles.map((role) => ({
      name: `handstamp-${server.port}${role}`,
      value: expect.stringMatching(/^(?:hs[sr]1\.|eyJ)[\w.-]+$/),
      attributes: local,
      maxAge,
    }))
    const cleared = set.map((cookie) => ({ ...cookie, value: '', attributes: [epoch, ...local], maxAge: 0 }))
    expect((await visitor.signIn()).setCookies.map(readCookieLine)).toEqual(set)
    const refreshed = (await visitor.refresh()).setCookies.map(readCookieLine)
    // Time has passed by then, and what is signed anew lives on from now.
    expect(refreshed.map(({ name, attributes }) => ({ name, attributes }))).toEqual(
      set.map(({ name, attributes }) => ({ name, attributes })),
    )
    for (const cookie of refreshed) expect(cookie.maxAge).toSatisfy((age: number) => age > maxAge - 60 && age <= maxAge)
    expect((await visitor.ask('POST', '/auth/sign-out')).setCookies.map(readCookieLine)).toEqual(cleared)
    expect(visitor.cookies.size).toBe(0)
  })
})

const host = ['HttpOnly', 'Path=/', 'SameSite=Strict', 'Secure']
const other = 'https://shop.example'

/** The rows of "Cookies by configuration" under https: name and attributes of the access cookie and of the refresh cookie. */
const configurations: readonly {
  readonly row: string
  readonly setting: Partial<Setting>
  readonly access: readonly [name: string, attributes: readonly string[]]
  readonly refresh: readonly [name: string, attributes: readonly string[]]
}[] = [
  { row: 'default', setting: {}, access: ['__Host-handstamp', host], refresh: ['__Host-handstamp-refresh', host] },
  {
    row: "sameSite: 'lax'",
    setting: { cookie: { sameSite: 'lax' } },
    access: ['__Host-handstamp', ['HttpOnly', 'Path=/', 'SameSite=Lax', 'Secure']],
    refresh: ['__Host-handstamp-refresh', host],
  },
  {
    row: 'narrowed refresh path',
    setting: { cookie: { narrowRefresh: true } },
    access: ['__Host-handstamp', host],
    refresh: ['__Secure-handstamp-refresh', ['HttpOnly', 'Path=/auth', 'SameSite=Strict', 'Secure']],
  },
  {
    row: 'SPA of another origin, same site',
    setting: { origins: ['https://www.app.example'] },
    access: ['__Host-handstamp', host],
    refresh: ['__Host-handstamp-refresh', host],
  },
  {
    row: 'SPA of another site',
    setting: { origins: [other], cookie: { sameSite: 'none' } },
    access: ['__Host-handstamp', ['HttpOnly', 'Partitioned', 'Path=/', 'SameSite=None', 'Secure']],
    refresh: ['__Host-handstamp-refresh', ['HttpOnly', 'Partitioned', 'Path=/', 'SameSite=None', 'Secure']],
  },
  {
    row: 'subdomains',
    setting: { origin: 'https://auth.app.example', cookie: { domain: 'app.example' } },
    access: ['__Secure-handstamp', ['Domain=app.example', ...host]],
    refresh: ['__Host-handstamp-refresh', host],
  },
  {
    row: 'subdomains, of the own host',
    setting: { cookie: { domain: 'app.example' } },
    access: ['__Secure-handstamp', ['Domain=app.example', ...host]],
    refresh: ['__Host-handstamp-refresh', host],
  },
  {
    row: 'subdomains, with the refresh cookie',
    setting: { origin: 'https://auth.app.example', cookie: { domain: 'app.example', shareRefresh: true } },
    access: ['__Secure-handstamp', ['Domain=app.example', ...host]],
    refresh: ['__Secure-handstamp-refresh', ['Domain=app.example', ...host]],
  },
  {
    row: 'subdomains, of another site',
    setting: { origin: 'https://auth.app.example', origins: [other], cookie: { domain: 'app.example', sameSite: 'none' } },
    access: ['__Secure-handstamp', ['Domain=app.example', 'HttpOnly', 'Partitioned', 'Path=/', 'SameSite=None', 'Secure']],
    refresh: ['__Host-handstamp-refresh', ['HttpOnly', 'Partitioned', 'Path=/', 'SameSite=None', 'Secure']],
  },
] // biome-ignore format: a table

describe.each(configurations)('https, $row', ({ setting, access, refresh }) => {
  let served: Served
  beforeAll(async () => {
    served = await serveAuth({ strategy: 'hybrid', transport: 'cookie', ...setting })
  })
  afterAll(() => served?.stop())

  const planned = [access, refresh].map(([name, attributes]) => ({ name, attributes: [...attributes].sort() }))

  test('sign-in, refresh and sign-out write the same names and attributes', async () => {
    const visitor = newVisitor(served.wire, 'cookie')
    for (const answer of [await visitor.signIn(), await visitor.refresh()]) {
      expect(answer.status).toBe(200)
      expect(answer.setCookies.map(readCookieLine)).toEqual(
        planned.map((cookie) => ({ ...cookie, value: expect.any(String), maxAge: 3_600 })),
      )
    }
    expect((await visitor.ask('POST', '/auth/sign-out')).setCookies.map(readCookieLine)).toEqual(
      planned.map(({ name, attributes }) => ({
        name,
        attributes: [...attributes, epoch].sort(),
        value: '',
        maxAge: 0,
      })),
    )
  })

  test('B18: a jar returns them where they belong, and none is left after they are cleared', async () => {
    const jar = new CookieJar(undefined, { prefixSecurity: 'strict' })
    const { origin } = served.wire
    const visitor = newVisitor(served.wire, 'cookie')
    const keep = (lines: readonly string[]) => {
      for (const line of lines) jar.setCookieSync(line, `${origin}/auth/sign-in`)
    }
    keep((await visitor.signIn()).setCookies)
    const returned = (path: string) => jar.getCookieStringSync(origin + path)
    const narrowed = refresh[1].includes('Path=/auth')
    expect(namesIn(returned('/api/me'))).toEqual(narrowed ? [access[0]] : [access[0], refresh[0]].sort())
    expect(namesIn(returned('/auth/refresh'))).toEqual([access[0], refresh[0]].sort())

    const asked = (method: string, path: string) =>
      served.wire.ask({ method, target: path, headers: [['Cookie', returned(path)], ...ownPage] })
    expect((await asked('GET', '/api/me')).status).toBe(200)
    const refreshed = await asked('POST', '/auth/refresh')
    expect(refreshed.status).toBe(200)
    keep(refreshed.setCookies)
    expect(jar.serializeSync()?.cookies).toHaveLength(2)

    keep((await asked('POST', '/auth/sign-out')).setCookies)
    // This jar drops what has expired when it is asked.
    expect([returned('/auth/refresh'), returned('/')]).toEqual(['', ''])
    expect(jar.serializeSync()?.cookies).toEqual([])
  })

  function namesIn(header: string): readonly string[] {
    return header
      .split('; ')
      .map((pair) => pair.split('=')[0] ?? '')
      .sort()
  }
})

const loopback = { origin: 'http://localhost:4600', [allowInsecureLoopback]: true }

/** What no browser would keep, or anybody could send; `names` is the option that the error names. */
const impossible = [
  { row: 'SPA of another site', options: { cookie: { sameSite: 'none' } }, error: TypeError, names: 'origins' },
  { row: 'SPA of another site, over http', options: { ...loopback, origins: [other], cookie: { sameSite: 'none' } }, error: TypeError, names: 'sameSite' },
  { row: 'subdomains + None', options: { cookie: { domain: 'app.example', sameSite: 'none' } }, error: TypeError, names: 'origins' },
  { row: 'sameSite in upper case', options: { cookie: { sameSite: 'Strict' } }, error: TypeError, names: 'sameSite' },
  { row: 'sameSite empty', options: { cookie: { sameSite: '' } }, error: TypeError, names: 'sameSite' },
  { row: 'subdomains: another host', options: { cookie: { domain: 'shop.example' } }, error: TypeError, names: 'domain' },
  { row: 'subdomains: a child', options: { cookie: { domain: 'deep.auth.app.example' } }, error: TypeError, names: 'domain' },
  { row: 'subdomains: no dot before it', options: { cookie: { domain: 'th.app.example' } }, error: TypeError, names: 'domain' },
  { row: 'subdomains: a single label', options: { cookie: { domain: 'example' } }, error: TypeError, names: 'domain' },
  { row: 'subdomains: empty', options: { cookie: { domain: '' } }, error: TypeError, names: 'domain' },
  { row: 'subdomains: a leading dot (B14)', options: { cookie: { domain: '.app.example' } }, error: TypeError, names: 'domain' },
  { row: 'subdomains: an attribute inside (B13)', options: { cookie: { domain: 'app.example; Secure' } }, error: TypeError, names: 'domain' },
  { row: 'subdomains: an IPv4 address', options: { origin: 'https://192.0.2.1', cookie: { domain: '192.0.2.1' } }, error: TypeError, names: 'domain' },
  { row: 'subdomains: an IPv6 address', options: { origin: 'https://[2001:db8::1]', cookie: { domain: '[2001:db8::1]' } }, error: TypeError, names: 'domain' },
  { row: 'subdomains: localhost', options: { ...loopback, cookie: { domain: 'localhost' } }, error: TypeError, names: 'domain' },
  { row: 'shareRefresh without domain', options: { cookie: { shareRefresh: true } }, error: TypeError, names: 'shareRefresh' },
  { row: 'cookie with bearer', options: { transport: 'bearer', cookie: {} }, error: TypeError, names: 'cookie' },
  { row: 'local http, not asked for', options: { origin: 'http://localhost:4600' }, error: TypeError, names: 'allowInsecureLoopback' },
  { row: 'local http, not loopback', options: { ...loopback, origin: 'http://app.example' }, error: RangeError, names: 'origin' },
  { row: 'local http, nearly loopback', options: { ...loopback, origin: 'http://localhost.app.example' }, error: RangeError, names: 'origin' },
  { row: 'local http, an address that only begins like loopback', options: { ...loopback, origin: 'http://127.evil.example' }, error: RangeError, names: 'origin' },
  { row: 'local http, a second origin', options: { ...loopback, origins: ['http://shop.example'] }, error: RangeError, names: 'origins[0]' },
  { row: 'origins: any', options: { origins: ['*'] }, error: TypeError, names: 'origins[0]' },
  { row: 'origins: null', options: { origins: ['null'] }, error: TypeError, names: 'origins[0]' },
  { row: 'origins: a pattern', options: { origins: ['https://*.example'] }, error: TypeError, names: 'origins[0]' },
  { row: 'origins: an expression', options: { origins: [/example/] }, error: TypeError, names: 'origins[0]' },
  { row: 'origins: with a slash', options: { origins: ['https://shop.example/'] }, error: TypeError, names: 'origins[0]' },
  { row: 'origins: with the port of its scheme', options: { origins: ['https://shop.example:443'] }, error: TypeError, names: 'origins[0]' },
  { row: 'origins: in upper case', options: { origins: ['https://SHOP.example'] }, error: TypeError, names: 'origins[0]' },
] // biome-ignore format: a table

const possible = [
  {},
  { origins: [other], cookie: { sameSite: 'none' } },
  { origins: [other] },
  { cookie: { domain: 'auth.app.example' } },
  { cookie: { domain: 'app.example', shareRefresh: true } },
  { cookie: { sameSite: 'strict' } },
  loopback,
  { ...loopback, origin: 'http://127.0.0.1:4600' },
  { ...loopback, origin: 'http://[::1]:4600' },
  { transport: 'bearer' },
]

describe('a configuration', () => {
  const make = (options: object) => () =>
    createAuth({
      origin: 'https://auth.app.example',
      strategy: session({ store: memoryStore() }),
      transport: 'cookie',
      user: schemaOf<{ id: string }>('id'),
      ...options,
    })

  test.each(impossible)('that cannot be is refused at the start: $row', ({ options, error, names }) => {
    expect(make(options)).toThrow(error)
    expect(make(options)).toThrow(names)
  })

  test.each(possible)('that can be is not: %o', (options) => {
    expect(make(options)).not.toThrow()
  })
})

const ages = [
  { own: '500d', lifetime: undefined, maxAge: 34_560_000 },
  { own: '400d', lifetime: undefined, maxAge: 34_560_000 },
  { own: '399d', lifetime: undefined, maxAge: 34_473_600 },
  { own: '8h', lifetime: '9h', maxAge: 28_800 },
  { own: '8h', lifetime: '7h', maxAge: 25_200 },
  { own: '8h', lifetime: '1s', maxAge: 1 },
  { own: '8h', lifetime: '1ms', maxAge: 1 },
] as const

describe('Max-Age', () => {
  test.each(ages)('of a strategy of $own and a sign-in of $lifetime', async ({ own, lifetime, maxAge }) => {
    const keys = [newKeyPair().jwk]
    const strategies = [
      session({ store: memoryStore(), lifetime: own }),
      token({ keys, accessLifetime: '5m', lifetime: own }),
    ]
    for (const strategy of strategies) {
      const served = await serveAuth({ strategy, transport: 'cookie' })
      const { auth } = served
      const asked = lifetime === undefined ? {} : { lifetime }
      const granted = await auth.signIn({ id: 'ada', role: 'admin' }, new Request(`${auth.origin}/`), asked)
      const lines = auth.apply(granted, new Response()).headers.getSetCookie()
      expect(lines.map((line) => readCookieLine(line).maxAge)).toEqual([maxAge])
      await served.stop()
    }
  })

  test('is left out where the session goes with the browser, and stays so over a refresh', async () => {
    for (const strategy of ['session', 'token', 'token+store', 'hybrid'] as const) {
      const served = await serveAuth({ strategy, transport: 'cookie' })
      const { auth, wire } = served
      const granted = await auth.signIn({ id: 'ada', role: 'admin' }, new Request(`${auth.origin}/`), {
        persistent: false,
      })
      const lines = auth.apply(granted, new Response()).headers.getSetCookie()
      const cookie = lines.map((line) => line.split(';')[0]).join('; ')
      const refreshed = await wire.ask({
        method: 'POST',
        target: '/auth/refresh',
        headers: [['Cookie', cookie], ...ownPage],
      })
      expect(refreshed.status).toBe(200)
      for (const line of [...lines, ...refreshed.setCookies]) expect(readCookieLine(line).maxAge).toBeUndefined()
      await served.stop()
    }
  })

  test('of the access cookie is what is left of the session, and not of the token', async () => {
    const served = await serveAuth({ strategy: 'token', transport: 'cookie' })
    const visitor = await signedIn(served.wire, 'cookie')
    served.clock.advance('4m')
    expect((await visitor.refresh()).setCookies.map((line) => readCookieLine(line).maxAge)).toEqual([8 * 3_600 - 240])
    await served.stop()
  })
})

describe('a credential that a browser would drop (ASVS 3.3.5)', () => {
  /** Answers whether a sign-in with so much to carry is granted, and what was written. */
  async function signInWith(characters: number) {
    const served = await serveAuth({
      strategy: 'token+store',
      transport: 'cookie',
      user: schemaOf('id', 'role', 'biography'),
      verifyCredentials: async () => ({ id: 'ada', role: 'admin', biography: 'b'.repeat(characters) }),
    })
    const answer = await newVisitor(served.wire, 'cookie').signIn(ada)
    const { writes } = served.store.counts
    await served.stop()
    return { answer, writes, events: served.events, size: nameAndValue(answer.setCookies[0] ?? '') }
  }

  const nameAndValue = (line: string): number => (line.split(';')[0] ?? '=').length - 1

  test('is refused before anything is written, and the field that takes most is named to the application alone', async () => {
    let [fits, exceeds] = [0, 4_096]
    while (exceeds - fits > 1) {
      const middle = (fits + exceeds) >> 1
      if ((await signInWith(middle)).answer.status === 200) fits = middle
      else exceeds = middle
    }
    const largest = await signInWith(fits)
    expect(largest.answer.status).toBe(200)
    expect(largest.size).toBeGreaterThan(3_790)
    expect(largest.size).toBeLessThanOrEqual(3_800)

    const { answer, writes, events } = await signInWith(exceeds)
    expect([answer.status, answer.json, answer.setCookies, writes]).toMatchObject([
      500,
      { code: 'internal_error' },
      [],
      0,
    ])
    expect(answer.text).not.toContain('biography')
    expect(events).toContainEqual({
      type: 'error',
      code: 'ERR_CREDENTIAL_TOO_LARGE',
      message: expect.stringContaining('"biography"'),
    })
  })
})

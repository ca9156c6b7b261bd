import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readCookieLine, removes } from './cookie-line.ts'
import type { Answer, Header } from './exchange.ts'
import { expectProblem, expectRefusal, type Refusal, varied } from './expectations.ts'
import { claimsOf, forged, type KeyPair, newKeyPair } from './key-pair.ts'
import { type Playground, patience, sharedPlaygrounds } from './playground.ts'
import { type Served, type StrategyName, serveAuth } from './served-auth.ts'
import { ada, newVisitor, ownPage, signedIn, type Visitor, whoIs } from './visitor.ts'
import type { Wire } from './wire.ts'

const playground = sharedPlaygrounds()

/** The answers of the table; `B` is the challenge with nothing but its realm. */
const answers = {
  unauthenticated: { status: 401, code: 'unauthenticated', challenge: 'B' },
  'invalid token': { status: 401, code: 'invalid_token', challenge: 'B, error="invalid_token", error_description="invalid_token"' },
  'invalid request': { status: 400, code: 'invalid_request', challenge: 'B, error="invalid_request"', error: 'invalid_request' },
  ambiguous: { status: 401, code: 'ambiguous_credential', challenge: 'B' },
  'token expired': { status: 401, code: 'token_expired', challenge: 'B, error="invalid_token", error_description="token_expired"' },
  'step up': { status: 401, code: 'step_up_required', challenge: 'B, error="insufficient_user_authentication"' },
  stale: { status: 401, code: 'step_up_required', challenge: 'B, error="insufficient_user_authentication", max_age="300"' },
  'invalid grant': { status: 400, code: 'invalid_grant', error: 'invalid_grant' },
  'nothing to refresh': { status: 400, code: 'invalid_request', error: 'invalid_request' },
  'invalid credentials': { status: 401, code: 'invalid_credentials', challenge: 'B' },
} as const satisfies Record<string, Refusal> // biome-ignore format: a table

type AnswerName = keyof typeof answers

function expected(name: AnswerName, { host }: Wire): Refusal {
  const refusal: Refusal = answers[name]
  return refusal.challenge === undefined
    ? refusal
    : { ...refusal, challenge: refusal.challenge.replace('B', `Bearer realm="${host}"`) }
}

const id = 'A'.repeat(16)
const unknownSession = `hss1.${id}.${'A'.repeat(43)}`
const unknownRefresh = `hsr1.${id}.${'A'.repeat(91)}`

/** Texts that cannot be one of our credentials, each beside the form that could. */
const malformed = [
  'x',
  'undefined',
  'hss1.',
  unknownSession.slice(0, -1),
  `${unknownSession}A`,
  unknownSession.replace('hss1', 'hss2'),
  unknownSession.replace('hss1', 'HSS1'),
  `${unknownSession.slice(0, -1)}B`,
  unknownSession.replace('.', '..'),
  'a.b',
  'a.b.c.d',
  '..',
  'eyJhbGciOiJFUzI1NiJ9..',
]

describe.each([
  { flags: '--strategy session --transport cookie', transport: 'cookie' },
  { flags: '--strategy session --transport bearer', transport: 'bearer' },
  { flags: '--strategy hybrid --transport cookie', transport: 'cookie' },
  { flags: '--strategy hybrid --transport bearer', transport: 'bearer' },
] as const)('a guarded route, $flags', ({ flags, transport }) => {
  let server: Playground
  let visitor: Visitor

  beforeAll(async () => {
    server = await playground(flags)
    visitor = await signedIn(server, transport)
  }, patience)

  const ask = (headers: readonly Header[], target = '/api/me') =>
    server.ask({ method: 'GET', target, headers: [...headers, ...ownPage] })
  const present = (text: string): Header =>
    transport === 'cookie' ? ['Cookie', `${server.access}=${text}`] : ['Authorization', `Bearer ${text}`]
  const held = (): string => (transport === 'cookie' ? visitor.cookies.get(server.access) : visitor.tokens.access) ?? ''

  function refused(answer: Answer, name: AnswerName): void {
    expectRefusal(answer, expected(name, server))
    expect(varied(answer)).toContain(transport === 'cookie' ? 'cookie' : 'authorization')
  }

  test('its legal neighbour: a live credential', async () => {
    const answer = await ask([present(held())])
    expect(answer.status).toBe(200)
    expect(answer.header('cache-control')).toBe('private, no-store')
    expect(varied(answer)).toEqual([transport === 'cookie' ? 'cookie' : 'authorization', 'origin'])
    expect(answer.setCookies).toEqual([])
  })

  test('absent', async () => {
    refused(await ask([]), 'unauthenticated')
  })

  test('absent, as another scheme or another cookie is somebody else’s', async () => {
    for (const header of [
      ['Authorization', 'Basic YTpi'],
      ['Authorization', ''],
      ['Authorization', 'Bearerx abc'],
      ['Cookie', 'theme=dark'],
      ['Cookie', `${server.access}x=${held()}`],
      ['Cookie', `${server.access.toUpperCase()}=${held()}`],
      ['Cookie', `${server.access}=`],
      ['Cookie', `x${server.access}=${held()}`],
      ['Cookie', `theme="; ${server.access}x=${held()}"`],
    ] as const)
      refused(await ask([header]), 'unauthenticated')
  })

  test.each(malformed)('malformed credential: %s', async (text) => {
    if (transport === 'bearer' && text === 'x') return refused(await ask([present('x')]), 'invalid token')
    refused(await ask([present(text)]), 'invalid token')
  })

  test('tampered with, at each place', async () => {
    const text = held()
    for (let at = 0; at < text.length; at += 41) {
      const other = text[at] === 'A' ? 'B' : 'A'
      refused(await ask([present(text.slice(0, at) + other + text.slice(at + 1))]), 'invalid token')
    }
  })

  test('unknown', async () => {
    refused(await ask([present(unknownSession)]), 'invalid token')
  })

  test('a credential of another kind: a refresh token, the public id, a cookie’s name with it', async () => {
    const { json } = await visitor.ask('GET', '/auth/sessions')
    const [listing] = (json as { sessions: { id: string }[] }).sessions
    for (const text of [unknownRefresh, listing?.id ?? '', `hss1.${listing?.id}`])
      refused(await ask([present(text)]), 'invalid token')
  })

  test('a session that has ended', async () => {
    const other = await signedIn(server, transport)
    const copy = other.copy()
    expect((await other.ask('POST', '/auth/sign-out')).status).toBe(204)
    const answer = await copy.ask('GET', '/api/me')
    // Hybrid's access token needs no lookup, and dies at its expiry. What was ended ends no others, though.
    if (flags.includes('hybrid')) expect(answer.status).toBe(200)
    else refused(answer, 'invalid token')
    refused(await copy.ask('GET', '/auth/sessions'), 'invalid token')
    refused(await copy.ask('DELETE', '/auth/sessions'), 'invalid token')
    expect((await copy.refresh()).status).toBe(400)
  })
})

describe('a malformed request', () => {
  let bearer: Playground
  let cookie: Playground
  beforeAll(async () => {
    bearer = await playground('--strategy session --transport bearer')
    cookie = await playground('--strategy session --transport cookie')
  }, patience)

  const two = ['Authorization', 'Bearer a.b.c'] as const

  test.each<{ name: string; headers: readonly Header[]; target?: string }>([
    { name: 'two Authorization headers', headers: [two, two] },
    { name: 'two schemes, Bearer first', headers: [two, ['Authorization', 'Basic YTpi']] },
    { name: 'two schemes, Bearer second', headers: [['Authorization', 'Basic YTpi'], two] },
    { name: 'two credentials in a line', headers: [['Authorization', 'Bearer a.b.c, Bearer a.b.c']] },
    { name: 'no token', headers: [['Authorization', 'Bearer']] },
    { name: 'a tab before the token (A50)', headers: [['Authorization', 'Bearer\ta.b.c']] },
    { name: 'Bearer twice (A21)', headers: [['Authorization', 'Bearer Bearer a.b.c']] },
    { name: 'more behind the token', headers: [['Authorization', 'Bearer a.b.c d']] },
    { name: 'a token of other characters', headers: [['Authorization', 'Bearer a.b."c"']] },
    { name: 'a token of Latin-1', headers: [['Authorization', 'Bearer a.b.\u00e9']] },
    { name: 'a token of 8,193 bytes (A17)', headers: [['Authorization', `Bearer ${'a'.repeat(8_193)}`]] },
    { name: 'a token in the query (A50)', headers: [], target: '/api/me?access_token=a.b.c' },
    { name: 'a token in the query, second', headers: [], target: '/api/me?a=b&access_token=' },
  ])('$name', async ({ headers, target = '/api/me' }) => {
    for (const path of [
      target,
      target.replace('/api/me', '/auth/session'),
      target.replace('/api/me', '/auth/sessions'),
    ]) {
      const answer = await bearer.ask({ method: 'GET', target: path, headers })
      expectRefusal(answer, expected('invalid request', bearer))
    }
  })

  test('its legal neighbours: any case of the scheme, several spaces, a query beside a header', async () => {
    const visitor = await signedIn(bearer, 'bearer')
    const { access = '' } = visitor.tokens
    for (const value of [`bearer ${access}`, `BEARER   ${access}`]) {
      const answer = await bearer.ask({
        method: 'GET',
        target: '/api/me?access_token=x',
        headers: [['Authorization', value]],
      })
      expect(answer.status).toBe(200)
    }
  })

  test('a token in the query is never read', async () => {
    const { access = '' } = (await signedIn(bearer, 'bearer')).tokens
    const answer = await bearer.ask({ method: 'GET', target: `/api/me?access_token=${access}` })
    expectRefusal(answer, expected('invalid request', bearer))
  })

  test('where cookies alone are read, Authorization is somebody else’s', async () => {
    const visitor = await signedIn(cookie, 'cookie')
    expectRefusal(
      await cookie.ask({ method: 'GET', target: '/api/me', headers: [two, two] }),
      expected('unauthenticated', cookie),
    )
    expect((await visitor.ask('GET', '/api/me', { headers: [...ownPage, two, two] })).status).toBe(200)
    const { access = '' } = (await signedIn(bearer, 'bearer')).tokens
    const headers: readonly Header[] = [['Authorization', `Bearer ${access}`]]
    expectRefusal(await cookie.ask({ method: 'GET', target: '/api/me', headers }), expected('unauthenticated', cookie))
  })
})

describe('ambiguous', () => {
  let server: Playground
  let visitor: Visitor
  beforeAll(async () => {
    server = await playground('--strategy hybrid --transport cookie')
    visitor = await signedIn(server, 'cookie')
  }, patience)

  const jar = (...pairs: readonly (readonly [string, string])[]): Header => [
    'Cookie',
    pairs.map((pair) => pair.join('=')).join('; '),
  ]

  test.each(['access', 'refresh'] as const)(
    'two distinct values of the %s cookie, in either order and in two lines',
    async (role) => {
      const own = [server[role], visitor.cookies.get(server[role]) ?? ''] as const
      const tossed = [server[role], 'tossed'] as const
      for (const headers of [[jar(own, tossed)], [jar(tossed, own)], [jar(own), jar(tossed)]]) {
        for (const [method, target] of [
          ['GET', '/api/me'],
          ['GET', '/auth/session'],
          ['GET', '/auth/sessions'],
          ['POST', '/auth/refresh'],
          ['POST', '/auth/sign-out'],
          ['DELETE', '/auth/sessions'],
        ] as const) {
          // biome-ignore format: a table
          expectRefusal(await server.ask({ method, target, headers: [...headers, ...ownPage] }), expected('ambiguous', server))
        }
      }
      expect(await whoIs(visitor)).toBe('ada')
    },
  )

  test('two equal values are one, and what is no cookie of ours is passed over', async () => {
    const own = [server.access, visitor.cookies.get(server.access) ?? ''] as const
    for (const header of [
      jar(own, own),
      jar(own, [server.access, '']),
      jar([server.access, '"quoted"'], own),
      jar(['a', 'b'], own, [`${server.access}2`, 'x']),
    ])
      expect((await server.ask({ method: 'GET', target: '/api/me', headers: [header] })).status).toBe(200)
  })

  test.each([
    ['B8: percent-encoded', '%zz', 401], ['B8: octal', '\\073', 401], ['B8: broken UTF-8', '%E0%A4%A', 401], ['B9: DEL', '\x7f', 400],
    ['B9: Latin-1', '\u0080\u00ff', 401], ['B9: a tab inside', 'a\tb', 401], ['B9: NUL', '\0', 400], ['B10: large', 'a'.repeat(15_000), 401],
    ['B10: too large for Node', 'a'.repeat(17_000), 431],
  ] as const)('%s', async (_, value, status) => {
    const answer = await server.ask({ method: 'GET', target: '/api/me', headers: [jar([server.access, value])] })
    expect([answer.status, answer.setCookies]).toEqual([status, []])
    if (value.length < 100) expect(answer.text).not.toContain(value)
  }) // biome-ignore format: a table

  test('B10: thousands of pairs', async () => {
    const own = [server.access, visitor.cookies.get(server.access) ?? ''] as const
    const many = Array.from({ length: 1_500 }, (_, at) => [`${at}`, ''] as const)
    expect((await server.ask({ method: 'GET', target: '/api/me', headers: [jar(...many, own)] })).status).toBe(200)
  })
})

const pairs: readonly { readonly strategy: StrategyName; readonly transport: 'cookie' | 'bearer' | 'split' }[] = [
  { strategy: 'session', transport: 'cookie' },
  { strategy: 'session', transport: 'bearer' },
  { strategy: 'token', transport: 'cookie' },
  { strategy: 'token', transport: 'bearer' },
  { strategy: 'token+store', transport: 'cookie' },
  { strategy: 'token+store', transport: 'bearer' },
  { strategy: 'hybrid', transport: 'cookie' },
  { strategy: 'hybrid', transport: 'bearer' },
  { strategy: 'hybrid', transport: 'split' },
]

/** What the clock alone can bring about, over HTTP to a server whose clock the test holds. */
describe.each(pairs)('time, $strategy over $transport', ({ strategy, transport }) => {
  async function aged(by: '5m' | '1h' | '8h', extra = 0) {
    const served = await serveAuth({ strategy, transport })
    const visitor = await signedIn(served.wire, transport)
    served.clock.advance(by)
    served.clock.advance(extra)
    return { served, visitor }
  }
  const hasToken = strategy !== 'session'

  test.runIf(hasToken)('expired (access)', async () => {
    const within = await aged('5m', 4_999)
    expect((await within.visitor.ask('GET', '/api/me')).status).toBe(200)
    await within.served.stop()

    const { served, visitor } = await aged('5m', 5_000)
    expectRefusal(await visitor.ask('GET', '/api/me'), expected('token expired', served.wire))
    await served.stop()
  })

  test('expired (session, idle)', async () => {
    const { served, visitor } = await aged('1h')
    if (strategy === 'session')
      expectRefusal(await visitor.ask('GET', '/api/me'), expected('invalid token', served.wire))
    if (strategy === 'session' || strategy === 'hybrid') expectGone(await visitor.refresh(), transport, served.wire)
    await served.stop()
  })

  test('expired (session, absolute), however much it was used', async () => {
    const served = await serveAuth({ strategy, transport, times: { idleTimeout: '15m', lifetime: '30m' } })
    const visitor = await signedIn(served.wire, transport)
    for (let minutes = 4; minutes < 30; minutes += 4) {
      served.clock.advance('4m')
      expect((await visitor.refresh()).status).toBe(200)
    }
    served.clock.advance('2m')
    expectGone(await visitor.refresh(), transport, served.wire)
    await served.stop()
  })

  test('GET /session: signed in → refreshable → gone', async () => {
    const { served, visitor } = await aged('5m', -1_000)
    expect((await visitor.ask('GET', '/auth/session')).json).toMatchObject({ session: { user: { id: 'ada' } } })
    served.clock.advance(6_000)
    const later = await visitor.ask('GET', '/auth/session')
    if (strategy === 'hybrid') expectRefusal(later, expected('token expired', served.wire))
    else if (strategy === 'session') expect(later.json).toMatchObject({ session: { user: { id: 'ada' } } })
    else expectNobody(later, transport)
    await served.stop()
  })

  test('pending', async () => {
    const served = await serveAuth({
      strategy,
      transport,
      verifyCredentials: async () => ({ user: { id: 'ada', role: 'admin' }, pending: 'mfa' }),
    })
    const visitor = newVisitor(served.wire, transport)
    expect((await visitor.signIn()).json).toMatchObject({ session: { pending: 'mfa' } })
    for (const target of ['/api/me', '/auth/session', ...(strategy === 'token' ? [] : ['/auth/sessions'])])
      expectRefusal(await visitor.ask('GET', target), expected('step up', served.wire))
    // Refreshing is no way around it.
    expect((await visitor.refresh()).json).toMatchObject({ session: { pending: 'mfa' } })
    expectRefusal(await visitor.ask('GET', '/api/me'), expected('step up', served.wire))
    await served.stop()
  })

  test('stale_auth: no refresh makes a proof younger', async () => {
    const served = await serveAuth({ strategy, transport })
    const visitor = await signedIn(served.wire, transport)
    served.clock.advance(299_000)
    expect((await visitor.ask('GET', '/api/fresh')).status).toBe(200)
    expect((await visitor.refresh()).status).toBe(200)
    served.clock.advance(1_000)
    expect((await visitor.ask('GET', '/api/fresh')).status).toBe(200)
    served.clock.advance(1)
    expectRefusal(await visitor.ask('GET', '/api/fresh'), expected('stale', served.wire))
    expect((await visitor.ask('GET', '/api/me')).status).toBe(200)
    await served.stop()
  })

  test('notBefore, and a binding that asks for a new proof', async () => {
    for (const [setting, headers] of [
      [{ notBefore: new Date('2026-01-01T00:00:01Z') }, []],
      [{ binding: { userAgent: 'reauthenticate' } }, [['User-Agent', 'another']]],
    ] as const) {
      const served = await serveAuth({ strategy, transport, ...setting })
      const visitor = newVisitor(served.wire, transport)
      await visitor.ask('POST', '/auth/sign-in', {
        headers: [...ownPage, ['User-Agent', 'one/1.0'], ['Handstamp-Transport', transport]],
        json: ada,
      })
      const answer = await visitor.ask('GET', '/api/me', { headers: [...ownPage, ...headers] })
      // A token without a record remembers no user agent.
      const bound = !('binding' in setting) || strategy === 'session' || strategy === 'token+store'
      if (bound) expectRefusal(answer, expected('invalid token', served.wire))
      if (bound || strategy === 'hybrid') expect((await visitor.refresh([...ownPage, ...headers])).status).toBe(400)
      await served.stop()
    }
  })
})

/** A refresh refused for good: 400, and the browser holds nothing any more. */
function expectGone(answer: Answer, transport: string, wire: Wire): void {
  expectProblem(answer, expected('invalid grant', wire))
  const cleared = answer.setCookies.map(readCookieLine)
  expect(cleared.every(removes)).toBe(true)
  expect(cleared.length > 0).toBe(transport !== 'bearer')
}

function expectNobody(answer: Answer, transport: string): void {
  expect([answer.status, answer.json]).toEqual([200, { session: null }])
  expect(answer.header('cache-control')).toBe('private, no-store')
  const cleared = answer.setCookies.map(readCookieLine)
  expect(cleared.every(removes)).toBe(true)
  expect(cleared.length > 0).toBe(transport !== 'bearer')
}

describe.each(pairs.filter(({ strategy }) => strategy !== 'session'))(
  'tokens, $strategy over $transport',
  ({ strategy, transport }) => {
    let served: Served
    let token: string
    const stranger = newKeyPair()

    beforeAll(async () => {
      served = await serveAuth({ strategy, transport })
      const visitor = await signedIn(served.wire, transport)
      token = visitor.tokens.access ?? visitor.cookies.get(served.wire.access) ?? ''
    })
    afterAll(() => served?.stop())

    const ask = (text: string, target = '/api/me') =>
      served.wire.ask({
        method: 'GET',
        target,
        headers: [
          transport === 'cookie' ? ['Cookie', `${served.wire.access}=${text}`] : ['Authorization', `Bearer ${text}`],
          ...ownPage,
        ],
      })
    const sign = (change: Parameters<typeof forged>[2]) => forged(token, served.keys, change)
    const now = () => Math.floor(served.clock() / 1_000)

    test('its legal neighbours: the same token signed again, its type in full, an audience of several', async () => {
      for (const change of [
        {},
        { header: { typ: 'application/at+jwt' } },
        { claims: { aud: ['x', served.auth.origin] } },
      ])
        expect((await ask(sign(change))).status).toBe(200)
    })

    test.each<[string, () => string]>([
      ['not_yet_valid', () => sign({ claims: { nbf: now() + 60 } })],
      ['not_yet_valid, by iat', () => sign({ claims: { iat: now() + 60, exp: now() + 120 } })],
      ['bad_signature, of another key', () => forged(token, { ...stranger, jwk: served.keys.jwk })],
      ['bad_signature, empty', () => `${token.slice(0, token.lastIndexOf('.'))}.`],
      ['bad_signature, of zeros (A23)', () => `${token.slice(0, token.lastIndexOf('.'))}.${'A'.repeat(86)}`],
      ['wrong_issuer', () => sign({ claims: { iss: 'https://evil.example' } })],
      ['wrong_issuer, with a slash (A33)', () => sign({ claims: { iss: `${served.auth.origin}/` } })],
      ['wrong_audience', () => sign({ claims: { aud: 'https://evil.example' } })],
      ['wrong_audience, a beginning (A32)', () => sign({ claims: { aud: `${served.auth.origin}.evil.example` } })],
      ['wrong_audience, none', () => sign({ claims: { aud: [] } })],
      ['wrong_type, JWT', () => sign({ header: { typ: 'JWT' } })],
      ['wrong_type, none', () => sign({ header: { typ: undefined } })],
      ['unknown_key', () => sign({ header: { kid: 'another' } })],
      ['unknown_key, none', () => sign({ header: { kid: undefined } })],
      ['unknown_key, a path (A7)', () => sign({ header: { kid: '../../../../dev/null' } })],
      ['unsupported_algorithm, none (A1)', () => unsigned(token)],
      ['unsupported_algorithm, HS256 by the public key (A3)', () => confused(token, served)],
      ['unsupported_algorithm, ES384', () => sign({ header: { alg: 'ES384' } })],
      [
        'a key in the header (A11)',
        () => forged(token, stranger, { header: { jwk: publicHalf(stranger.jwk), kid: stranger.jwk.kid } }),
      ],
      ['crit (A14)', () => sign({ header: { crit: ['exp'] } })],
      ['malformed: no exp (A28)', () => sign({ claims: { exp: undefined } })],
      ['malformed: exp as text (A27)', () => sign({ claims: { exp: '9999999999' } })],
      ['malformed: exp in milliseconds (A29)', () => sign({ claims: { exp: (now() + 60) * 1_000 } })],
      ['malformed: no sub (A34)', () => sign({ claims: { sub: '' } })],
      ['binding: cnf', () => sign({ claims: { cnf: { jkt: 'A'.repeat(43) } } })],
      ['wrong_type: no version of ours', () => sign({ claims: { hs: { ...claimsOf(token).hs, v: 2 } } })],
    ])('%s', async (_, make) => {
      expectRefusal(await ask(make()), expected('invalid token', served.wire))
    })

    test('malformed: another user in it than the one it is about', async () => {
      const answer = await ask(sign({ claims: { user: { id: 'grace', role: 'member' } } }))
      expectRefusal(answer, expected('invalid token', served.wire))
    })

    test('transport_mismatch: the transport is fixed at sign-in, and signed', async () => {
      const another = transport === 'cookie' ? 'bearer' : 'cookie'
      const answer = await ask(sign({ claims: { hs: { ...claimsOf(token).hs, t: another } } }))
      if (strategy === 'token+store') expect(answer.status).toBe(200)
      else expectRefusal(answer, expected('invalid token', served.wire))
    })
  },
)

function unsigned(token: string): string {
  const header = Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt' })).toString('base64url')
  return `${header}.${token.split('.')[1]}.`
}

function publicHalf({ kty, crv, x, y }: KeyPair['jwk']): object {
  return { kty, crv, x, y }
}

function confused(token: string, { keys }: Served): string {
  const header = Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'at+jwt', kid: keys.jwk.kid })).toString('base64url')
  const input = `${header}.${token.split('.')[1]}`
  return `${input}.${createHmac('sha256', JSON.stringify(publicHalf(keys.jwk)))
    .update(input)
    .digest('base64url')}`
}

describe('over another transport than the one of the sign-in', () => {
  let served: Served
  afterAll(() => served?.stop())

  test.each(['session', 'token', 'token+store', 'hybrid'] as const)('%s', async (strategy) => {
    served = await serveAuth({ strategy, transport: ['cookie', 'bearer'] })
    const { access, refresh } = served.wire
    const inCookie = await signedIn(served.wire, 'cookie')
    const inBody = await signedIn(served.wire, 'bearer')
    const mismatch = expected('invalid token', served.wire)

    const asBearer: readonly Header[] = [['Authorization', `Bearer ${inCookie.cookies.get(access)}`]]
    expectRefusal(await served.wire.ask({ method: 'GET', target: '/api/me', headers: asBearer }), mismatch)
    const asCookie: readonly Header[] = [['Cookie', `${access}=${inBody.tokens.access}`], ...ownPage]
    expectRefusal(await served.wire.ask({ method: 'GET', target: '/api/me', headers: asCookie }), mismatch)

    if (strategy === 'hybrid') {
      // Neither way does a refresh turn the one into the other, and the token is not consumed by the attempt.
      const json = { refresh_token: inCookie.cookies.get(refresh) }
      expectRefusal(
        await newVisitor(served.wire, 'bearer').ask('POST', '/auth/refresh', { json }),
        expected('invalid grant', served.wire),
      )
      const headers: readonly Header[] = [['Cookie', `${refresh}=${inBody.tokens.refresh}`], ...ownPage]
      expectGone(await served.wire.ask({ method: 'POST', target: '/auth/refresh', headers }), 'cookie', served.wire)
      expect((await inBody.refresh()).status).toBe(200)
      expect((await inCookie.refresh()).status).toBe(200)
    }
    await served.stop()
  })
})

describe('refused refreshes, over the playground', () => {
  const servers: Partial<Record<'cookie' | 'bearer' | 'split', Playground>> = {}
  beforeAll(async () => {
    const started = (['cookie', 'bearer', 'split'] as const).map(async (transport) => {
      servers[transport] = await playground(`--strategy hybrid --transport ${transport}`)
    })
    await Promise.all(started)
  }, patience)

  async function refreshBy(transport: 'cookie' | 'bearer' | 'split', text: string | undefined): Promise<Answer> {
    const server = servers[transport]
    if (!server) throw new Error('not started')
    const inBody = transport === 'bearer' && text !== undefined
    return server.ask({
      method: 'POST',
      target: '/auth/refresh',
      headers: [
        ...(text === undefined || inBody ? [] : [['Cookie', `${server.refresh}=${text}`] as const]),
        ...(inBody ? [['Content-Type', 'application/json'] as const] : []),
        ...ownPage,
      ],
      ...(inBody ? { body: JSON.stringify({ refresh_token: text }) } : {}),
    })
  }

  describe.each(['cookie', 'bearer', 'split'] as const)('%s', (transport) => {
    const wire = () => servers[transport] as Playground

    test('absent', async () => {
      expectRefusal(await refreshBy(transport, undefined), expected('nothing to refresh', wire()))
    })

    test.each([
      ...malformed.filter((text) => text !== ''),
      unknownSession,
      unknownRefresh.slice(0, -1),
      `${unknownRefresh}A`,
    ])('malformed: %s', async (text) => {
      expectGone(await refreshBy(transport, text), transport, wire())
    })

    test('unknown', async () => {
      expectGone(await refreshBy(transport, unknownRefresh), transport, wire())
    })

    test('tampered with: refused, and the session lives on', async () => {
      const visitor = await signedIn(wire(), transport)
      const text = visitor.tokens.refresh ?? visitor.cookies.get(wire().refresh) ?? ''
      for (const at of [5, 22, 30, 66, 70, 112]) {
        const other = text[at] === 'A' ? 'Q' : 'A'
        expectGone(await refreshBy(transport, text.slice(0, at) + other + text.slice(at + 1)), transport, wire())
      }
      expect((await visitor.refresh()).status).toBe(200)
    })

    test('revoked: after signing out', async () => {
      const visitor = await signedIn(wire(), transport)
      const copy = visitor.copy()
      await visitor.ask('POST', '/auth/sign-out')
      expectGone(await copy.refresh(), transport, wire())
    })
  })
})

describe('reuse of a spent refresh token', () => {
  test.each(['cookie', 'bearer', 'split'] as const)(
    '%s: within the grace answered alike, then the end of the session',
    async (transport) => {
      const served = await serveAuth({ strategy: 'hybrid', transport })
      const honest = await signedIn(served.wire, transport)
      const thief = honest.copy()
      served.clock.advance('1m')
      expect((await honest.refresh()).status).toBe(200)
      const again = thief.copy()
      served.clock.advance('10s')
      expect((await again.refresh()).status).toBe(200)
      expect(again.held()).toContain(honest.tokens.refresh ?? honest.cookies.get(served.wire.refresh))
      served.clock.advance(1)
      expectGone(await thief.refresh(), transport, served.wire)
      expectGone(await honest.refresh(), transport, served.wire)
      expect(served.events.filter(({ type }) => type === 'refresh.reuse')).toHaveLength(1)
      await served.stop()
    },
  )
})

describe('sign-in refused, and too often', () => {
  test(
    'wrong credentials, then 429 with Retry-After, the same for accounts that do not exist; forms likewise',
    async () => {
      const server = await playground('--sign-in-limit 1 --strategy session')
      const attempt = (email: string, password: string) =>
        newVisitor(server, 'cookie').ask('POST', '/auth/sign-in', { json: { email, password } })
      const answers = new Set<string>()
      for (const email of [ada.email, 'nobody@example.com']) {
        const wrong = await attempt(email, 'wrong')
        expectRefusal(wrong, expected('invalid credentials', server))
        answers.add(wrong.text)
        // Right or wrong is not told any more.
        for (const password of ['wrong', ada.password]) {
          const limited = await attempt(email, password)
          expectRefusal(limited, { status: 429, code: 'rate_limited' })
          expect(Number(limited.header('retry-after'))).toSatisfy(
            (seconds: number) => Number.isInteger(seconds) && seconds > 0 && seconds <= 900,
          )
        }
      }
      expect(answers.size).toBe(1)
      const form = await server.ask({
        method: 'POST',
        target: '/auth/sign-in',
        headers: [['Content-Type', 'application/x-www-form-urlencoded'], ...ownPage],
        body: new URLSearchParams(ada as unknown as Record<string, string>).toString(),
      })
      expect([form.status, form.header('location'), form.setCookies]).toEqual([303, '/plain?error=rate_limited', []])
    },
    patience,
  )
})

describe('a store that cannot answer', () => {
  test.each(pairs.filter(({ strategy }) => strategy !== 'token'))(
    '$strategy over $transport: 503, nothing set, nothing cleared',
    async ({ strategy, transport }) => {
      const served = await serveAuth({ strategy, transport })
      const visitor = await signedIn(served.wire, transport)
      served.store.plan(() => 'reject')
      const questions = [
      ['POST', '/auth/refresh'],
      ['POST', '/auth/sign-out'],
      ['GET', '/auth/sessions'],
      ['DELETE', '/auth/sessions'],
      ['DELETE', `/auth/sessions/${unknownSession.slice(5)}`],
      ...(strategy === 'hybrid' ? [] : ([['GET', '/auth/session'], ['GET', '/api/me']] as const)),
    ] as const // biome-ignore format: a table
      for (const [method, target] of questions) {
        const answer = target === '/auth/refresh' ? await visitor.refresh() : await visitor.ask(method, target)
        if (target.startsWith('/auth/sessions/') && answer.status === 404) continue
        expectUnavailable(answer)
      }
      expectUnavailable(await newVisitor(served.wire, transport).signIn())
      served.store.plan()
      expect(await whoIs(visitor)).toBe('ada')
      expect((await visitor.refresh()).status).toBe(200)
      await served.stop()
    },
  )

  function expectUnavailable(answer: Answer): void {
    expect([
      answer.status,
      (answer.json as { code: string }).code,
      answer.header('retry-after'),
      answer.setCookies,
    ]).toEqual([503, 'temporarily_unavailable', '1', []])
  }

  test('the application’s own hook that throws is 503 too, and one user that fits no schema is 500', async () => {
    const throws = async () => {
      throw new Error(`the database said: ${ada.password}`)
    }
    for (const [verifyCredentials, status, code] of [
      [throws, 503, 'temporarily_unavailable'],
      [async () => ({ id: 'ada' }), 500, 'internal_error'],
      [async () => ({ id: '', role: 'x' }), 500, 'internal_error'],
    ] as const) {
      const served = await serveAuth({
        strategy: 'session',
        transport: 'cookie',
        verifyCredentials: verifyCredentials as never,
      })
      const answer = await newVisitor(served.wire, 'cookie').signIn()
      expect([answer.status, (answer.json as { code: string }).code, answer.setCookies]).toEqual([status, code, []])
      expect(JSON.stringify(served.events) + answer.text).not.toContain(ada.password)
      await served.stop()
    }
  })
})

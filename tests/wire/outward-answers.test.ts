import { beforeAll, describe, expect, test } from 'vitest'
import type { Answer, Header } from './exchange.ts'
import { expectRefusal, varied } from './expectations.ts'
import { type AnswerName, expected, expectGone, malformed, unknownRefresh, unknownSession } from './outward-answers.ts'
import { type Playground, sharedPlaygrounds } from './playground.ts'
import { serveAuth } from './served-auth.ts'
import { ada, newVisitor, ownPage, signedIn, type Visitor, whoIs } from './visitor.ts'

const playground = sharedPlaygrounds([
  '--strategy session --transport cookie',
  '--strategy hybrid --transport cookie',
  '--strategy hybrid --transport bearer',
  '--strategy hybrid --transport split',
  '--strategy session --sign-in-limit 1',
])

describe.each([
  { flags: '--strategy session --transport cookie', transport: 'cookie' },
  { flags: '--strategy hybrid --transport cookie', transport: 'cookie' },
  { flags: '--strategy hybrid --transport bearer', transport: 'bearer' },
] as const)('a guarded route, $flags', ({ flags, transport }) => {
  let server: Playground
  let visitor: Visitor

  beforeAll(async () => {
    server = playground(flags)
    visitor = await signedIn(server, transport)
  })

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
    // Hybrid's access token needs no lookup: the feed says that it has ended.
    refused(await copy.ask('GET', '/api/me'), 'invalid token')
    refused(await copy.ask('GET', '/auth/sessions'), 'invalid token')
    refused(await copy.ask('DELETE', '/auth/sessions'), 'invalid token')
    expect((await copy.refresh()).status).toBe(400)
  })
})

describe('a malformed request', () => {
  let bearer: Playground
  let cookie: Playground
  let access: string
  beforeAll(async () => {
    bearer = playground('--strategy hybrid --transport bearer')
    cookie = playground('--strategy session --transport cookie')
    access = (await signedIn(bearer, 'bearer')).tokens.access ?? ''
  })

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
    const headers: readonly Header[] = [['Authorization', `Bearer ${access}`]]
    expectRefusal(await cookie.ask({ method: 'GET', target: '/api/me', headers }), expected('unauthenticated', cookie))
  })
})

describe('ambiguous', () => {
  let server: Playground
  let visitor: Visitor
  beforeAll(async () => {
    server = playground('--strategy hybrid --transport cookie')
    visitor = await signedIn(server, 'cookie')
  })

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

describe('refused refreshes, over the playground', () => {
  async function refreshBy(transport: 'cookie' | 'bearer' | 'split', text: string | undefined): Promise<Answer> {
    const server = playground(`--strategy hybrid --transport ${transport}`)
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
    const wire = () => playground(`--strategy hybrid --transport ${transport}`)

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

    test('tampered with: refused, and the session lives on; revoked: refused for good', async () => {
      const visitor = await signedIn(wire(), transport)
      const text = visitor.tokens.refresh ?? visitor.cookies.get(wire().refresh) ?? ''
      for (const at of [5, 22, 30, 66, 70, 112]) {
        const other = text[at] === 'A' ? 'Q' : 'A'
        expectGone(await refreshBy(transport, text.slice(0, at) + other + text.slice(at + 1)), transport, wire())
      }
      expect((await visitor.refresh()).status).toBe(200)

      const copy = visitor.copy()
      await visitor.ask('POST', '/auth/sign-out')
      expectGone(await copy.refresh(), transport, wire())
    })
  })
})

describe('sign-in refused, and too often', () => {
  test('a success is not counted', async () => {
    const served = await serveAuth({ strategy: 'session', transport: 'cookie', limits: { signIn: { identifier: 2 } } })
    const attempt = async (password: string) => {
      const visitor = newVisitor(served.wire, 'cookie')
      return (await visitor.ask('POST', '/auth/sign-in', { json: { ...ada, password } })).status
    }
    for (let times = 0; times < 5; times += 1) expect(await attempt(ada.password)).toBe(200)
    expect([await attempt('wrong'), await attempt(ada.password), await attempt('wrong')]).toEqual([401, 200, 401])
    expect(await attempt(ada.password)).toBe(429)
    served.clock.advance('15m')
    expect(await attempt(ada.password)).toBe(200)
    await served.stop()
  })

  test('wrong credentials, then 429 with Retry-After, the same for accounts that do not exist; forms likewise', async () => {
    const server = playground('--strategy session --sign-in-limit 1')
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
  })
})

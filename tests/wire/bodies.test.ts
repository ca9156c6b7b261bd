import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer, Header, Question } from './exchange.ts'
import { expectRefusal } from './expectations.ts'
import { type Playground, sharedPlaygrounds } from './playground.ts'
import { type Served, serveAuth } from './served-auth.ts'
import { ada, grace, ownPage, signedIn, type Visitor, whoIs } from './visitor.ts'

const playground = sharedPlaygrounds(['--strategy hybrid --grace 60s'])
const json: Header = ['Content-Type', 'application/json']
const limit = 16_384

const tooLarge = { status: 413, code: 'body_too_large' }
const wrongType = { status: 415, code: 'unsupported_media_type' }
const invalid = { status: 400, code: 'invalid_request' }

describe('over the playground, hybrid in cookies', () => {
  let server: Playground
  let visitor: Visitor
  beforeAll(async () => {
    server = playground('--strategy hybrid --grace 60s')
    visitor = await signedIn(server, 'cookie')
  })

  const post = (target: string, headers: readonly Header[], body?: Question['body'], framing?: Question['framing']) =>
    server.ask({
      method: 'POST',
      target,
      headers: [...(target === '/auth/sign-in' ? [] : visitor.credentials()), ...headers, ...ownPage],
      ...(body === undefined ? {} : { body }),
      ...(framing === undefined ? {} : { framing }),
    })

  /** Legal JSON of so many bytes that says nothing. */
  const ofSize = (bytes: number) => `{}${' '.repeat(bytes - 2)}`

  describe.each([
    { target: '/auth/sign-in', fits: [400, 'invalid_request'] },
    { target: '/auth/refresh', fits: [200, undefined] },
    { target: '/api/notes', fits: [400, 'invalid_request'] },
  ] as const)('$target', ({ target, fits }) => {
    test.each(['length', 'chunked'] as const)('16 KiB by %s, and one byte more', async (framing) => {
      const answer = await post(target, [json], ofSize(limit), framing)
      expect([answer.status, (answer.json as { code?: string }).code]).toEqual(fits)
      for (const bytes of [limit + 1, limit * 40])
        expectRefusal(await post(target, [json], ofSize(bytes), framing), tooLarge)
      // Counted in bytes, not in characters.
      expectRefusal(await post(target, [json], `"${'é'.repeat(limit / 2)}"`, framing), tooLarge)
    })

    test('a length that only says so is believed at once', async () => {
      const answer = await post(target, [json, ['Content-Length', '99999999999']], '{}', 'none')
      expectRefusal(answer, tooLarge)
    })

    test.each([
      'text/plain',
      'text/plain;charset=UTF-8',
      'multipart/form-data; boundary=x',
      'application/problem+json',
      'application/jsonp',
      'application/json-seq',
      'text/json',
      'application/x-json',
      '*/*',
      'application/octet-stream',
      'json',
      '',
      'text/plain; application/json',
      'text/plain, application/json',
      'application/json, text/plain',
      'application/x-www-form-urlencoded+json',
    ])('F6: JSON as %j', async (type) => {
      // biome-ignore format: a list
      expectRefusal(await post(target, [['Content-Type', type]], JSON.stringify(ada)), wrongType)
    })

    test('F6: JSON of no type, and of two', async () => {
      expectRefusal(await post(target, [], JSON.stringify(ada)), wrongType)
      expectRefusal(await post(target, [json, ['Content-Type', 'text/plain']], JSON.stringify(ada)), wrongType)
    })

    test.each([
      'application/json',
      'Application/JSON',
      'application/json;charset=utf-8',
      'application/json ; x="; text/plain"',
    ])('its legal neighbour: %s', async (type) => {
      const answer = await post(target, [['Content-Type', type]], '{}')
      expect([answer.status, (answer.json as { code?: string }).code]).toEqual(fits)
    })

    test.each(broken)('%s', async (_, body) => {
      const answer = await post(target, [json], body)
      if (target === '/auth/refresh' && body.length === 0) expect(answer.status).toBe(200)
      else expectRefusal(answer, { ...invalid, ...(target === '/api/notes' ? {} : { error: 'invalid_request' }) })
    })
  })

  test('signing out takes what signing in takes, or nothing', async () => {
    const stranger = (headers: readonly Header[], body?: string) =>
      server.ask({
        method: 'POST',
        target: '/auth/sign-out',
        headers: [...headers, ...ownPage],
        ...(body === undefined ? {} : { body }),
      })
    expect((await stranger([])).status).toBe(204)
    expect((await stranger([['Content-Type', 'text/plain']])).status).toBe(204)
    expect((await stranger([json], '{}')).status).toBe(204)
    expect((await stranger([['Content-Type', 'application/x-www-form-urlencoded']], '')).status).toBe(303)
    expectRefusal(await stranger([['Content-Type', 'text/plain']], '{}'), wrongType)
    expectRefusal(await stranger([], '{}'), wrongType)
    expectRefusal(await stranger([json], ofSize(limit + 1)), tooLarge)
    expectRefusal(await stranger([['Content-Type', 'multipart/form-data; boundary=x']], '--x--'), wrongType)
  })

  test('a refresh token that is no text is no token', async () => {
    for (const value of ['1', 'null', '{}', '[]', 'true', '["a"]'])
      expectRefusal(await post('/auth/refresh', [json], `{"refresh_token":${value}}`), {
        ...invalid,
        error: 'invalid_request',
      })
  })

  test('what Node cannot read is not ours to read', async () => {
    for (const headers of [
      [json, ['Content-Length', '2'], ['Transfer-Encoding', 'chunked']],
      [json, ['Content-Length', '-1']],
      [json, ['Content-Length', '2'], ['Content-Length', '3']],
      [json, ['Content-Length', '0x2']],
      [json, ['Transfer-Encoding', 'chunked, identity']],
      [json, ['X-Broken', 'a\0b']],
      [['X Broken', 'a']],
    ] as const) // biome-ignore format: a list
      expect((await post('/auth/sign-in', headers, '{}', 'none')).status).toBe(400)
  })

  test('afterwards the session lives, and the server has said nothing', async () => {
    expect(await whoIs(visitor)).toBe('ada')
    expect(server.printed()).toMatch(/^ready \S+\n$/)
  })
})

/** Bodies that hold no object. */
const broken: readonly (readonly [name: string, body: string | Uint8Array])[] = [
  ['an array', '[]'],
  ['an array of credentials', JSON.stringify([ada])],
  ['null', 'null'],
  ['a number', '1'],
  ['a text', JSON.stringify(JSON.stringify(ada))],
  ['nothing', ''],
  ['white space', ' '],
  ['half of an object', JSON.stringify(ada).slice(0, -1)],
  ['more behind the object', `${JSON.stringify(ada)}x`],
  ['two objects', `${JSON.stringify(ada)}${JSON.stringify(ada)}`],
  ['single quotes', "{'email':'ada@example.com'}"],
  ['a comma at the end', '{"email":"ada@example.com",}'],
  ['a comment', '{/**/}'],
  ['NaN', '{"email":NaN}'],
  ['a control character', '{"email":"a\nb"}'],
  ['a form', 'email=ada%40example.com&password=analytical-engine'],
  ['deep nesting (A18)', '['.repeat(16_000)],
  ['deep nesting, closed', `${'['.repeat(8_000)}${']'.repeat(8_000)}`],
  ['deep nesting in a field, open', '{"a":'.repeat(3_000)],
  ['UTF-16', Buffer.from(JSON.stringify(ada), 'utf16le')],
  ['NUL', '\0'],
  ['bytes that are no UTF-8', Uint8Array.of(0xff, 0xfe, 0x7b, 0x7d)],
  ['a BOM in the middle', '{\uFEFF}'],
] // biome-ignore format: a table

describe('credentials, whose fields are read once and alike', () => {
  let served: Served
  beforeAll(async () => {
    served = await serveAuth({ strategy: 'session', transport: 'cookie' })
  })
  afterAll(() => served?.stop())

  const signIn = (body: string | Uint8Array): Promise<Answer> =>
    served.wire.ask({ method: 'POST', target: '/auth/sign-in', headers: [json, ...ownPage], body })
  const user = ({ json }: Answer) => (json as { session?: { user: unknown } }).session?.user

  const adas = JSON.stringify(ada)
  const field = (name: string, value: string) => `${JSON.stringify(name)}:${JSON.stringify(value)}`

  test.each([
    ['as they are', adas],
    ['behind a BOM (RFC 8259 §8.1)', `\uFEFF${adas}`],
    ['within white space', ` \n\t${adas}\r\n`],
    ['escaped', adas.replace('ada@', '\\u0061d\\u0061@')],
    [
      'twice: the last counts, as in every reader',
      `{${field('email', grace.email)},${field('password', 'x')},${adas.slice(1)}`,
    ],
    [
      'with fields that nobody asked for',
      `{${field('id', 'grace')},${field('role', 'owner')},${field('userId', 'grace')},"user":{"id":"grace"},${adas.slice(1)}`,
    ],
    [
      'with a prototype',
      `{"__proto__":{"id":"grace","role":"owner"},"constructor":{"prototype":{"role":"owner"}},${adas.slice(1)}`,
    ],
    ['with deep nesting beside', `{"a":${'['.repeat(7_000)}${']'.repeat(7_000)},${adas.slice(1)}`],
  ])('%s: ada', async (_, body) => {
    const answer = await signIn(body)
    expect([answer.status, user(answer)]).toEqual([200, { id: 'ada', role: 'admin' }])
    expect(({} as { role?: unknown }).role).toBeUndefined()
  })

  test.each([
    ['only in the prototype', `{"__proto__":${adas}}`, 400],
    ['in another case', adas.replace('"email"', '"Email"'), 400],
    ['as a list', '{"email":["ada@example.com"],"password":["analytical-engine"]}', 400],
    ['as an operator', '{"email":{"$ne":null},"password":{"$ne":null}}', 400],
    ['as numbers', '{"email":0,"password":0}', 400],
    ['with a lone surrogate', adas.replace('engine', 'engine\\ud800'), 401],
    ['with NUL at the end', adas.replace('engine', 'engine\\u0000'), 401],
    ['in another normal form', adas.replace('engine', 'engine\u0301'), 401],
    ['in upper case', adas.replace('engine', 'Engine'), 401],
    ['empty', '{"email":"","password":""}', 401],
  ] as const)('%s: nobody', async (_, body, status) => {
    const answer = await signIn(body)
    expect([answer.status, answer.setCookies]).toEqual([status, []])
  })

  test('bytes that are no UTF-8 are not left out: nobody', async () => {
    for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xe2, 0x82]]) {
      const body = Buffer.concat([Buffer.from(adas.slice(0, -2)), Buffer.from(bytes), Buffer.from('"}')])
      expect([(await signIn(body)).status, bytes]).toEqual([401, bytes])
    }
  })
})

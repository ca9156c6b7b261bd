import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Challenge, formatChallenge, parseChallenge, readBearer } from '../src/authorization.ts'

const jwt = 'eyJhbGciOiJFUzI1NiJ9.e30.c2ln'

describe('readBearer', () => {
  test.each([
    [`Bearer ${jwt}`, jwt],
    [`bearer ${jwt}`, jwt],
    [`BEARER ${jwt}`, jwt],
    [`Bearer   ${jwt}`, jwt],
    [` Bearer ${jwt}\t`, jwt],
    ['Bearer a', 'a'],
    ['Bearer a-._~+/9==', 'a-._~+/9=='],
    [`Bearer ${'a'.repeat(8_192)}`, 'a'.repeat(8_192)],
  ])('reads the token of %.40j', (header, token) => {
    expect(readBearer(header)).toEqual({ kind: 'token', token })
  })

  test.each([
    null,
    '',
    ' ',
    'Basic YTpi',
    'DPoP abc',
    'Bearers abc',
    'Bearer. abc',
    'Bearer-x abc',
    'Digest username="a, Bearer b", realm="c"',
    'Digest username="a\\", Bearer b", realm="c"',
    'Digest username="a", nc=1',
    'Negotiate abc==, bearers',
    jwt,
  ])('%j is none of ours', (header) => {
    expect(readBearer(header)).toEqual({ kind: 'absent' })
  })

  test.each([
    'Bearer',
    'Bearer ',
    `Bearer\t${jwt}`,
    'Bearer a b',
    'Bearer a, Bearer b',
    'Bearer a,Bearer a',
    'Bearer a,',
    'Bearer ,a',
    'Basic YTpi, Bearer a',
    'Digest username="a", Bearer b',
    'Digest username="a",\tbearer b',
    'Bearer Bearer a',
    'Bearer "a"',
    'Bearer a=b',
    'Bearer =a',
    'Bearer token=a',
    'Bearer a\0',
    'Bearer a\r\nX: y',
    'Bearer ä',
    'Bearer a%20b',
    'Bearer,a',
    'Bearer=a',
    `Bearer ${'a'.repeat(8_193)}`,
    `Bearer ${'a'.repeat(1_000_000)}`,
    `Bearer${' '.repeat(1_000_000)}a`,
  ])('%.40j is malformed', (header) => {
    expect(readBearer(header)).toEqual({ kind: 'malformed' })
  })

  test('never throws, and a token that it reads is the whole of what stands behind the scheme', () => {
    const header = fc.oneof(
      fc.string({ unit: fc.integer({ max: 0xffff, min: 0 }).map((code) => String.fromCharCode(code)) }),
      fc.string({ unit: fc.constantFrom(...'Bearer bearer,,  \t="\\abc.') }),
      fc.string({ unit: fc.constantFrom(...'abc.-_~+/=, ') }).map((rest) => `Bearer ${rest}`),
    )
    fc.assert(
      fc.property(header, (text) => {
        const bearer = readBearer(text)
        if (bearer.kind === 'token')
          expect(text.replace(/^[ \t]*bearer +/i, '').replace(/[ \t]+$/, '')).toBe(bearer.token)
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('formatChallenge', () => {
  test.each<[Challenge & { realm: string }, string]>([
    [{ realm: 'app.example' }, 'Bearer realm="app.example"'],
    [{ realm: 'a "b" \\c' }, 'Bearer realm="a \\"b\\" \\\\c"'],
    [
      { realm: 'app.example', error: 'invalid_token', description: 'token_expired' },
      'Bearer realm="app.example", error="invalid_token", error_description="token_expired"',
    ],
    [
      { realm: 'app.example', error: 'insufficient_user_authentication', maxAge: 300 },
      'Bearer realm="app.example", error="insufficient_user_authentication", max_age="300"',
    ],
    [{ realm: '', maxAge: 0 }, 'Bearer realm="", max_age="0"'],
  ])('%j', (challenge, header) => {
    expect(formatChallenge(challenge)).toBe(header)
  })

  test.each<[Challenge & { realm: string }, string]>([
    [{ realm: 'a\r\nSet-Cookie: x=y' }, 'realm'],
    [{ realm: 'a\0' }, 'realm'],
    [{ realm: 'ä' }, 'realm'],
    [{ realm: 'a', error: 'a"b' }, 'error'],
    [{ realm: 'a', error: '' }, 'error'],
    [{ realm: 'a', error: 'a\\b' }, 'error'],
    [{ realm: 'a', description: 'a\nb' }, 'description'],
    [{ realm: 'a', description: '\x7f' }, 'description'],
    [{ realm: 'a', maxAge: -1 }, 'maxAge'],
    [{ realm: 'a', maxAge: 1.5 }, 'maxAge'],
    [{ realm: 'a', maxAge: Number.NaN }, 'maxAge'],
  ])('%j is refused', (challenge, option) => {
    expect(() => formatChallenge(challenge)).toThrow(option)
  })
})

describe('parseChallenge', () => {
  test.each<[string, Challenge]>([
    ['Bearer', {}],
    ['Bearer realm="x"', {}],
    ['bearer error="invalid_token"', { error: 'invalid_token' }],
    ['Bearer error=invalid_token', { error: 'invalid_token' }],
    ['Bearer realm="a, Basic b", ERROR = "x" , max_age=5', { error: 'x', maxAge: 5 }],
    ['Bearer error_description="a \\"b\\" \\c"', { description: 'a "b" c' }],
    ['Basic realm="x", Bearer error="e", error_description="d"', { error: 'e', description: 'd' }],
    ['Negotiate abc==, Bearer error="e", Basic error="f"', { error: 'e' }],
    ['Bearer error="e", Digest realm="x", error="f"', { error: 'e' }],
    ['Bearer realm="a", Digest realm="x", error="f"', {}],
    ['Digest error="f", realm="x",Bearer max_age="10"', { maxAge: 10 }],
    [',, Bearer , error="e" ,,', { error: 'e' }],
    ['Bearer error="first", error="second"', { error: 'first' }],
    ['Bearer error="first", Bearer error="second"', { error: 'first' }],
    ['Bearer error="e", max_age="-1"', { error: 'e' }],
    ['Bearer error="e", max_age="1e3"', { error: 'e' }],
    ['Bearer error="e", ???, max_age=7', { error: 'e', maxAge: 7 }],
    ['Bearer error="never closed', {}],
    ['Bearer __proto__="x", constructor="y", error="e"', { error: 'e' }],
  ])('%j', (header, challenge) => {
    expect(parseChallenge(header)).toEqual(challenge)
  })

  test.each([
    null,
    '',
    'Basic realm="x"',
    'Basic realm="Bearer error=e"',
    'Bearers error="e"',
    'error="e"',
    `Bearer ${' '.repeat(16_384)}`,
  ])('%.40j has none', (header) => {
    expect(parseChallenge(header)).toBeUndefined()
  })

  test('reads back what was formatted, among challenges of others', () => {
    const text = fc.string({ minLength: 1, maxLength: 20, unit: fc.constantFrom(...' !#$azAZ09_,=;()[]{}') })
    const challenge = fc.record(
      { error: text, description: text, maxAge: fc.nat() },
      { requiredKeys: [], noNullPrototype: true },
    )
    fc.assert(
      fc.property(challenge, fc.string({ unit: fc.constantFrom(...'ab",\\ =') }), (said, realm) => {
        const header = formatChallenge({ realm, ...said })
        expect(parseChallenge(header)).toEqual(said)
        expect(parseChallenge(`Basic realm="x", ${header}, DPoP algs="ES256"`)).toEqual(said)
      }),
    )
  })

  test('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'Bearer error="e"\\,, =x') }), (header) => {
        parseChallenge(header)
      }),
      { numRuns: 1_000 },
    )
  })

  test.each(['"', '\\', ',', ' ', 'a=', 'a="', '"\\', 'Bearer a=b,', '\t'])(
    '16 KiB of %j are read in no time',
    (unit) => {
      const started = performance.now()
      parseChallenge(`Bearer ${unit.repeat(16_000 / unit.length)}`)
      readBearer(`Digest ${unit.repeat(16_000 / unit.length)}, bearer`)
      // A quadratic scan of this length takes seconds; the bound is far from both.
      expect(performance.now() - started).toBeLessThan(200)
    },
  )
})

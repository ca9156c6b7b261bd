import { describe, expect, test } from 'vitest'
import { isAuthError } from '../../src/errors.ts'
import {
  type ClaimsOptions,
  type ClaimsResult,
  checkClaims,
  checkCustomClaims,
  findMisshapen,
  parseClockTolerance,
  registeredClaims,
} from '../../src/jwt/claims.ts'
import { at, claimsWith, issuer, now } from './keys.ts'

const options: ClaimsOptions = { issuer, audience: issuer, now, clockTolerance: 5_000, maxLifetime: 900_000 }

function verdict(claims: unknown, changes: Partial<ClaimsOptions> = {}): string {
  const result: ClaimsResult = checkClaims(claims, { ...options, ...changes })
  return result.ok ? 'ok' : result.reason
}

test('right claims are answered as they came', () => {
  const claims = claimsWith({ role: 'admin', acr: '1', amr: ['pwd', 'otp'] })
  expect(checkClaims(claims, options)).toEqual({ ok: true, claims })
})

describe('shape', () => {
  const whole = [
    '9999999999',
    null,
    true,
    [],
    {},
    Number.POSITIVE_INFINITY,
    -1,
    Number.NaN,
    1.5,
    9_007_199_254_740_992,
    undefined,
  ]
  const text = ['', 0, null, {}, { $ne: null }, ['ada'], true, undefined]
  const misshapen: readonly (readonly [name: string, values: readonly unknown[]])[] = [
    ['exp', whole],
    ['iat', whole],
    ['nbf', whole],
    ['auth_time', whole],
    ['iss', text],
    ['sub', [...text, 'a'.repeat(256), 'é'.repeat(128)]],
    ['client_id', text],
    ['jti', text],
    ['sid', ['', 0, null, {}, []]],
    ['aud', ['', [], {}, [['a']], [''], [issuer, 1], [null], 1, null, undefined]],
    ['acr', ['', 1, null]],
    ['amr', ['pwd', [1], {}, null]],
    [
      'hs',
      [
        undefined,
        null,
        [],
        'x',
        {},
        { v: 2, g: 0, e: 0, t: 'cookie' },
        { v: '1', g: 0, e: 0, t: 'cookie' },
        { v: 1, e: 0, t: 'cookie' },
        { v: 1, g: -1, e: 0, t: 'cookie' },
        { v: 1, g: 0, e: 0.5, t: 'cookie' },
        { v: 1, g: 0, e: 0, t: 'header' },
        { v: 1, g: 0, e: 0 },
        { v: 1, g: 0, e: 0, t: 'cookie', p: '' },
        { v: 1, g: 0, e: 0, t: 'cookie', p: 1 },
      ],
    ],
    ['user', [undefined, null, [], 'ada', { id: 'grace' }, { id: null }, { id: ['ada'] }]],
  ]

  test.each(misshapen.flatMap(([name, values]) => values.map((value) => [name, value] as const)))(
    '%s: %j is malformed',
    (name, value) => {
      const claims = { ...claimsWith(), [name]: value }
      expect(verdict(claims)).toBe('malformed')
      expect(findMisshapen(claims)?.split('.')[0]).toBe(name)
    },
  )

  test.each([undefined, null, [], 'claims', 1, [claimsWith()]])('%j are no claims', (claims) => {
    expect(verdict(claims)).toBe('malformed')
  })

  test('claims inherited from a prototype are none', () => {
    expect(verdict(Object.create(claimsWith()))).toBe('malformed')
  })

  test.each(['sid', 'iss', 'amr', 'aud'])('%s on Object.prototype is nobody’s claim', (name) => {
    const { [name]: own, ...others } = { ...claimsWith({ amr: ['pwd'] }), sid: 's' } as Record<string, unknown>
    const without = verdict(others)
    Object.defineProperty(Object.prototype, name, { configurable: true, value: own })
    try {
      expect(verdict({ ...others })).toBe(without)
      Object.defineProperty(Object.prototype, name, { configurable: true, value: 7 })
      expect(verdict({ ...others })).toBe(without)
      expect(verdict({ ...others, [name]: own })).toBe('ok')
    } finally {
      Reflect.deleteProperty(Object.prototype, name)
    }
  })

  test.each<[string, Record<string, unknown>]>([
    ['no sid', { sid: undefined }],
    ['a sub of 255 bytes', { sub: `é${'a'.repeat(253)}`, user: {} }],
    ['a user without an id', { user: { role: 'admin' } }],
    ['times of 0', { iat: 0, nbf: 0, auth_time: 0, exp: 1 }],
    ['a factor owed', { hs: { v: 1, g: 4, e: 0, t: 'split', p: 'mfa' } }],
    ['something new beside what is known of hs', { hs: { v: 1, g: 4, e: 0, t: 'bearer', x: 1 } }],
    ['unknown claims', { role: 'admin', 'https://x.example/y': [1] }],
  ])('%s is well', (_, changes) => {
    expect(findMisshapen(claimsWith(changes))).toBeUndefined()
  })
})

describe('issuer', () => {
  test.each([
    `${issuer}/`,
    'https://APP.example',
    'https://app.example:443',
    'http://app.example',
    'https://app.exampl',
    ' https://app.example',
  ])('%j is another one', (iss) => {
    expect(verdict(claimsWith({ iss }))).toBe('wrong_issuer')
  })
})

describe('audience', () => {
  const api = 'https://api.example.com'

  test.each<[string | string[], string | string[]]>([
    [api, api],
    [[api], api],
    [['https://evil.example', api], api],
    [api, ['https://b.example', api]],
    [
      ['x', api],
      [api, 'y'],
    ],
  ])('%j is for %j', (aud, audience) => {
    expect(verdict(claimsWith({ aud }), { audience })).toBe('ok')
  })

  test.each<[string | string[], string | string[]]>([
    ['https://api.example.com.evil', api],
    ['https://api.example.co', api],
    ['https://api.example.com/', api],
    ['HTTPS://API.EXAMPLE.COM', api],
    [['https://evil.example', 'https://api.example.com.evil'], api],
    [api, []],
    [api, ['https://b.example']],
    ['https', [api]],
    ['https://api.example.com.evil', ['https://b.example', api]],
  ])('%j is not for %j', (aud, audience) => {
    expect(verdict(claimsWith({ aud }), { audience })).toBe('wrong_audience')
  })
})

describe('times, with 5 seconds of tolerance', () => {
  test.each<[string, Record<string, unknown>, number, string]>([
    ['the millisecond before exp and tolerance', {}, (at + 305) * 1_000 - 1, 'ok'],
    ['exp and tolerance', {}, (at + 305) * 1_000, 'expired'],
    ['long after', {}, (at + 100_000) * 1_000, 'expired'],
    ['exp itself', {}, (at + 300) * 1_000, 'ok'],
    ['iat less the tolerance', {}, (at - 5) * 1_000, 'ok'],
    ['the millisecond before it', {}, (at - 5) * 1_000 - 1, 'not_yet_valid'],
    ['an nbf later than iat', { nbf: at + 60 }, now, 'not_yet_valid'],
    ['the same when its time has come', { nbf: at + 60 }, (at + 55) * 1_000, 'ok'],
    ['an iat ten minutes ahead', { iat: at + 600, exp: at + 900 }, now, 'not_yet_valid'],
    ['an iat ahead that has an nbf before', { iat: at + 6, nbf: 0 }, now, 'not_yet_valid'],
    ['exp before iat', { exp: at - 10 }, now, 'expired'],
  ])('%s: %j at %i is %s', (_, changes, moment, expected) => {
    expect(verdict(claimsWith(changes), { now: moment })).toBe(expected)
  })

  test('without tolerance exp is the first moment at which the token is no good', () => {
    const exact = { clockTolerance: 0 }
    expect(verdict(claimsWith(), { ...exact, now: (at + 300) * 1_000 - 1 })).toBe('ok')
    expect(verdict(claimsWith(), { ...exact, now: (at + 300) * 1_000 })).toBe('expired')
    expect(verdict(claimsWith(), { ...exact, now: at * 1_000 })).toBe('ok')
    expect(verdict(claimsWith(), { ...exact, now: at * 1_000 - 1 })).toBe('not_yet_valid')
  })

  test.each<[string, Record<string, unknown>, number, string]>([
    ['the longest lifetime', { exp: at + 900 }, 900_000, 'ok'],
    ['a second more, as two roundings can make', { exp: at + 901 }, 900_000, 'ok'],
    ['two seconds more', { exp: at + 902 }, 900_000, 'malformed'],
    ['exp in milliseconds', { exp: (at + 300) * 1_000 }, 900_000, 'malformed'],
    ['a lifetime that would never end', { iat: 0, nbf: 0, exp: Number.MAX_SAFE_INTEGER }, 900_000, 'malformed'],
  ])('%s: %j within %i ms is %s', (_, changes, maxLifetime, expected) => {
    expect(verdict(claimsWith(changes), { maxLifetime })).toBe(expected)
  })

  test('a clock or a limit that is NaN admits nothing', () => {
    expect(verdict(claimsWith(), { now: Number.NaN })).not.toBe('ok')
    expect(verdict(claimsWith(), { clockTolerance: Number.NaN })).not.toBe('ok')
    expect(verdict(claimsWith(), { maxLifetime: Number.NaN })).not.toBe('ok')
  })
})

test('a bound token is not let through as if it were not bound', () => {
  expect(verdict(claimsWith({ cnf: { jkt: 'abc' } }))).toBe('binding')
  expect(verdict(claimsWith({ cnf: null }))).toBe('binding')
})

test('expired is said of a token that is right in everything else', () => {
  const late = { now: (at + 1_000) * 1_000 }
  const claims = claimsWith()
  expect(checkClaims(claims, { ...options, ...late })).toEqual({ ok: false, reason: 'expired', claims })
  expect(verdict(claimsWith({ iss: 'x' }), late)).toBe('wrong_issuer')
  expect(verdict(claimsWith({ aud: 'x' }), late)).toBe('wrong_audience')
  expect(verdict(claimsWith({ cnf: {} }), late)).toBe('binding')
  expect(verdict(claimsWith({ sub: '' }), late)).toBe('malformed')
  expect(verdict(claimsWith({ nbf: at + 5_000 }), late)).toBe('not_yet_valid')
})

describe('custom claims', () => {
  test.each(registeredClaims)('%s has a registered name', (name) => {
    let thrown: unknown
    try {
      checkCustomClaims({ role: 'admin', [name]: 'x' })
    } catch (error) {
      thrown = error
    }
    expect(isAuthError(thrown) && thrown.code).toBe('ERR_CLAIMS_INVALID')
    expect(String(thrown)).toContain(name)
  })

  test('others are free', () => {
    expect(() =>
      checkCustomClaims({ role: 'admin', permissions: ['a'], email: 'a@b.example', scope: 'x', SUB: 1 }),
    ).not.toThrow()
  })
})

describe('parseClockTolerance', () => {
  test('takes up to five minutes, and none', () => {
    expect(parseClockTolerance('5s', 'clockTolerance')).toBe(5_000)
    expect(parseClockTolerance(0, 'clockTolerance')).toBe(0)
    expect(parseClockTolerance('5m', 'clockTolerance')).toBe(300_000)
    expect(() => parseClockTolerance(300_001, 'clockTolerance')).toThrow(/^clockTolerance must be 5 minutes at most/)
    expect(() => parseClockTolerance('x' as '1s', 'clockTolerance')).toThrow(TypeError)
  })
})

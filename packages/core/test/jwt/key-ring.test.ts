import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isAuthError } from '../../src/errors.ts'
import { createKeyRing, type KeyPhase, type KeyRing, type KeyRingJwk } from '../../src/jwt/key-ring.ts'
import { signAccessToken } from '../../src/jwt/sign.ts'
import { verifyAccessToken } from '../../src/jwt/verify.ts'
import { at, claimsWith, issuer, keyFor, now, publicHalf } from './keys.ts'

const key = (kid: string, times: Pick<KeyRingJwk, 'activeFrom' | 'retireAt'> = {}): KeyRingJwk => ({
  ...keyFor('EdDSA'),
  kid,
  ...times,
})

function phases(ring: KeyRing, moment: number, acceptFor: number): Record<string, KeyPhase> {
  return Object.fromEntries(ring.phases(moment, acceptFor).map(({ kid, phase }) => [kid, phase]))
}

function signerAt(ring: KeyRing, moment: number): string {
  try {
    return ring.signer(moment).kid
  } catch (error) {
    return isAuthError(error) ? error.code : String(error)
  }
}

describe('phases', () => {
  const ring = createKeyRing([
    key('a'),
    key('c', { activeFrom: 2_000 }),
    key('b', { activeFrom: 1_000, retireAt: 5_000 }),
  ])

  test.each<[number, Record<string, KeyPhase>, string]>([
    [0, { a: 'active', b: 'pending', c: 'pending' }, 'a'],
    [999, { a: 'active', b: 'pending', c: 'pending' }, 'a'],
    [1_000, { a: 'retiring', b: 'active', c: 'pending' }, 'b'],
    [1_499, { a: 'retiring', b: 'active', c: 'pending' }, 'b'],
    [1_500, { a: 'gone', b: 'active', c: 'pending' }, 'b'],
    [2_000, { a: 'gone', b: 'retiring', c: 'active' }, 'c'],
    [2_500, { a: 'gone', b: 'gone', c: 'active' }, 'c'],
    [9e15, { a: 'gone', b: 'gone', c: 'active' }, 'c'],
  ])('at %i, accepted for 500: %j, and %s signs', (moment, expected, signer) => {
    expect(phases(ring, moment, 500)).toEqual(expected)
    expect(signerAt(ring, moment)).toBe(signer)
  })

  test('what is published and what is accepted is what is not gone, pending keys included', () => {
    expect(ring.jwks(1_200, 500).keys.map(({ kid }) => kid)).toEqual(['c', 'b', 'a'])
    expect(ring.jwks(1_500, 500).keys.map(({ kid }) => kid)).toEqual(['c', 'b'])
    expect(ring.verifier('a', 'EdDSA', 1_499, 500)?.kid).toBe('a')
    expect(ring.verifier('a', 'EdDSA', 1_500, 500)).toBeUndefined()
    expect(ring.verifier('c', 'EdDSA', 0, 500)?.kid).toBe('c')
  })

  test('a key that was replaced does not come back when its successor retires', () => {
    const gap = createKeyRing([key('a'), key('b', { activeFrom: 1_000, retireAt: 2_000 })])
    expect(signerAt(gap, 1_999)).toBe('b')
    expect(signerAt(gap, 2_000)).toBe('ERR_KEY_UNAVAILABLE')
    expect(phases(gap, 2_000, 10_000)).toEqual({ a: 'retiring', b: 'retiring' })
  })

  test('a moment that is no number admits and signs nothing', () => {
    expect(signerAt(ring, Number.NaN)).toBe('ERR_KEY_UNAVAILABLE')
    expect(ring.verifier('a', 'EdDSA', Number.NaN, 500)).toBeUndefined()
  })

  test('the order of the list does not matter, so nodes agree', () => {
    const list = [key('a'), key('b', { activeFrom: 1_000 }), key('c', { activeFrom: 2_000 })]
    for (const moment of [0, 1_000, 2_500]) {
      expect(createKeyRing(list.toReversed()).phases(moment, 500)).toEqual(createKeyRing(list).phases(moment, 500))
    }
  })
})

test('phases are total, go forward alone, and at most one key signs at any time', () => {
  const time = fc.integer({ min: 0, max: 100 })
  const dated = fc.record({ activeFrom: time, life: fc.option(fc.integer({ min: 1, max: 60 })) })
  const order: readonly KeyPhase[] = ['pending', 'active', 'retiring', 'gone']
  fc.assert(
    fc.property(
      fc.uniqueArray(dated, { minLength: 1, maxLength: 4, selector: ({ activeFrom }) => activeFrom }),
      fc.integer({ min: 0, max: 40 }),
      (list, acceptFor) => {
        const ring = createKeyRing(
          list.map(({ activeFrom, life }, index) =>
            key(`k${index}`, { activeFrom, ...(life === null ? {} : { retireAt: activeFrom + life }) }),
          ),
        )
        let before: Record<string, KeyPhase> = {}
        for (let moment = -1; moment <= 210; moment += 1) {
          const present = phases(ring, moment, acceptFor)
          expect(Object.keys(present)).toHaveLength(list.length)
          const active = Object.keys(present).filter((kid) => present[kid] === 'active')
          expect(active.length).toBeLessThanOrEqual(1)
          expect(signerAt(ring, moment)).toBe(active[0] ?? 'ERR_KEY_UNAVAILABLE')
          for (const [kid, phase] of Object.entries(present)) {
            expect(order.indexOf(phase)).toBeGreaterThanOrEqual(order.indexOf(before[kid] ?? 'pending'))
            expect(ring.verifier(kid, 'EdDSA', moment, acceptFor) === undefined).toBe(phase === 'gone')
          }
          before = present
        }
      },
    ),
    { numRuns: 25 },
  )
})

test('a token made in the last moment of a key is good for as long as it may live, by every clock within the skew', async () => {
  const [lifetime, skew] = [300_000, 30_000]
  const ring = createKeyRing([
    { ...keyFor('ES256'), kid: 'old' },
    { ...keyFor('EdDSA'), kid: 'new', activeFrom: now + 1 },
  ])
  const token = await signAccessToken(claimsWith({ exp: at + 300 }), ring.signer(now))
  const verdictAt = async (moment: number): Promise<boolean> => {
    const result = await verifyAccessToken(token, {
      resolve: (kid, alg) => ring.verifier(kid, alg, moment, lifetime + skew),
      issuer,
      audience: issuer,
      now: moment,
      clockTolerance: skew,
      maxLifetime: lifetime,
    })
    return result.ok
  }
  expect(await verdictAt(now)).toBe(true)
  expect(await verdictAt(now + lifetime + skew - 1)).toBe(true)
  expect(ring.verifier('old', 'ES256', now + lifetime + skew + 1, lifetime + skew)).toBeUndefined()
})

describe('times', () => {
  test.each<[unknown, number]>([
    [new Date(86_400_000), 86_400_000],
    [86_400_000, 86_400_000],
    ['1970-01-02', 86_400_000],
    ['1970-01-02T00:00Z', 86_400_000],
    ['1970-01-02T01:00:00.000+01:00', 86_400_000],
  ])('%j is read', (activeFrom, moment) => {
    const ring = createKeyRing([key('a', { activeFrom: activeFrom as number })])
    expect(phases(ring, moment - 1, 0)).toEqual({ a: 'pending' })
    expect(phases(ring, moment, 0)).toEqual({ a: 'active' })
  })

  test.each<[unknown]>([
    ['1970-01-02T00:00'],
    ['1970-01-02T00:00:00'],
    ['tomorrow'],
    ['2027-13-01'],
    [''],
    [new Date(Number.NaN)],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [null],
    [true],
    [{}],
  ])('%j is no moment that all nodes agree on', (activeFrom) => {
    expect(() => createKeyRing([key('a', { activeFrom: activeFrom as number })])).toThrow(
      /^keys\[0\]\.activeFrom must be/,
    )
    expect(() => createKeyRing([key('a', { retireAt: activeFrom as number })])).toThrow(/^keys\[0\]\.retireAt must be/)
  })

  test('a key retires after it is active', () => {
    expect(() => createKeyRing([key('a', { activeFrom: 10, retireAt: 10 })])).toThrow(RangeError)
    expect(() => createKeyRing([key('a', { activeFrom: 10, retireAt: 11 })])).not.toThrow()
  })
})

describe('createKeyRing refuses', () => {
  test.each<[string, unknown, RegExp]>([
    ['no keys', [], /npx @handstamp\/server keys/],
    ['one key that is not in a list', keyFor('ES256'), /must be a list/],
    ['nothing', undefined, /must be a list/],
    ['a PEM', ['-----BEGIN PRIVATE KEY-----'], /^keys\[0\] must be a JWK/],
    ['a public key', [publicHalf(keyFor('ES256'))], /^keys\[0\]\.d is missing/],
    ['a second key that is weak', [keyFor('HS256'), { kty: 'oct', alg: 'HS256', k: 'c2VjcmV0' }], /^keys\[1\]\.k/],
    ['HS256 beside ES256', [keyFor('HS256'), { ...keyFor('ES256'), activeFrom: 1 }], /either all HS\*/],
    ['one kid for two keys', [key('a'), { ...keyFor('ES256'), kid: 'a', activeFrom: 1 }], /kid of their own/],
    ['the same key twice', [key('a'), key('a', { activeFrom: 1 })], /kid of their own/],
    [
      'two keys from the same time',
      [key('a', { activeFrom: 5 }), key('b', { activeFrom: 5 })],
      /activeFrom of their own/,
    ],
    ['two keys from ever', [key('a'), key('b')], /activeFrom of their own/],
  ])('%s', (_, keys, message) => {
    expect(() => createKeyRing(keys as KeyRingJwk[])).toThrow(message)
  })
})

describe('what a ring shows', () => {
  test('HS* keys verify and are never published', () => {
    const ring = createKeyRing([keyFor('HS256'), { ...keyFor('HS512'), activeFrom: 1 }])
    expect(ring.symmetric).toBe(true)
    expect(ring.jwks(0, 0)).toEqual({ keys: [] })
    expect(ring.verifier('k-HS256', 'HS256', 0, 0)?.alg).toBe('HS256')
    expect(ring.verifier('k-HS256', 'HS512', 0, 0)).toBeUndefined()
  })

  test('published keys hold public members and nothing else', () => {
    const ring = createKeyRing([
      { ...keyFor('ES256'), retireAt: 10 },
      { ...keyFor('RS256'), activeFrom: 1 },
    ])
    expect(ring.symmetric).toBe(false)
    expect(ring.jwks(0, 0).keys).toEqual([
      { ...publicHalf(keyFor('RS256')), use: 'sig' },
      { ...publicHalf(keyFor('ES256')), use: 'sig' },
    ])
  })

  test('inspecting or writing it down shows no secret, before and after it was used', async () => {
    const list = [keyFor('ES256'), { ...keyFor('EdDSA'), activeFrom: 1 }]
    const rings = [createKeyRing(list), createKeyRing([keyFor('HS256')])]
    for (const used of [false, true]) {
      if (used) for (const ring of rings) await signAccessToken(claimsWith(), ring.signer(now))
      const shown = inspect(rings, { depth: 12, showHidden: true, getters: true }) + JSON.stringify(rings)
      for (const { d, k } of [...list, keyFor('HS256')] as { d?: string; k?: string }[]) {
        for (const secret of [d, k]) if (secret !== undefined) expect(shown).not.toContain(secret.slice(0, 12))
      }
    }
  })

  test('changing the JWK afterwards changes nothing', () => {
    const jwk = { ...key('a') }
    const ring = createKeyRing([jwk])
    Object.assign(jwk, { kid: 'b', alg: 'none', activeFrom: 1e15 })
    expect(signerAt(ring, 0)).toBe('a')
  })
})

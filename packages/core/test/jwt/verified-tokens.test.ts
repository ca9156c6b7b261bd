import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { createKeyRing, type KeyRingJwk } from '../../src/jwt/key-ring.ts'
import { createVerifiedTokens, tokenDigest, type VerifiedTokens } from '../../src/jwt/verified-tokens.ts'
import { type TokenResult, type VerifyOptions, verifyAccessToken } from '../../src/jwt/verify.ts'
import { at, claimsWith, forge, issuer, keyFor, now, segment } from './keys.ts'

const header = { alg: 'HS256', kid: 'k-HS256', typ: 'at+jwt' }
const tokenOf = (changes: Record<string, unknown> = {}): string => forge('HS256', header, claimsWith(changes))
const ringOf = (key: Partial<KeyRingJwk> = {}) => createKeyRing([{ ...keyFor('HS256'), ...key }])

let seen: VerifiedTokens
let asked: number
beforeEach(() => {
  seen = createVerifiedTokens()
  asked = 0
})

function options(changes: Partial<VerifyOptions> = {}, ring = ringOf()): VerifyOptions {
  return {
    resolve: (kid, alg) => ring.verifier(kid, alg, changes.now ?? now, 0),
    issuer,
    audience: issuer,
    now,
    clockTolerance: 5_000,
    maxLifetime: 900_000,
    seen,
    ...changes,
  }
}

/** The same, and how often a signature was verified. */
function counting(ring = ringOf()): VerifyOptions['resolve'] {
  const key = ring.verifier('k-HS256', 'HS256', now, 0)
  if (key === undefined) throw new Error('the ring has the key')
  const watched = {
    ...key,
    verify: (input: string, signature: Uint8Array) => {
      asked += 1
      return key.verify(input, signature)
    },
  }
  return () => watched
}

const reason = async (token: string, changes: Partial<VerifyOptions>, ring = ringOf()): Promise<string> => {
  const result = await verifyAccessToken(token, options(changes, ring))
  return result.ok ? 'ok' : result.reason
}

describe('a token that comes again', () => {
  test('is verified once, and says the same', () => {
    const resolve = counting()
    const first = verifyAccessToken(tokenOf(), options({ resolve }))
    // As one that came over the network: another string each time.
    const again = Buffer.from(tokenOf()).toString()
    expect(verifyAccessToken(again, options({ resolve }))).toEqual(first)
    expect(asked).toBe(1)
  })

  test('is judged by its times at each hit, to the millisecond', async () => {
    const resolve = counting()
    const token = tokenOf({ nbf: at, iat: at, exp: at + 300 })
    const verdict = (moment: number, clockTolerance = 0): Promise<string> =>
      reason(token, { resolve, now: moment, clockTolerance })
    expect(await verdict(now)).toBe('ok')
    expect(await verdict(now - 1)).toBe('not_yet_valid')
    expect(await verdict(now - 1, 1)).toBe('ok')
    expect(await verdict(now + 299_999)).toBe('ok')
    expect(await verdict(now + 300_000)).toBe('expired')
    expect(await verdict(now + 300_000, 1)).toBe('ok')
    expect(await verdict(now + 1)).toBe('ok')
    expect(asked).toBe(1)
  })

  test('is judged by whoever asks: another issuer, audience, lifetime or type', async () => {
    const resolve = counting()
    expect(await reason(tokenOf(), { resolve })).toBe('ok')
    expect(await reason(tokenOf(), { resolve, issuer: 'https://b.example' })).toBe('wrong_issuer')
    expect(await reason(tokenOf(), { resolve, audience: 'https://b.example' })).toBe('wrong_audience')
    expect(await reason(tokenOf(), { resolve, maxLifetime: 1_000 })).toBe('malformed')
    expect(await reason(tokenOf(), { resolve, typ: 'rt+jwt' })).toBe('wrong_type')
    expect(await reason(tokenOf(), { resolve })).toBe('ok')
  })

  test('is not known to a verifier that asks another memory, or none', async () => {
    const resolve = counting()
    await reason(tokenOf(), { resolve })
    await reason(tokenOf(), { resolve, seen: createVerifiedTokens() })
    await verifyAccessToken(tokenOf(), { ...options({ resolve }), seen: undefined as never })
    expect(asked).toBe(3)
  })

  test('says the same to everybody: nobody can change what it says', () => {
    const first = verifyAccessToken(tokenOf({ amr: ['pwd'] }), options()) as TokenResult & { ok: true }
    const { claims } = first
    for (const change of [
      () => Object.assign(claims, { sub: 'eve' }),
      () => Object.assign(claims.user, { role: 'root' }),
      () => Object.assign(claims.hs, { t: 'bearer' }),
      () => (claims.amr as string[]).push('mfa'),
      () => delete (claims as { sid?: string }).sid,
    ])
      expect(change).toThrow(TypeError)
    expect(verifyAccessToken(tokenOf({ amr: ['pwd'] }), options())).toEqual(first)
  })
})

describe('what was refused is not remembered', () => {
  test.each<[string, string, string]>([
    ['a bad signature', `${tokenOf().slice(0, -4)}AAAA`, 'bad_signature'],
    ['a bound key', tokenOf({ cnf: { jkt: 'x' } }), 'binding'],
    ['another issuer', tokenOf({ iss: 'https://b.example' }), 'wrong_issuer'],
    ['no claims', forge('HS256', header, '{}'), 'malformed'],
    ['no token', 'token', 'malformed'],
    ['the empty text', '', 'malformed'],
    ['8 KiB and more', `${tokenOf()}${'A'.repeat(8_192)}`, 'malformed'],
    ['no text', 1 as never, 'malformed'],
  ])('%s', async (_, token, expected) => {
    for (let time = 0; time < 2; time += 1) expect(await reason(token, {})).toBe(expected)
    if (typeof token === 'string') expect(seen.find(tokenDigest(token))).toBeUndefined()
  })
})

describe('a key that is gone takes its tokens along', () => {
  const retireAt = now + 60_000

  test('by time: the ring no longer answers it', async () => {
    const ring = ringOf({ retireAt })
    expect(await reason(tokenOf(), {}, ring)).toBe('ok')
    expect(await reason(tokenOf(), { now: retireAt - 1 }, ring)).toBe('ok')
    expect(await reason(tokenOf(), { now: retireAt }, ring)).toBe('unknown_key')
    expect(seen.find(tokenDigest(tokenOf()))).toBeUndefined()
  })

  test('by another ring: the same name and algorithm do not make the same key', async () => {
    expect(await reason(tokenOf(), {})).toBe('ok')
    expect(await reason(tokenOf(), {}, ringOf({ k: Buffer.alloc(32, 'another secret!!').toString('base64url') }))).toBe(
      'bad_signature',
    )
    expect(seen.find(tokenDigest(tokenOf()))).toBeUndefined()
  })

  test('and only its own', async () => {
    const [one, other] = [counting(), counting()]
    await reason(tokenOf({ jti: 'a' }), { resolve: one })
    await reason(tokenOf({ jti: 'b' }), { resolve: one })
    await reason(tokenOf({ jti: 'c' }), { resolve: other })
    await reason(tokenOf({ jti: 'a' }), { resolve: () => undefined })
    expect(seen.find(tokenDigest(tokenOf({ jti: 'b' })))).toBeUndefined()
    expect(seen.find(tokenDigest(tokenOf({ jti: 'c' })))).toBeDefined()
  })

  test('and while keys cannot be had, nothing is answered', () => {
    expect(verifyAccessToken(tokenOf(), options())).toMatchObject({ ok: true })
    const resolve = (): never => {
      throw new Error('no set')
    }
    expect(() => verifyAccessToken(tokenOf(), options({ resolve }))).toThrow('no set')
  })

  test('also where keys come later', async () => {
    const resolve = counting()
    const later: VerifyOptions['resolve'] = async (kid, alg) => resolve(kid, alg)
    expect(await reason(tokenOf(), { resolve: later })).toBe('ok')
    expect(await reason(tokenOf(), { resolve: later })).toBe('ok')
    expect(asked).toBe(1)
    expect(await reason(tokenOf(), { resolve: async () => undefined })).toBe('unknown_key')
  })
})

describe('the memory is bounded', () => {
  const found = { key: { kid: 'k', alg: 'HS256', verify: () => true } as const, typ: 'at+jwt' }
  const keep = (name: string, length = 300): void =>
    seen.keep(name, 'x'.repeat(length), { ...found, claims: claimsWith() })
  const held = (names: readonly string[]): number => names.filter((name) => seen.find(name) !== undefined).length

  test('what is asked for stays, what nobody asks for goes', () => {
    seen = createVerifiedTokens(100_000)
    keep('wanted')
    const others = Array.from({ length: 2_000 }, (_, index) => `n${index}`)
    for (const name of others) {
      keep(name)
      expect(seen.find('wanted')).toBeDefined()
    }
    expect(held(others)).toBeGreaterThan(30)
    expect(held(others)).toBeLessThan(140)
    expect(seen.find('n0')).toBeUndefined()
  })

  test('larger tokens count for more, and one larger than all of it is not kept', () => {
    seen = createVerifiedTokens(40_000)
    const names = Array.from({ length: 100 }, (_, index) => `n${index}`)
    for (const name of names) keep(name, 8_000)
    expect(held(names)).toBeLessThan(5)
    seen = createVerifiedTokens(1_000)
    keep('a', 8_000)
    expect(seen.find('a')).toBeUndefined()
  })
})

test('100,000 tokens of one audience, in any order, never answer for one another (CVE-2026-35039)', () => {
  const ring = ringOf()
  seen = createVerifiedTokens(200_000)
  const users = Array.from({ length: 400 }, (_, index) => `user-${index}`)
  const tokens = users.map((sub) => forge('HS256', header, claimsWith({ sub, jti: 'same', user: { id: sub } })))
  const resolve = counting(ring)
  const asking = options({ resolve }, ring)
  let state = 1
  let hits = 0
  for (let run = 0; run < 100_000; run += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    const index = (state >>> 8) % users.length
    const before = asked
    const result = verifyAccessToken(tokens[index] ?? '', asking) as TokenResult & { ok: true }
    if (result.ok !== true || result.claims.sub !== users[index] || result.claims.user.id !== users[index])
      expect.fail(`run ${run}: ${users[index]} was answered ${JSON.stringify(result)}`)
    if (asked === before) hits += 1
  }
  // Some were remembered and some were not: the memory is too small for all of them.
  expect(hits).toBeGreaterThan(5_000)
  expect(hits).toBeLessThan(95_000)
})

test('a token with anything changed is never taken for the one that is remembered', () => {
  const good = tokenOf()
  expect(verifyAccessToken(good, options())).toMatchObject({ ok: true })
  const anything = fc.oneof(
    fc.constantFrom(...'AB-_.= \n\0'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 2 }),
  )
  fc.assert(
    fc.property(fc.nat({ max: good.length }), anything, fc.boolean(), (index, unit, insert) => {
      const changed = good.slice(0, index) + unit + good.slice(insert ? index : index + unit.length)
      const result = verifyAccessToken(changed, options()) as TokenResult
      expect(result.ok).toBe(changed === good)
    }),
    { numRuns: 2_000 },
  )
})

test('a digest is of the whole text', () => {
  const [head, body] = [segment(header), segment(claimsWith())]
  const texts = [`${head}.${body}.AAAA`, `${head}.${body}.AAAB`, `${head}.${body}`, `A${head}.${body}.AAAA`]
  expect(new Set(texts.map(tokenDigest)).size).toBe(4)
  for (const text of texts) expect(tokenDigest(text)).toHaveLength(43)
})

import { describe, expect, test } from 'vitest'
import { isAuthError } from '../../src/errors.ts'
import type { AccessClaims } from '../../src/jwt/claims.ts'
import { decodeUnverified } from '../../src/jwt/decode.ts'
import { createKeyRing } from '../../src/jwt/key-ring.ts'
import { largestClaim, signAccessToken } from '../../src/jwt/sign.ts'
import { claimsWith, keyFor, now } from './keys.ts'

const signer = createKeyRing([keyFor('ES256')]).signer(now)

/** The code and text of the AuthError that signing throws, at once or later. */
async function refusal(claims: AccessClaims): Promise<readonly [code: string, text: string]> {
  try {
    await signAccessToken(claims, signer)
  } catch (error) {
    return isAuthError(error) ? [error.code, error.message] : ['not ours', String(error)]
  }
  return ['none', '']
}

test('a token says what its claims say', async () => {
  const claims = claimsWith({ role: 'admin', permissions: ['a', 'b'] })
  const decoded = decodeUnverified(await signAccessToken(claims, signer))
  expect(decoded?.header).toEqual({ alg: 'ES256', kid: 'k-ES256', typ: 'at+jwt' })
  expect(decoded?.claims).toEqual(claims)
})

describe('claims that a verifier would refuse or read otherwise are not signed', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['no sub', { sub: undefined }, 'sub'],
    ['exp in fractions', { exp: 1.5 }, 'exp'],
    ['another id than sub', { user: { id: 'grace' } }, 'user.id'],
    ['a Date', { user: { joined: new Date(0) } }, 'user.joined'],
    ['NaN', { user: { score: Number.NaN } }, 'user.score'],
    ['a big integer', { user: { n: 1n } }, 'user.n'],
    ['a Map', { user: { tags: new Map() } }, 'user.tags'],
    ['a lone surrogate', { user: { name: '\ud800' } }, 'user.name'],
    ['a custom claim that is no JSON', { role: () => 'admin' }, 'role'],
    ['__proto__', { user: JSON.parse('{"__proto__":{}}') }, 'user.__proto__'],
    ['17 levels', { user: JSON.parse(`${'{"a":'.repeat(15)}{}${'}'.repeat(15)}`) }, 'user.a'],
  ])('%s', async (_, changes, name) => {
    const [code, text] = await refusal(claimsWith(changes))
    expect(code).toBe('ERR_CLAIMS_INVALID')
    expect(text).toContain(`the claim ${name}`)
  })

  test('16 levels are', async () => {
    expect(await refusal(claimsWith({ user: JSON.parse(`${'{"a":'.repeat(14)}{}${'}'.repeat(14)}`) }))).toEqual([
      'none',
      '',
    ])
  })

  test('circles are not', async () => {
    const user: Record<string, unknown> = {}
    user.self = user
    expect((await refusal(claimsWith({ user })))[0]).toBe('ERR_CLAIMS_INVALID')
  })
})

test('a token over 8 KiB names the claim to make smaller, and not its content', async () => {
  const permissions = Array.from({ length: 700 }, (_, at) => `secret-${at}`)
  const [code, text] = await refusal(claimsWith({ user: { id: 'ada', permissions } }))
  expect(code).toBe('ERR_CREDENTIAL_TOO_LARGE')
  expect(text).toContain('user.permissions')
  expect(text).not.toContain('secret-1')
  expect(await refusal(claimsWith({ user: { id: 'ada', note: 'x'.repeat(5_000) } }))).toEqual(['none', ''])
})

test('largestClaim looks one level into the user', () => {
  expect(largestClaim(claimsWith({ role: 'x'.repeat(100) }))).toBe('role')
  expect(largestClaim(claimsWith({ role: 'x'.repeat(10), user: { bio: 'x'.repeat(50) } }))).toBe('user.bio')
})

import { describe, expect, test } from 'vitest'
import { parseJwks, serializeJwks } from '../../src/jwt/jwks.ts'
import { createKeyRing } from '../../src/jwt/key-ring.ts'
import { utf8 } from '../../src/secret.ts'
import { type KeyKind, keyFor, keyOfKind, publicHalf } from './keys.ts'

const es256 = publicHalf(keyFor('ES256'))
const rs256 = publicHalf(keyFor('RS256'))

function kids(keys: readonly unknown[]): readonly string[] | string {
  const result = parseJwks(utf8(JSON.stringify({ keys })))
  return result.ok ? result.keys.map(({ kid }) => kid) : result.problem
}

test('a set that was written is read', () => {
  const ring = createKeyRing([keyFor('ES256'), { ...keyFor('PS256'), activeFrom: 1 }])
  const result = parseJwks(utf8(serializeJwks(ring.jwks(0, 0))))
  expect(result.ok && result.keys.map(({ kid, alg }) => [kid, alg])).toEqual([
    ['k-PS256', 'PS256'],
    ['k-ES256', 'ES256'],
  ])
})

describe('a key that cannot be used is passed over (RFC 7517 §5)', () => {
  const { alg: _alg, ...unpinned } = rs256
  const { kid: _kid, ...nameless } = rs256
  const strange = (kind: KeyKind): object => ({ ...publicHalf(keyOfKind(kind)), alg: 'ES256', kid: kind })

  test.each<[string, unknown]>([
    ['no algorithm: the token would choose it (CVE-2026-22817)', unpinned],
    ['no kid', nameless],
    ['a kid that is no text', { ...rs256, kid: 1 }],
    ['a kid with a control character', { ...rs256, kid: 'a\0' }],
    ['an unknown type', { kty: 'AKP', alg: 'ML-DSA-44', pub: 'x', kid: 'x' }],
    ['an unknown algorithm', { ...rs256, alg: 'RSA-OAEP' }],
    ['alg none', { ...rs256, alg: 'none' }],
    ['a type that does not fit the algorithm', { ...rs256, alg: 'ES256' }],
    ['secp256k1', strange('secp256k1')],
    ['P-384 for ES256', strange('P-384')],
    ['X25519', strange('X25519')],
    ['RSA of 1,024 bits', { ...publicHalf(keyOfKind('RSA-1024')), alg: 'RS256', kid: 'x' }],
    ['for encryption', { ...rs256, use: 'enc' }],
    ['for signing alone', { ...rs256, key_ops: ['sign'] }],
    ['half a key', { kty: 'EC', crv: 'P-256', alg: 'ES256', kid: 'x', x: es256.x }],
    ['off the curve', { ...es256, kid: 'x', y: es256.x }],
    ['null', null],
    ['a list', [rs256]],
    ['text', 'key'],
  ])('%s', (_, key) => {
    expect(kids([key, es256])).toEqual(['k-ES256'])
    expect(kids([es256, key])).toEqual(['k-ES256'])
  })

  test.each<[string, unknown]>([
    ['use sig', { ...rs256, use: 'sig' }],
    ['key_ops with verify', { ...rs256, key_ops: ['verify'] }],
    ['a certificate beside it', { ...rs256, x5c: ['MIIB'], x5t: 'abc', x5u: 'https://x.example' }],
    ['members of somebody else', { ...rs256, iat: 1, 'https://x.example': { a: [1] } }],
  ])('but not one with %s', (_, key) => {
    expect(kids([key, es256])).toEqual(['k-RS256', 'k-ES256'])
  })
})

describe('the whole set is refused for', () => {
  test.each<[string, readonly unknown[], RegExp]>([
    ['a private key', [es256, keyFor('EdDSA')], /private or symmetric/],
    ['a private key of an unknown type', [es256, { kty: 'AKP', kid: 'x', d: 'x' }], /private or symmetric/],
    ['one private RSA member', [es256, { ...rs256, dp: 'x' }], /private or symmetric/],
    ['other primes', [es256, { ...rs256, oth: [] }], /private or symmetric/],
    ['a secret', [es256, { ...keyFor('HS256') }], /private or symmetric/],
    ['a secret without k', [es256, { kty: 'oct', kid: 'x' }], /private or symmetric/],
    ['k in an EC key', [{ ...es256, k: 'x' }], /private or symmetric/],
    ['one kid twice', [es256, { ...rs256, kid: es256.kid }], /one kid/],
    ['33 keys', Array.from({ length: 33 }, (_, at) => ({ ...es256, kid: `k${at}` })), /more than 32/],
    ['10,000 entries of nothing', Array.from({ length: 10_000 }, () => null), /more than 32/],
    ['no keys', [], /no key/],
    ['no key that can be used', [{ ...es256, alg: 'ES512' }], /no key/],
  ])('%s', (_, keys, problem) => {
    expect(kids(keys)).toMatch(problem)
  })

  test('and not for 32 keys', () => {
    expect(kids(Array.from({ length: 32 }, (_, at) => ({ ...es256, kid: `k${at}` })))).toHaveLength(32)
  })

  test.each<[string, string]>([
    ['nothing', ''],
    ['HTML', '<!doctype html>'],
    ['a list', JSON.stringify([es256])],
    ['one key', JSON.stringify(es256)],
    ['keys that are no list', JSON.stringify({ keys: { 0: es256 } })],
    ['keys twice', `{"keys":[],"keys":[${JSON.stringify(es256)}]}`],
    ['a member of a key twice', `{"keys":[${JSON.stringify(es256).replace('"kid"', '"kid":"x","kid"')}]}`],
    ['keys on the prototype', `{"__proto__":{"keys":[${JSON.stringify(es256)}]}}`],
    ['a byte order mark', `\ufeff${JSON.stringify({ keys: [es256] })}`],
    ['100,000 levels', '['.repeat(100_000)],
    ['a key seven deep', `{"keys":[{"a":${'['.repeat(4)}${']'.repeat(4)}}]}`],
  ])('%s', (_, text) => {
    expect(parseJwks(utf8(text)).ok).toBe(false)
  })
})

test('what is wrong is said without a word of what was in it', () => {
  const result = parseJwks(utf8(JSON.stringify({ keys: [keyFor('ES256')] })))
  expect(JSON.stringify(result)).not.toContain(keyFor('ES256').d)
})

import { createHmac } from 'node:crypto'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { prepareHmac } from '../../src/crypto/node/hmac.ts'

describe.each([
  ['SHA-256', 'sha256'],
  ['SHA-384', 'sha384'],
  ['SHA-512', 'sha512'],
] as const)('HMAC with %s', (hash, name) => {
  const key = fc.uint8Array({ maxLength: 300 })
  const data = fc.oneof(fc.uint8Array({ maxLength: 9_000 }), fc.string({ unit: 'binary', maxLength: 9_000 }))

  test('is that of createHmac, whatever the key and the data, and whatever came before', () => {
    fc.assert(
      fc.property(key, fc.array(data, { minLength: 1, maxLength: 4 }), (secret, list) => {
        const hmac = prepareHmac(hash, secret)
        for (const one of list) {
          // A lone surrogate is U+FFFD in UTF-8.
          const bytes = Buffer.from(one as string)
          expect(hmac(one, 'base64url')).toBe(createHmac(name, secret).update(bytes).digest('base64url'))
        }
      }),
      { numRuns: 300 },
    )
  })

  test('a text that is nearly as long as the buffer that is used again, or longer, is signed whole', () => {
    const hmac = prepareHmac(hash, new Uint8Array(32).fill(7))
    for (const first of ['a', 'é', '€', '👋']) {
      for (let length = 8_180; length < 8_200; length += 1) {
        const text = first + 'a'.repeat(length - first.length)
        expect(hmac(text, 'base64url')).toBe(createHmac(name, Buffer.alloc(32, 7)).update(text).digest('base64url'))
      }
    }
  })

  test('shows no key', () => {
    const hmac = prepareHmac(hash, new Uint8Array(32).fill(7))
    hmac('a', 'base64url')
    expect(inspect(hmac, { depth: 9, showHidden: true })).not.toMatch(/7, 7|07 07|31 31|49, 49/)
  })
})

test('RFC 4231 test case 2', () => {
  expect(
    Buffer.from(prepareHmac('SHA-256', Buffer.from('Jefe'))('what do ya want for nothing?', 'binary'), 'latin1'),
  ).toEqual(Buffer.from('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843', 'hex'))
})

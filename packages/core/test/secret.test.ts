import { createHash, createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  concatBytes,
  equalBytes,
  hkdfSha256,
  hmacSha256,
  randomBytes,
  sessionDigest,
  sha256,
  userHandle,
  utf8,
} from '../src/secret.ts'

describe('randomBytes', () => {
  test.each([0, 1, 32, 65_536])('answers %i bytes in a buffer of their own', (length) => {
    const bytes = randomBytes(length)
    expect(bytes.length).toBe(length)
    expect(bytes.buffer.byteLength).toBe(length)
  })

  test.each([-1, 1.5, Number.NaN, 65_537, '32' as unknown as number])('refuses %j', (length) => {
    expect(() => randomBytes(length)).toThrow(RangeError)
  })

  test('of 20,000 ids none comes twice, and each bit is set about half of the time', () => {
    const runs = 20_000
    const seen = new Set<string>()
    const set = new Uint32Array(256)
    for (let run = 0; run < runs; run += 1) {
      const id = randomBytes(32)
      seen.add(Buffer.from(id).toString('latin1'))
      for (let bit = 0; bit < 256; bit += 1) set[bit] = (set[bit] ?? 0) + (((id[bit >> 3] ?? 0) >> (bit & 7)) & 1)
    }
    expect(seen.size).toBe(runs)
    // Six standard deviations of a fair coin: a false alarm once in two million runs over all 256 bits.
    const deviation = 6 * Math.sqrt(runs / 4)
    for (const count of set) expect(Math.abs(count - runs / 2)).toBeLessThan(deviation)
  })
})

describe('digests by the book', () => {
  test('the session digest is SHA-256 under its own domain', () => {
    const secret = new Uint8Array(32).fill(7)
    const expected = createHash('sha256').update('handstamp/session/1\0').update(secret).digest('base64url')
    expect(sessionDigest(secret)).toBe(expected)
    expect(sessionDigest(secret)).toHaveLength(43)
  })

  test.each([0, 31, 33, 64])('a session secret of %i bytes is none', (length) => {
    expect(() => sessionDigest(new Uint8Array(length))).toThrow(RangeError)
  })

  test('the handle is twelve bytes of SHA-256 under its own domain', () => {
    const expected = createHash('sha256').update('handstamp/user/1\0').update('ada').digest().subarray(0, 12)
    expect(userHandle('ada')).toBe(expected.toString('base64url'))
    expect(userHandle('ada')).toHaveLength(16)
  })

  test.each(['a', 'é'.repeat(127), 'a'.repeat(255), '\0', '__proto__', '../..', '👩‍🚀', 'é', 'e\u0301'])(
    'the user id %j has a handle',
    (id) => {
      expect(userHandle(id)).toMatch(/^[A-Za-z0-9_-]{16}$/)
    },
  )

  test.each(['', 'a'.repeat(256), 'é'.repeat(128), '\ud800', 'a\udc00b', 7 as unknown as string])(
    'the user id %j has none',
    (id) => {
      expect(() => userHandle(id)).toThrow(TypeError)
    },
  )

  test('ids that differ in normal form or case alone are different users', () => {
    expect(new Set(['é', 'e\u0301', 'É', 'Ada', 'ada'].map(userHandle)).size).toBe(5)
  })
})

describe('equalBytes', () => {
  test('is true for equal arrays alone', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(), fc.integer({ min: 1, max: 255 }), (bytes, at, flip) => {
        expect(equalBytes(bytes, bytes.slice())).toBe(true)
        expect(equalBytes(bytes, concatBytes(bytes, new Uint8Array(1)))).toBe(false)
        if (bytes.length === 0) return
        const other = bytes.slice()
        const index = at % bytes.length
        other[index] = (other[index] ?? 0) ^ flip
        expect(equalBytes(bytes, other)).toBe(false)
      }),
    )
  })
})

describe('hashes of several parts', () => {
  const parts = fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 4 })

  test('are the hashes of the parts joined', () => {
    fc.assert(
      fc.property(parts, fc.uint8Array({ maxLength: 100 }), (list, key) => {
        const whole = Buffer.concat(list)
        expect(Buffer.from(sha256(...list))).toEqual(createHash('sha256').update(whole).digest())
        expect(Buffer.from(hmacSha256(key, ...list))).toEqual(createHmac('sha256', key).update(whole).digest())
      }),
    )
  })

  test('HKDF is RFC 5869 appendix A.1', () => {
    const okm = hkdfSha256(
      new Uint8Array(22).fill(0x0b),
      Uint8Array.from({ length: 13 }, (_, at) => at),
      Uint8Array.from({ length: 10 }, (_, at) => 0xf0 + at),
      42,
    )
    expect(Buffer.from(okm).toString('hex')).toBe(
      '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
    )
  })
})

test('utf8 writes UTF-8', () => {
  expect(utf8('aé€👋')).toEqual(new Uint8Array(Buffer.from('aé€👋')))
})

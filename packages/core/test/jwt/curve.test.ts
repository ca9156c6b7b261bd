import { createECDH, generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { isEd25519Key, isOnCurve, isScalar } from '../../src/jwt/curve.ts'

const curves = [
  ['P-256', 32],
  ['P-384', 48],
  ['P-521', 66],
] as const

const bytes = (text: string | undefined): Uint8Array => new Uint8Array(Buffer.from(text ?? '', 'base64url'))
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

describe.each(curves)('%s', (curve, length) => {
  test('has the points that Node makes, and not those beside them', () => {
    for (let run = 0; run < 10; run += 1) {
      const jwk = generateKeyPairSync('ec', { namedCurve: curve }).privateKey.export({ format: 'jwk' })
      const [x, y, d] = [bytes(jwk.x), bytes(jwk.y), bytes(jwk.d)]
      expect(isOnCurve(curve, x, y)).toBe(true)
      expect(isScalar(curve, d)).toBe(true)
      expect(isOnCurve(curve, y, x)).toBe(false)
      const beside = y.slice()
      beside[length - 1] = (beside[length - 1] ?? 0) ^ 1
      expect(isOnCurve(curve, x, beside)).toBe(false)
    }
  })

  test('has neither (0, 0) nor coordinates beyond the field', () => {
    const zero = new Uint8Array(length)
    const most = new Uint8Array(length).fill(0xff)
    expect(isOnCurve(curve, zero, zero)).toBe(false)
    expect(isOnCurve(curve, most, most)).toBe(false)
  })

  test('a coordinate has one encoding: with the order of the field added it is none', () => {
    const p = fields[curve]
    const encode = (value: bigint): Uint8Array => hex(value.toString(16).padStart(length * 2, '0'))
    for (let x = 1n; x < 40n; x += 1n) {
      // p is 3 modulo 4, so a square's root is its power of (p + 1) / 4; the curve's b is y² less the rest at any point.
      const jwk = generateKeyPairSync('ec', { namedCurve: curve }).privateKey.export({ format: 'jwk' })
      const [X, Y] = [toInteger(bytes(jwk.x)), toInteger(bytes(jwk.y))]
      const b = Y * Y - X * X * X + 3n * X
      const square = (((x * x * x - 3n * x + b) % p) + p) % p
      const y = power(square, (p + 1n) / 4n, p)
      if ((y * y) % p !== square) continue
      expect(isOnCurve(curve, encode(x), encode(y))).toBe(true)
      expect(isOnCurve(curve, encode(x + p), encode(y))).toBe(false)
      return
    }
    throw new Error('of 40 no x has a point')
  })

  test('private keys go from 1 to the order less 1, where Node stops as well', () => {
    const node = createECDH(nodeNames[curve])
    const largest = BigInt(`0x${'ff'.repeat(length)}`)
    const accepts = (value: bigint): boolean => isScalar(curve, hex(value.toString(16).padStart(length * 2, '0')))
    let [below, above] = [1n, largest]
    while (above - below > 1n) {
      const middle = (below + above) / 2n
      if (accepts(middle)) below = middle
      else above = middle
    }
    expect([0n, 1n, below, above, largest].map(accepts)).toEqual([false, true, true, false, false])
    const scalar = (value: bigint): Buffer => Buffer.from(hex(value.toString(16).padStart(length * 2, '0')))
    expect(() => node.setPrivateKey(scalar(below))).not.toThrow()
    expect(() => node.setPrivateKey(scalar(above))).toThrow()
  })
})

const fields = {
  'P-256': 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
  'P-384': 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
  'P-521': 2n ** 521n - 1n,
} as const

const toInteger = (value: Uint8Array): bigint => BigInt(`0x${Buffer.from(value).toString('hex')}`)

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  if (exponent === 0n) return 1n
  const half = power(base, exponent / 2n, modulus)
  return exponent % 2n === 0n ? (half * half) % modulus : (half * half * base) % modulus
}

const nodeNames = { 'P-256': 'prime256v1', 'P-384': 'secp384r1', 'P-521': 'secp521r1' } as const

describe('Ed25519', () => {
  test('has the keys that Node makes', () => {
    for (let run = 0; run < 10; run += 1) {
      expect(isEd25519Key(bytes(generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }).x))).toBe(true)
    }
  })

  test('about half of all encodings name no point', () => {
    let points = 0
    for (let y = 2; y < 202; y += 1)
      points += isEd25519Key(Uint8Array.from({ length: 32 }, (_, at) => (at === 0 ? y : 0))) ? 1 : 0
    expect(points).toBeGreaterThan(70)
    expect(points).toBeLessThan(130)
  })

  // The encodings of small order and their non-canonical doubles: each passes for a key in lenient implementations.
  test.each([
    ['0000000000000000000000000000000000000000000000000000000000000000', 'order 4'],
    ['0000000000000000000000000000000000000000000000000000000000000080', 'order 4, the other sign'],
    ['0100000000000000000000000000000000000000000000000000000000000000', 'the identity'],
    ['0100000000000000000000000000000000000000000000000000000000000080', 'the identity, with a sign'],
    ['ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', 'order 2'],
    ['ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff', 'order 2, with a sign'],
    ['26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', 'order 8'],
    ['26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85', 'order 8, the other sign'],
    ['c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a', 'order 8, the other two'],
    ['c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa', 'order 8, the last'],
    ['edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', 'y = p, a second 0'],
    ['eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', 'y = p + 1, a second 1'],
    ['ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff', 'the largest encoding'],
  ])('%s is no key: %s', (encoding) => {
    expect(isEd25519Key(hex(encoding))).toBe(false)
  })

  test('the key of RFC 8032 §7.1, test 1, is one', () => {
    expect(isEd25519Key(hex('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'))).toBe(true)
  })
})

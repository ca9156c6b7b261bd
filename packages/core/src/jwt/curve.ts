/**
 * Owns the question whether a public key's coordinates name a usable point of their curve (RFC 8725 §3.4).
 * @module
 */

import type { Curve } from './algorithm.ts'

/** y² = x³ − 3x + b over the field of p, with a base point of order n (SP 800-186 §3.2.1). */
interface ShortCurve {
  readonly p: bigint
  readonly b: bigint
  readonly n: bigint
}

const shortCurves: { readonly [C in Exclude<Curve, 'Ed25519'>]: ShortCurve } = {
  'P-256': {
    p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
    n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  },
  'P-384': {
    p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
    n: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  },
  'P-521': {
    p: 2n ** 521n - 1n,
    b: 0x51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
    n: 0x1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
  },
}

/** The field of Curve25519, and d of −x² + y² = 1 + d·x²·y² (RFC 8032 §5.1). */
const p25519 = 2n ** 255n - 19n
const d25519 = 0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3n

/**
 * The y of the eight points whose order divides 8. Under such a key one signature fits many messages, so it is no key.
 */
const y8 = 0x5fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n
const smallOrders: readonly bigint[] = [0n, 1n, p25519 - 1n, y8, p25519 - y8]

/**
 * Answers whether x and y, big-endian and as long as the curve asks, are the coordinates of a point on it. The three
 * curves have prime order, so every point but infinity, which has no coordinates, is a key.
 *
 * @example
 * ```ts
 * isOnCurve('P-256', x, y)
 * ```
 */
export function isOnCurve(curve: Exclude<Curve, 'Ed25519'>, x: Uint8Array, y: Uint8Array): boolean {
  const { p, b } = shortCurves[curve]
  const [X, Y] = [toInteger(x), toInteger(y)]
  return X < p && Y < p && (Y * Y - (X * X * X - 3n * X + b)) % p === 0n
}

/**
 * Answers whether d, big-endian, is a private key of the curve: from 1 to the order less 1.
 *
 * @example
 * ```ts
 * isScalar('P-256', d)
 * ```
 */
export function isScalar(curve: Exclude<Curve, 'Ed25519'>, d: Uint8Array): boolean {
  const D = toInteger(d)
  return D > 0n && D < shortCurves[curve].n
}

/**
 * Answers whether 32 bytes are the encoding of an Ed25519 public key (RFC 8032 §5.1.3): canonical, on the curve, and
 * not of small order.
 *
 * @example
 * ```ts
 * isEd25519Key(x)
 * ```
 */
export function isEd25519Key(encoded: Uint8Array): boolean {
  const y = toInteger(encoded.toReversed()) & (2n ** 255n - 1n)
  if (y >= p25519 || smallOrders.includes(y)) return false
  // x² = u / v has a root exactly when u·v is a square, by Euler's criterion.
  const u = y * y - 1n
  const v = d25519 * y * y + 1n
  return power(u * v, (p25519 - 1n) / 2n, p25519) === 1n
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n
  let square = base % modulus
  for (let bits = exponent; bits > 0n; bits >>= 1n) {
    if ((bits & 1n) === 1n) result = (result * square) % modulus
    square = (square * square) % modulus
  }
  return result
}

function toInteger(bytes: Uint8Array): bigint {
  let hex = '0x0'
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0')
  return BigInt(hex)
}

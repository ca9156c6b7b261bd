/**
 * Owns tokens that two engines could see differently: good ones, changed ones, and such as were never any.
 * @module
 */

import fc from 'fast-check'
import type { Algorithm } from '../../src/jwt/algorithm.ts'
import { at, claimsWith, forge, segment } from '../jwt/keys.ts'

/** How many different good tokens there are of each algorithm. */
const goodTokens = 8

const made = new Map<Algorithm, readonly string[]>()

function good(alg: Algorithm, index: number): string {
  const tokens =
    made.get(alg) ??
    Array.from({ length: goodTokens }, (_, number) =>
      forge(alg, { alg, kid: `k-${alg}`, typ: 'at+jwt' }, claimsWith({ jti: `jti-${number}` })),
    )
  made.set(alg, tokens)
  return tokens[index % goodTokens] ?? ''
}

/** The orders of the curves, between whose multiples r and s must lie (FIPS 186-5 §6.4.2). */
const orders: { readonly [A in Algorithm]?: bigint } = {
  ES256: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  ES384: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  ES512:
    0x1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
  // For the second half of an Ed25519 signature, which is little-endian (RFC 8032 §5.1.7).
  EdDSA: 2n ** 252n + 27742317777372353535851937790883648493n,
}

const toNumber = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString('hex')}`)

function toBytes(value: bigint, length: number): Buffer {
  const bits = BigInt(length * 8)
  return Buffer.from((((value % 2n ** bits) + 2n ** bits) % 2n ** bits).toString(16).padStart(length * 2, '0'), 'hex')
}

function derOf(signature: Buffer): Buffer {
  const half = signature.length / 2
  const integer = (bytes: Buffer): Buffer => {
    const positive = (bytes[0] ?? 0) > 127 ? Buffer.concat([Buffer.of(0), bytes]) : bytes
    return Buffer.concat([Buffer.of(2, positive.length), positive])
  }
  const body = Buffer.concat([integer(signature.subarray(0, half)), integer(signature.subarray(half))])
  return Buffer.concat([Buffer.of(0x30, ...(body.length > 127 ? [0x81] : []), body.length), body])
}

/** One choice of one token. The numbers mean what the change makes of them. */
export interface Draw {
  readonly alg: Algorithm
  readonly change: Change
  readonly a: number
  readonly b: number
  readonly text: string
}

type Change = (typeof changes)[number]

const changes = [
  'none',
  'flip a bit of the signature',
  'set a half of the signature',
  'shift a half of the signature',
  'swap the halves',
  'write the signature as DER',
  'cut the signature',
  'extend the signature',
  'fill the signature',
  'take another signature',
  'change a character',
  'insert a character',
  'cut the token',
  'sign another header',
  'sign other claims',
  'three segments of anything',
  'anything',
] as const

export function drawFrom(algorithms: readonly { weight: number; alg: Algorithm }[]): fc.Arbitrary<Draw> {
  return fc.record({
    alg: fc.oneof(...algorithms.map(({ weight, alg }) => ({ weight, arbitrary: fc.constant(alg) }))),
    change: fc.constantFrom(...changes),
    a: fc.nat({ max: 4_095 }),
    b: fc.nat({ max: 255 }),
    text: fc.string({ unit: fc.constantFrom(...'ABCXYZabcxyz0189-_.=+/ \n"{}:,é\u0141\ud800'), maxLength: 24 }),
  })
}

/** The token that a draw means. */
export function tokenOf({ alg, change, a, b, text }: Draw): string {
  const token = good(alg, a)
  const dot = token.lastIndexOf('.')
  const signature = Buffer.from(token.slice(dot + 1), 'base64url')
  const signed = (bytes: Uint8Array): string => `${token.slice(0, dot)}.${segment(bytes)}`
  switch (change) {
    case 'none':
      return token
    case 'flip a bit of the signature':
      signature[a % signature.length] = (signature[a % signature.length] ?? 0) ^ (1 << (b & 7))
      return signed(signature)
    case 'set a half of the signature':
    case 'shift a half of the signature':
      return signed(changeHalf(alg, signature, change === 'shift a half of the signature', a, b))
    case 'swap the halves':
      return signed(
        Buffer.concat([signature.subarray(signature.length / 2), signature.subarray(0, signature.length / 2)]),
      )
    case 'write the signature as DER':
      return signed(derOf(signature.length % 2 === 0 ? signature : signature.subarray(1)))
    case 'cut the signature':
      return signed(b & 1 ? signature.subarray(a % signature.length) : signature.subarray(0, a % signature.length))
    case 'extend the signature':
      return signed(b & 1 ? Buffer.concat([signature, Buffer.of(b)]) : Buffer.concat([Buffer.of(b & 2), signature]))
    case 'fill the signature':
      return signed(Buffer.alloc(signature.length, b & 1 ? b : (b & 2) * 255))
    case 'take another signature':
      return signed(Buffer.from(good(alg, a + 1).split('.')[2] ?? '', 'base64url'))
    case 'change a character':
    case 'insert a character': {
      const index = a % token.length
      return token.slice(0, index) + text.slice(0, 1) + token.slice(change === 'insert a character' ? index : index + 1)
    }
    case 'cut the token':
      return b & 1 ? token.slice(a % token.length) : token.slice(0, a % token.length)
    case 'sign another header':
      return forge(cheap(alg), headers(alg)[a % headers(alg).length] ?? {}, claimsWith())
    case 'sign other claims':
      return forge(cheap(alg), { alg: cheap(alg), kid: `k-${cheap(alg)}`, typ: 'at+jwt' }, claims(a, text))
    case 'three segments of anything':
      return `${segment(headers(alg)[a % headers(alg).length] ?? {})}.${segment(text)}.${segment(signature.subarray(b % signature.length))}`
    case 'anything':
      return text
  }
}

/** An RSA signature takes a quarter of a millisecond to make; what follows it does not depend on the algorithm. */
function cheap(alg: Algorithm): Algorithm {
  return alg.startsWith('RS') || alg.startsWith('PS') ? 'HS256' : alg
}

function changeHalf(alg: Algorithm, signature: Buffer, shift: boolean, a: number, b: number): Buffer {
  const order = orders[alg] ?? 2n ** 128n
  const half = signature.length >> 1
  const changed = Buffer.from(signature)
  const second = (b & 1) === 1
  const part = changed.subarray(second ? half : 0, second ? half * 2 : half)
  if (alg === 'EdDSA') part.reverse()
  const value = toNumber(part)
  const values = shift
    ? [order - value, value + order, value - order, order * 2n - value, -value, value + 1n, value - 1n, value * 2n]
    : [0n, 1n, 2n, order, order - 1n, order + 1n, order >> 1n, order * 2n, 2n ** BigInt(half * 8) - 1n]
  toBytes(values[a % values.length] ?? 0n, half).copy(part)
  if (alg === 'EdDSA') part.reverse()
  return changed
}

function headers(alg: Algorithm): readonly (string | object)[] {
  const right = { alg, kid: `k-${alg}`, typ: 'at+jwt' }
  return [
    right,
    { typ: 'at+jwt', kid: `k-${alg}`, alg },
    { ...right, typ: 'application/at+jwt' },
    { ...right, typ: 'JWT' },
    { ...right, kid: 'k-ES256' },
    { ...right, kid: 'nobody' },
    { ...right, alg: 'none' },
    { ...right, alg: 'HS256' },
    { ...right, alg: 'ES256' },
    { ...right, crit: ['b64'], b64: false },
    { ...right, b64: false },
    { ...right, jwk: {} },
    { ...right, zip: 'DEF' },
    { ...right, cty: 'JWT' },
    { ...right, note: 'é' },
    { alg, kid: `k-${alg}` },
    `{"alg":"${alg}","alg":"none","kid":"k-${alg}","typ":"at+jwt"}`,
    `{"alg":"${alg}","\\u0061lg":"${alg}","kid":"k-${alg}","typ":"at+jwt"}`,
    ` {"alg":"${alg}", "kid":"k-${alg}","typ":"at+jwt"}`,
    '[]',
    'null',
    '',
  ]
}

function claims(a: number, text: string): string | object {
  const whole = JSON.stringify(claimsWith())
  const list = [
    claimsWith({ exp: at - 10 }),
    claimsWith({ nbf: at + 10 }),
    claimsWith({ exp: `${at}` }),
    claimsWith({ iss: text || 'x' }),
    claimsWith({ user: { id: 'ada', name: text.toWellFormed() } }),
    claimsWith({ cnf: {} }),
    whole.replace('"exp"', '"exp":1e400,"exp"'),
    whole.replace(/"exp":\d+/, '"exp":1e400'),
    whole.replace('"role"', '"__proto__":{},"role"'),
    whole.replace('"role"', '"r\\u006fle":1,"role"'),
    `${whole} `,
    `\ufeff${whole}`,
    text,
  ]
  return list[a % list.length] ?? ''
}

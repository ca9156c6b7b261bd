import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { derOf, rawOf } from '../../src/crypto/node/ecdsa.ts'

const halves = [32, 48, 66]

/** Halves with few or no zero bytes in front, with the first bit set or not. */
function rawOfHalf(half: number): fc.Arbitrary<Uint8Array> {
  const number = fc
    .tuple(fc.nat({ max: half }), fc.uint8Array({ minLength: half, maxLength: half }))
    .map(([zeros, bytes]) => bytes.fill(0, 0, zeros))
  return fc.tuple(number, number).map(([r, s]) => new Uint8Array(Buffer.concat([r, s])))
}

describe.each(halves)('halves of %i bytes', (half) => {
  test('come back from DER as they went', () => {
    fc.assert(
      fc.property(rawOfHalf(half), (raw) => {
        expect(rawOf(derOf(raw), half * 2)).toEqual(raw)
      }),
      { numRuns: 2_000 },
    )
  })

  test('are the shortest DER there is', () => {
    fc.assert(
      fc.property(rawOfHalf(half), (raw) => {
        const integer = (bytes: Uint8Array): Buffer => {
          const hex = BigInt(`0x${Buffer.from(bytes).toString('hex')}`).toString(16)
          const even = hex.length % 2 === 0 ? hex : `0${hex}`
          const positive = Number.parseInt(even.slice(0, 2), 16) > 127 ? `00${even}` : even
          return Buffer.from(`02${(positive.length / 2).toString(16).padStart(2, '0')}${positive}`, 'hex')
        }
        const body = Buffer.concat([integer(raw.subarray(0, half)), integer(raw.subarray(half))])
        const length = body.length > 127 ? [0x81, body.length] : [body.length]
        expect(Buffer.from(derOf(raw))).toEqual(Buffer.concat([Buffer.of(0x30, ...length), body]))
      }),
      { numRuns: 2_000 },
    )
  })
})

test.each([
  ['P-256', 'sha256', 64],
  ['P-384', 'sha384', 96],
  ['P-521', 'sha512', 132],
])('%s: what the platform signs in one form it verifies in the other', (namedCurve, digest, bytes) => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve })
  for (let run = 0; run < 200; run += 1) {
    const data = createHash('sha256').update(String(run)).digest()
    const raw = rawOf(sign(digest, data, privateKey), bytes)
    expect(verify(digest, data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, raw)).toBe(true)
    const p1363 = sign(digest, data, { key: privateKey, dsaEncoding: 'ieee-p1363' })
    expect(verify(digest, data, publicKey, derOf(p1363))).toBe(true)
  }
})

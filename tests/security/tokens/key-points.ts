import { createKeyRing, type KeyRingJwk } from '@handstamp/server'
import { expect } from 'vitest'
import { type Attack, attack, each } from '../attack.ts'
import { type JwksStage, jwksOf, jwksStage, outcome } from '../stages/jwks-server.ts'
import { claimsAt, compact, type Fields, newHandKey, segment, signerOf } from '../stages/token-keys.ts'

const ec = newHandKey('ES256')
const ed = newHandKey('EdDSA')
const rsa = newHandKey('RS256')
const bytes = (hex: string): string => Buffer.from(hex, 'hex').toString('base64url')
const of = (member: unknown): Buffer => Buffer.from(String(member), 'base64url')
const p = 'ffffffff00000001000000000000000000000000ffffffffffffffffffffffff'
const order = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'

/** Public members of a key that must not be one. */
const broken: Readonly<Record<string, { readonly key: typeof ec; readonly change: Fields }>> = {
  'a point off the curve': { key: ec, change: { y: ec.jwk.x } },
  'a point with one bit changed': { key: ec, change: { y: segment(of(ec.jwk.y).map((byte, at) => (at === 31 ? byte ^ 1 : byte))) } },
  'the point at zero': { key: ec, change: { x: bytes('00'.repeat(32)), y: bytes('00'.repeat(32)) } },
  'x as great as the field': { key: ec, change: { x: bytes(p) } },
  'all ones': { key: ec, change: { x: bytes('ff'.repeat(32)), y: bytes('ff'.repeat(32)) } },
  'x of a megabyte': { key: ec, change: { x: segment(Buffer.alloc(1_048_576, 7)) } },
  'x of 45,000 bytes': { key: ec, change: { x: segment(Buffer.alloc(45_000, 7)) } },
  'x with a zero before it': { key: ec, change: { x: segment(Buffer.concat([Buffer.alloc(1), of(ec.jwk.x)])) } },
  'x a byte short': { key: ec, change: { x: segment(of(ec.jwk.x).subarray(1)) } },
  'x empty': { key: ec, change: { x: '' } },
  'x missing': { key: ec, change: { x: undefined } },
  'y missing': { key: ec, change: { y: undefined } },
  'x a number': { key: ec, change: { x: 1 } },
  'x padded': { key: ec, change: { x: `${ec.jwk.x}=` } },
  'x with bits to spare': { key: ec, change: { x: `${ec.jwk.x?.slice(0, -1)}B` } },
  'another curve by name': { key: ec, change: { crv: 'P-384' } },
  'no curve': { key: ec, change: { crv: undefined } },
  'a curve of its own': { key: ec, change: { crv: 'P-256K', a: 'AA', b: 'AA', p: 'AA' } },
  'Ed25519 of the neutral point': { key: ed, change: { x: bytes(`01${'00'.repeat(31)}`) } },
  'Ed25519 of a point of order two': { key: ed, change: { x: bytes(`ec${'ff'.repeat(30)}7f`) } },
  'Ed25519 of a point of order four': { key: ed, change: { x: bytes('00'.repeat(32)) } },
  'Ed25519 of no point': { key: ed, change: { x: bytes(`02${'00'.repeat(31)}`) } },
  'Ed25519 beyond its field': { key: ed, change: { x: bytes(`ee${'ff'.repeat(30)}7f`) } },
  'Ed25519 of 33 bytes': { key: ed, change: { x: segment(Buffer.alloc(33, 7)) } },
  'RSA of 1': { key: rsa, change: { n: 'AQ' } },
  'RSA of an even modulus': { key: rsa, change: { n: segment(Buffer.concat([of(rsa.jwk.n).subarray(0, 255), Buffer.alloc(1)])) } },
  'RSA of 16,384 bits': { key: rsa, change: { n: segment(Buffer.alloc(2_048, 0xff)) } },
  'RSA of 2,047 bits': { key: rsa, change: { n: segment(Buffer.from([0x7f, ...of(rsa.jwk.n).subarray(1)])) } },
  'RSA with a zero before': { key: rsa, change: { n: segment(Buffer.concat([Buffer.alloc(1), of(rsa.jwk.n)])) } },
  'RSA with the exponent 1': { key: rsa, change: { e: 'AQ' } },
  'RSA with the exponent 3': { key: rsa, change: { e: 'Aw' } },
  'RSA with an even exponent': { key: rsa, change: { e: 'AQAA' } },
  'RSA with an exponent of 64 bytes': { key: rsa, change: { e: segment(Buffer.alloc(64, 0xff)) } },
} // biome-ignore format: a table

const published = (stage: JwksStage, { jwk }: typeof ec, change: Fields): void => {
  const { d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...half } = jwk
  stage.answer(jwksOf({ ...half, ...change }))
}

export const keyPoints: Attack = attack({
  ids: ['CVE-2023-25653'],
  title: 'a key whose numbers are outside of what the mathematics is for',
  cost: 'A service would work for minutes on one key, or take one under which every signature fits.',
  shows: ['RFC 8725 §3.3', 'RFC 8725 §3.4'],
  stage: jwksStage,
  legal: each({ ES256: ec, EdDSA: ed, RS256: rsa }, async (stage: JwksStage, key) => {
    createKeyRing([key.jwk])
    published(stage, key, {})
    expect(await outcome(stage.newVerifier(), stage.sign(key))).toBe('ok')
  }),
  hostile: {
    ...each(broken, async (stage: JwksStage, { key, change }) => {
      expect(() => createKeyRing([{ ...key.jwk, ...change } as KeyRingJwk])).toThrow(/keys\[0\]/)
      published(stage, key, change)
      const verify = stage.newVerifier()
      expect(await outcome(verify, stage.sign(key))).toBe('ERR_JWKS_UNAVAILABLE')
      // Under a key of small order zero fits any text, and under an exponent of one a text is its own signature.
      const header = { typ: 'at+jwt', alg: key.jwk.alg, kid: key.jwk.kid }
      const zeros = compact(header, claimsAt(stage.clock(), 'https://app.example'), () =>
        Buffer.from(`01${'00'.repeat(63)}`, 'hex'),
      )
      expect(await outcome(verify, zeros)).toBe('ERR_JWKS_UNAVAILABLE')
    }),
    ...each(
      {
        'd of zero': '00'.repeat(32),
        'd of the order': order,
        'd beyond the order': 'ff'.repeat(32),
        'd a byte short': '01'.repeat(31),
        'd empty': '',
      },
      (_: JwksStage, d) => expect(() => createKeyRing([{ ...ec.jwk, d: bytes(d) }])).toThrow(/keys\[0\]\.d/),
    ),
    'the private half of another key': async () => {
      for (const [one, two] of [
        [ec, newHandKey('ES256')],
        [ed, newHandKey('EdDSA')],
        [rsa, newHandKey('RS256')],
      ] as const) {
        const { d, p, q, dp, dq, qi } = two.jwk
        const others = Object.fromEntries(
          Object.entries({ d, p, q, dp, dq, qi }).filter(([, value]) => value !== undefined),
        )
        const ring = createKeyRing([{ ...one.jwk, ...others } as KeyRingJwk])
        await expect((async () => ring.signer(0).sign('at+jwt', '{}'))()).rejects.toMatchObject({
          code: 'ERR_KEY_UNAVAILABLE',
        })
      }
    },
    'a genuine signature by a key that is off its curve in the set alone': async (stage) => {
      published(stage, ec, { y: ec.jwk.x })
      const header = { typ: 'at+jwt', alg: 'ES256', kid: ec.jwk.kid }
      const token = compact(header, claimsAt(stage.clock(), 'https://app.example'), signerOf('ES256', ec.key))
      expect(await outcome(stage.newVerifier(), token)).toBe('ERR_JWKS_UNAVAILABLE')
    },
  },
})

import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createKeyRing, type KeyRingJwk } from '@handstamp/server'
import { expect } from 'vitest'
import { type Attack, attack, each } from '../attack.ts'
import { type JwksStage, jwksOf, jwksStage, outcome } from '../stages/jwks-server.ts'
import type { Fields } from '../stages/token-keys.ts'

const ec = (namedCurve: string): unknown => generateKeyPairSync('ec', { namedCurve }).privateKey.export({ format: 'jwk' }) // biome-ignore format: one row
const rsa = (modulusLength: number): unknown => generateKeyPairSync('rsa', { modulusLength }).privateKey.export({ format: 'jwk' }) // biome-ignore format: one row
const secret = (bytes: number): unknown => ({ kty: 'oct', k: randomBytes(bytes).toString('base64url') })

/** A private key of each kind, and the algorithms that it is for. */
const kinds: Readonly<Record<string, { readonly key: unknown; readonly fits: readonly string[] }>> = {
  'P-256': { key: ec('P-256'), fits: ['ES256'] },
  'P-384': { key: ec('P-384'), fits: ['ES384'] },
  'P-521': { key: ec('P-521'), fits: ['ES512'] },
  secp256k1: { key: ec('secp256k1'), fits: [] },
  Ed25519: { key: generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }), fits: ['EdDSA'] },
  Ed448: { key: generateKeyPairSync('ed448').privateKey.export({ format: 'jwk' }), fits: [] },
  X25519: { key: generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' }), fits: [] },
  'RSA of 2,048 bits': { key: rsa(2_048), fits: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] },
  'RSA of 2,040 bits': { key: rsa(2_040), fits: [] },
  'RSA of 1,024 bits': { key: rsa(1_024), fits: [] },
  '32 bytes': { key: secret(32), fits: ['HS256'] },
  '48 bytes': { key: secret(48), fits: ['HS256', 'HS384'] },
  '64 bytes': { key: secret(64), fits: ['HS256', 'HS384', 'HS512'] },
}

const algorithms = ['ES256', 'ES384', 'ES512', 'EdDSA', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'HS256', 'HS384', 'HS512'] // biome-ignore format: one row
const unknown = ['none', 'ES256K', 'Ed25519', 'Ed448', 'RS1', 'RSA1_5', 'RSA-OAEP', 'dir', 'A256GCM', 'PBES2-HS256+A128KW', 'es256', '', 'constructor'] // biome-ignore format: one row

const pairs = Object.entries(kinds).flatMap(([kind, { key, fits }]) =>
  [...algorithms, ...unknown].map((alg) => ({
    name: `${kind} for ${alg || 'the empty text'}`,
    jwk: { ...(key as object), alg, kid: 'k' } as unknown as KeyRingJwk,
    fits: fits.includes(alg),
  })),
)
const byName = (fitting: boolean): Readonly<Record<string, KeyRingJwk>> =>
  Object.fromEntries(pairs.filter(({ fits }) => fits === fitting).map(({ name, jwk }) => [name, jwk]))

const withoutPrivate = ({ d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...jwk }: KeyRingJwk): Fields => ({ ...jwk })

export const keyKinds: Attack = attack({
  ids: ['CVE-2022-23539'],
  title: 'a key that is used with an algorithm that it is not for',
  cost: 'A key that was made for something else, or is too short for this, would guard every session.',
  shows: ['RFC 8725 §3.1', 'RFC 8725 §3.2', 'RFC 8725 §3.5'],
  stage: jwksStage,
  legal: each(byName(true), async (stage: JwksStage, jwk) => {
    expect(createKeyRing([jwk]).signer(0)).toMatchObject({ kid: 'k', alg: jwk.alg })
    stage.answer(jwksOf(withoutPrivate(jwk)))
    const published = await outcome(stage.newVerifier(), stage.sign(undefined, { kid: 'other' }))
    expect(published).toBe(jwk.kty === 'oct' ? 'ERR_JWKS_UNAVAILABLE' : 'unknown_key')
  }),
  hostile: each(byName(false), async (stage: JwksStage, jwk) => {
    expect(() => createKeyRing([jwk])).toThrow(/keys\[0\]\.?\w* /)
    stage.answer(jwksOf(withoutPrivate(jwk)))
    expect(await outcome(stage.newVerifier(), stage.sign())).toBe('ERR_JWKS_UNAVAILABLE')
  }),
})

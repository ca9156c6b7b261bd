/**
 * Signing an access token from its claims, beside peers at their best.
 * @module
 */
import { createHmac, createPrivateKey, createSecretKey, type KeyObject, sign } from 'node:crypto'
import { createKeyRing, type KeyRingJwk } from '@handstamp/core/jwt/key-ring'
import { signAccessToken } from '@handstamp/core/jwt/sign'
import { createSigner } from 'fast-jwt'
import { sign as honoSign } from 'hono/jwt'
import { SignJWT } from 'jose'
import jsonwebtoken from 'jsonwebtoken'
import type { Contender } from '../harness/measure.ts'
import { processRow, type RowSource } from '../harness/row.ts'
import {
  type BenchAlgorithm,
  type BenchKeyOrSecret,
  jwkOf,
  kid,
  newClaims,
  newKey,
  newToken,
  pemOf,
} from './subject.ts'
import { cryptoKeys } from './web-key.ts'

type Claims = ReturnType<typeof newClaims>

const signed: readonly { readonly alg: BenchAlgorithm; readonly base: string; readonly goal?: number }[] = [
  { alg: 'ES256', base: 'crypto.sign, DER', goal: 1.15 },
  { alg: 'EdDSA', base: 'crypto.sign' },
  { alg: 'HS256', base: 'createHmac' },
]

export const signRows: readonly RowSource[] = signed.map(({ alg, base, ...goal }) =>
  processRow(
    { name: `${alg} sign`, group: 'Tokens, cold', base, subject: 'Handstamp', unit: 'µs', ...goal },
    () => contenders(alg, base),
    { most: 3_000 },
  ),
)

async function contenders(alg: BenchAlgorithm, base: string): Promise<readonly Contender[]> {
  const key = newKey(alg)
  const node = 'secret' in key ? createSecretKey(key.secret) : createPrivateKey(pemOf(key.privateKey))
  const web = await cryptoKeys(key)
  const ring = createKeyRing([jwkOf(key) as KeyRingJwk])
  const header = { alg, kid, typ: 'at+jwt' }
  const fastJwt = createSigner({
    key: 'secret' in key ? key.secret : pemOf(key.privateKey),
    algorithm: alg,
    kid,
    header: { alg, typ: 'at+jwt' },
  })
  const options = { algorithm: alg, keyid: kid, header: { typ: 'at+jwt' } }
  const rows: readonly Omit<Contender<Claims>, 'prepare' | 'check'>[] = [
    { name: 'Handstamp', run: (claims) => signAccessToken(claims, ring.signer(Date.now())) },
    { name: 'fast-jwt', run: (claims) => fastJwt(claims) },
    { name: 'jsonwebtoken', run: (claims) => jsonwebtoken.sign(claims, node, options) },
    { name: 'jose', run: (claims) => new SignJWT(claims).setProtectedHeader(header).sign(web.sign) },
    { name: 'hono/jwt', run: (claims) => honoSign(claims, web.sign, alg) },
  ]
  return [
    floor(base, key, node),
    ...rows
      .filter(({ name }) => alg !== 'EdDSA' || name !== 'jsonwebtoken')
      .map((row) => ({ ...row, prepare: claimSets, check: isToken })),
  ]
}

/** The signature alone, over bytes that are there already. */
function floor(name: string, key: BenchKeyOrSecret, node: KeyObject): Contender {
  const digest = key.alg === 'EdDSA' ? null : 'sha256'
  const make =
    'secret' in key
      ? (bytes: Buffer) => createHmac('sha256', node).update(bytes).digest()
      : (bytes: Buffer) => sign(digest, bytes, node)
  const contender: Contender<Buffer> = {
    name,
    prepare: (count) => Array.from({ length: count }, () => Buffer.from(newToken(key).signingInput)),
    run: make,
    check: (signature) => signature instanceof Uint8Array,
  }
  return contender
}

function claimSets(count: number): readonly Claims[] {
  return Array.from({ length: count }, () => newClaims())
}

function isToken(text: unknown): boolean {
  return typeof text === 'string' && text.split('.').length === 3
}

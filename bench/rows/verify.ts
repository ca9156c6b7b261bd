/**
 * Verifying a token that nobody has seen before, with issuer, audience and times checked, beside peers at their best.
 * @module
 */
import { createHmac, createPublicKey, createSecretKey, type KeyObject, timingSafeEqual, verify } from 'node:crypto'
import { createKeyRing, type KeyRingJwk } from '@handstamp/core/jwt/key-ring'
import { verifyAccessToken } from '@handstamp/core/jwt/verify'
import { createVerifier } from 'fast-jwt'
import { verify as honoVerify } from 'hono/jwt'
import { jwtVerify } from 'jose'
import jsonwebtoken from 'jsonwebtoken'
import type { Contender } from '../harness/measure.ts'
import { processRow, type RowSource } from '../harness/row.ts'
import { judgedBy } from './judged-by.ts'
import {
  type BenchAlgorithm,
  type BenchKeyOrSecret,
  type BenchToken,
  freshTokens,
  issuer,
  jwkOf,
  newKey,
  pemOf,
  user,
} from './subject.ts'
import { cryptoKeys } from './web-key.ts'

const goals: { readonly [A in BenchAlgorithm]: number } = { ES256: 1.1, EdDSA: 1.05, RS256: 1.15, HS256: 1.6 }

export const verifyRows: readonly RowSource[] = (Object.keys(goals) as BenchAlgorithm[]).map((alg) => {
  const base = alg === 'HS256' ? 'createHmac' : alg === 'ES256' ? 'crypto.verify, DER' : 'crypto.verify'
  const facts = {
    name: `${alg} verify`,
    group: 'Tokens, cold',
    base,
    subject: 'Handstamp',
    goal: goals[alg],
    unit: 'µs',
  }
  // An RSA signature takes a millisecond to make, and each round wants new ones.
  return processRow({ ...facts, unit: 'µs' }, () => contenders(alg, base), { most: alg === 'RS256' ? 150 : 3_000 })
})

async function contenders(alg: BenchAlgorithm, base: string): Promise<readonly Contender[]> {
  const key = newKey(alg)
  const fresh = freshTokens(key)
  const texts = (count: number, round: number) => fresh(count, round).map(({ text }) => text)
  const web = await cryptoKeys(key)
  const node = verificationKey(key)
  const pem = 'secret' in key ? key.secret : pemOf(key.publicKey)
  const fastJwt = createVerifier({ key: pem, algorithms: [alg], allowedIss: issuer, allowedAud: issuer })
  const hono = { alg, iss: issuer, aud: issuer, typ: 'at+jwt' } as const
  const list: readonly Contender[] = [
    { name: base, prepare: fresh, run: floor(key, node), check: (fits) => fits === true },
    {
      name: 'Handstamp',
      prepare: texts,
      run: handstamp(key),
      check: (result) => isOurs((result as { claims?: unknown }).claims),
    },
    ...peers(),
  ]
  // fast-jwt and jsonwebtoken: what they do not know, they are not asked for.
  return alg === 'EdDSA' ? list.filter(({ name }) => name !== 'jsonwebtoken') : list

  function peers(): readonly Contender[] {
    const rows: readonly Omit<Contender<string>, 'prepare'>[] = [
      { name: 'fast-jwt', run: (text) => fastJwt(text), check: isOurs },
      {
        name: 'jsonwebtoken',
        run: (text) => jsonwebtoken.verify(text, node, { algorithms: [alg], issuer, audience: issuer }),
        check: isOurs,
      },
      {
        name: 'jose',
        run: (text) => jwtVerify(text, web.verify, { algorithms: [alg], issuer, audience: issuer, typ: 'at+jwt' }),
        check: (result) => isOurs((result as { payload: unknown }).payload),
      },
      { name: 'hono/jwt', run: (text) => honoVerify(text, web.verify, hono), check: isOurs },
    ]
    return rows.map((row) => ({ ...row, prepare: texts }))
  }
}

function floor(key: BenchKeyOrSecret, node: KeyObject): (token: BenchToken) => boolean {
  if ('secret' in key) {
    return ({ signingInput, signature }) =>
      timingSafeEqual(createHmac('sha256', node).update(signingInput).digest(), signature)
  }
  const digest = key.alg === 'EdDSA' ? null : 'sha256'
  return ({ signingInput, signature }) => verify(digest, signingInput, node, signature)
}

/** By the key ring of an issuer, with all the checks of RFC 9068; no cache of verified tokens is in this way. */
function handstamp(key: BenchKeyOrSecret): (text: string) => unknown {
  const ring = createKeyRing([jwkOf(key) as KeyRingJwk])
  return (text) => verifyAccessToken(text, judgedBy(ring, Date.now()))
}

function verificationKey(key: BenchKeyOrSecret): KeyObject {
  return 'secret' in key ? createSecretKey(key.secret) : createPublicKey(pemOf(key.publicKey))
}

function isOurs(claims: unknown): boolean {
  return (claims as { sub?: unknown } | undefined)?.sub === user.id
}

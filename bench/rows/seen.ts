/**
 * A token that was verified before, presented anew: its string is another one each time, its expiry is judged each time.
 * @module
 */
import { hash } from 'node:crypto'
import { createKeyRing, type KeyRingJwk } from '@handstamp/core/jwt/key-ring'
import { createVerifiedTokens } from '@handstamp/core/jwt/verified-tokens'
import { verifyAccessToken } from '@handstamp/core/jwt/verify'
import { createVerifier as createHandstampVerifier } from '@handstamp/server/verifier'
import { createVerifier } from 'fast-jwt'
import { jwtVerify } from 'jose'
import type { Contender } from '../harness/measure.ts'
import { processRow, type RowSource } from '../harness/row.ts'
import { judgedBy } from './judged-by.ts'
import { anew, issuer, jwkOf, newKey, newToken, pemOf, user, userSchema } from './subject.ts'
import { cryptoKeys } from './web-key.ts'

/** As many clients as come again and again, within what fast-jwt's cache holds unless told otherwise. */
const clients = 500

export const seenRow: RowSource = processRow(
  {
    name: 'Token seen before',
    group: 'Tokens, warm',
    base: 'fast-jwt, cached',
    subject: 'Handstamp',
    goal: 0.5,
    unit: 'µs',
  },
  contenders,
)

async function contenders(): Promise<readonly Contender[]> {
  const key = newKey('ES256')
  if ('secret' in key) throw new TypeError('ES256 has a key pair')
  const web = await cryptoKeys(key)
  const tokens = Array.from({ length: clients }, () => newToken(key).text)
  const ring = createKeyRing([jwkOf(key) as KeyRingJwk])
  const seen = createVerifiedTokens()
  // The claims, which is what peers answer; and all the way to a user of the schema and what to tell caches.
  const ours = (text: string): unknown => verifyAccessToken(text, { ...judgedBy(ring, Date.now()), seen })
  const verify = createHandstampVerifier({ issuer, jwks: ring, user: userSchema })
  const fastJwt = createVerifier({
    key: pemOf(key.publicKey),
    algorithms: ['ES256'],
    allowedIss: issuer,
    allowedAud: issuer,
    cache: true,
  })
  const expiries = new Map(tokens.map((token) => [digest(token), Date.now() + 600_000]))
  const rows: readonly Omit<Contender<string>, 'prepare'>[] = [
    { name: 'fast-jwt, cached', run: (text) => fastJwt(text), check: (claims) => subject(claims) === user.id },
    { name: 'Handstamp', run: ours, check: (result) => subject((result as { claims?: unknown }).claims) === user.id },
    {
      name: 'Handstamp, a session',
      run: (text) => verify(text),
      check: (result) => (result as { session?: { user: { id: string } } }).session?.user.id === user.id,
    },
    {
      name: 'crypto.hash + Map',
      run: (text) => (expiries.get(digest(text)) ?? 0) > Date.now(),
      check: (live) => live === true,
    },
    {
      name: 'jose',
      run: (text) => jwtVerify(text, web.verify, { algorithms: ['ES256'], issuer, audience: issuer, typ: 'at+jwt' }),
      check: (result) => subject((result as { payload: unknown }).payload) === user.id,
    },
  ]
  return rows.map((row) => ({ ...row, prepare }))

  function prepare(count: number): readonly string[] {
    return Array.from({ length: count }, (_, at) => anew(tokens[at % clients] ?? ''))
  }
}

function digest(text: string): string {
  return hash('sha256', text, 'base64url')
}

function subject(claims: unknown): unknown {
  return (claims as { sub?: unknown }).sub
}

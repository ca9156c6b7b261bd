/**
 * A service that verifies, its issuer, and what an attacker holds: a token of their own that the issuer signed. The issuer's
 * key is in the hands of the test as well, so that an attack can be signed well and be wrong in one thing alone.
 * @module
 */
import type { Rejected } from '@handstamp/core/auth-result'
import { challenge, createKeyRing, createVerifier, token as tokenStrategy, type Verify } from '@handstamp/server'
import { fakeClockStart } from '@handstamp/server/testing'
import { expect } from 'vitest'
import type { Answer } from '../../wire/exchange.ts'
import { expectRefusal } from '../../wire/expectations.ts'
import { expected } from '../../wire/outward-answers.ts'
import { type Served, schemaOf, serveAuth, servedOrigin, type User } from '../../wire/served-auth.ts'
import { ownPage, signedIn } from '../../wire/visitor.ts'
import type { Closable } from '../attack.ts'
import { type Content, compact, type Fields, type HandKey, newHandKey, signerOf } from './token-keys.ts'

interface Change {
  readonly header?: Fields
  readonly claims?: Fields
}

export interface VerifierStage extends Closable {
  /** The issuer. */
  readonly served: Served
  /** Of the service, which fetches the public keys from the issuer; with HS* it holds the ring itself. */
  readonly verify: Verify<User>
  /** Signed by the issuer for ada, over bearer. */
  readonly token: string
  readonly header: Fields
  readonly claims: Fields & { readonly iat: number; readonly exp: number; readonly hs: object }
  /** The issuer's keys: the first one signs, the others are published and will. */
  readonly keys: readonly HandKey[]
  /** Every URL that the service asked for. */
  readonly fetched: readonly string[]
  /** The token signed anew after changes; `undefined` removes a member. By the key that signs unless another is named. */
  sign(change?: Change, key?: HandKey): string
  /** Signed by the key that signs, whatever the segments hold. */
  signAs(header: Content, payload: Content): string
  /** By the clock of both, in seconds. */
  now(): number
}

export async function verifierStage(keys: readonly HandKey[] = [newHandKey('ES256')]): Promise<VerifierStage> {
  const [signing = newHandKey('ES256')] = keys
  const ring = createKeyRing(
    keys.map(({ jwk }, at) => (at === 0 ? jwk : { ...jwk, activeFrom: fakeClockStart + at * 86_400_000 })),
  )
  const strategy = tokenStrategy({ keys: ring, accessLifetime: '5m', lifetime: '8h' })
  const served = await serveAuth({ strategy, transport: 'bearer' })
  const { tokens } = await signedIn(served.wire, 'bearer')
  const token = tokens.access ?? ''
  const [header, claims] = token
    .split('.', 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Fields) as [Fields, VerifierStage['claims']]
  const signer = signerOf(signing.jwk.alg, signing.key)
  const fetched: string[] = []
  return {
    served,
    verify: createVerifier({
      issuer: served.auth.origin,
      user: schemaOf<User>('id', 'role'),
      clock: served.clock,
      ...(ring.symmetric ? { jwks: ring } : {}),
      fetch: (url, init) => {
        fetched.push(url)
        return fetch(`http://127.0.0.1:${served.wire.port}${new URL(url).pathname}`, init)
      },
    }),
    token,
    header,
    claims,
    keys,
    fetched,
    sign(change = {}, key = signing) {
      const head = { ...header, kid: key.jwk.kid, alg: key.jwk.alg, ...change.header }
      return compact(head, { ...claims, ...change.claims }, signerOf(key.jwk.alg, key.key))
    },
    signAs: (head, payload) => compact(head, payload, signer),
    now: () => Math.floor(served.clock() / 1_000),
    close: () => served.stop(),
  }
}

/** The service and the issuer take the token. */
export async function expectTaken({ served, verify }: VerifierStage, token: string): Promise<void> {
  const result = await verify(token)
  expect(result).toMatchObject({ ok: true, session: { user: { id: 'ada' } } })
  expect(await verify(requestWith(token))).toEqual(result)
  expect((await show(served, token)).status).toBe(200)
}

/** A text that can be a bearer credential at all (RFC 6750 §2.1), in at most 8 KiB. */
const credential = /^(?=.{1,8192}$)[A-Za-z0-9._~+/-]+=*$/

/** What no client could send within one header line. */
const unsendable = /[^\t\x20-\x7e\u0080-\uffff]/

/**
 * Neither takes it, and both say the same whatever was wrong: not one byte of the answer differs from the answer to a text
 * that is nothing at all. A text that is no credential by its form is a request that is not well formed, and that is all that is told.
 */
export async function expectRefused(stage: VerifierStage, token: string): Promise<void> {
  await expectRefusedByService(stage, token)
  if (unsendable.test(token)) return
  // A server of Node refuses a head of 16 KiB before anybody of ours is asked.
  if (token.length > 15_000) return void expect((await show(stage.served, token)).status).toBe(431)
  const formed = credential.test(token)
  await expectHeaderRefused(stage, `Bearer ${token}`, formed ? 'invalid token' : 'invalid request')
}

/** The service alone: where the issuer, who stands by more skew between its own servers, takes it still. */
export async function expectRefusedByService({ verify, fetched }: VerifierStage, token: string): Promise<void> {
  const [nothing, told] = [await verify('nothing'), await verify(token)]
  expect(told.ok).toBe(false)
  expect(await bytesOfChallenge(told as Rejected)).toEqual(await bytesOfChallenge(nothing as Rejected))
  expectOnlyOwnKeys(fetched)
}

/** Both judge a whole header line. */
export async function expectHeaderRefused(
  { served, verify }: VerifierStage,
  line: string,
  answer: 'invalid token' | 'invalid request' | 'token expired',
): Promise<void> {
  const sample = answer === 'invalid request' ? 'Bearer a b' : 'Bearer nothing'
  const [nothing, told] = [await showLine(served, sample), await showLine(served, line)]
  expectRefusal(told, expected(answer, served.wire))
  if (answer !== 'token expired') expect(bytesOf(told)).toEqual(bytesOf(nothing))
  const results = await Promise.all([sample, line].map((text) => verify(requestWith(text.slice('Bearer '.length)))))
  expect(results.map(({ ok }) => ok)).toEqual([false, false])
  const [bytesOfSample, bytes] = await Promise.all(results.map((result) => bytesOfChallenge(result as Rejected)))
  if (answer !== 'token expired') expect(bytes).toEqual(bytesOfSample)
}

/** Both say that it has expired, which only the holder of a genuine token is told. */
export async function expectExpired(stage: VerifierStage, token: string): Promise<void> {
  expect(await stage.verify(token)).toMatchObject({ ok: false, reason: 'expired' })
  await expectHeaderRefused(stage, `Bearer ${token}`, 'token expired')
}

/** The keys of the issuer are the only thing that a verifier ever asks for. */
export function expectOnlyOwnKeys(fetched: readonly string[]): void {
  expect(fetched.filter((url) => url !== `${servedOrigin}/auth/jwks.json`)).toEqual([])
}

/** Presents a token to the issuer's own application. */
export function show(served: Served, token: string): Promise<Answer> {
  return showLine(served, `Bearer ${token}`)
}

function showLine({ wire }: Served, line: string): Promise<Answer> {
  const latin1 = Buffer.from(line).toString('latin1')
  return wire.ask({ method: 'GET', target: '/api/me', headers: [['Authorization', latin1], ...ownPage] })
}

function requestWith(token: string): { method: string; url: string; headers: Headers } {
  const authorization = Buffer.from(`Bearer ${token}`).toString('latin1')
  return { method: 'GET', url: 'https://api.example/', headers: new Headers({ authorization }) }
}

/** Everything of an answer but the time at which it was given. */
export function bytesOf({ status, headers, text }: Answer): unknown {
  return [status, headers.filter(([name]) => name !== 'date'), text]
}

/** A refusal as the service would answer it. */
async function bytesOfChallenge(rejected: Rejected): Promise<unknown> {
  const response = challenge(rejected, 'api.example')
  return [response.status, [...response.headers], await response.text()]
}

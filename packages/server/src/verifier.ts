/**
 * `createVerifier`: for a service that only verifies. It issues nothing, keeps nothing, and needs the issuer's public keys alone.
 * @module
 */

import type { AuthResult, Rejected } from '@handstamp/core/auth-result'
import { readBearer } from '@handstamp/core/authorization'
import { type Clock, systemClock } from '@handstamp/core/clock'
import type { Duration } from '@handstamp/core/duration'
import { parseDuration } from '@handstamp/core/duration'
import { parseClockTolerance } from '@handstamp/core/jwt/claims'
import type { KeyRing } from '@handstamp/core/jwt/key-ring'
import { createRemoteJwks } from '@handstamp/core/jwt/remote-jwks'
import { createVerifiedTokens } from '@handstamp/core/jwt/verified-tokens'
import { type ResolveKey, verifyAccessToken } from '@handstamp/core/jwt/verify'
import type { Rejection } from '@handstamp/core/rejection'
import type { StandardSchema, UserLike } from '@handstamp/core/schema'
import type { Session } from '@handstamp/core/session'
import { allowInsecureLoopback } from '@handstamp/core/unsafe'
import { defaultBasePath, routePaths } from '@handstamp/core/wire'
import { sessionFromClaims } from './access-tokens.ts'
import { cachingOf } from './caching.ts'
import { feedStale, openChanges } from './changes.ts'
import { checkReadable, type ReadableFeed } from './feeds/feed.ts'
import { checkNames } from './option-names.ts'
import { challengeResponse } from './problem.ts'
import { createRemoteFeed, leastRemoteStaleness, type RemoteFeedOptions } from './remote-feed.ts'
import type { RequestFace } from './request-face.ts'
import { travelsBy } from './strategies/strategy.ts'
import { validateUser } from './user-schema.ts'

export interface VerifierOptions<User extends UserLike> {
  /** `iss`, exactly. */
  readonly issuer: string
  /** One of these must be in `aud`; the issuer unless set. */
  readonly audience?: string | readonly string[]
  /** Where the public keys are, or the key ring itself; `/auth/jwks.json` of the issuer unless set. */
  readonly jwks?: string | URL | KeyRing
  readonly user: StandardSchema<User>
  /** The longest access lifetime that is believed; `1h` unless set. */
  readonly maxLifetime?: Duration
  /** `5s` unless set, 5 minutes at most. */
  readonly clockTolerance?: Duration
  /**
   * What the issuer has ended: its feed, or the URL of its signed pages (`/auth/revocations`, for which it needs
   * `publishRevocations`). Without it a token that was revoked is good until its `exp`.
   */
  readonly revocations?: ReadableFeed | string | URL
  /** What has ended is taken for good no longer than this; `5s` unless set, `15s` for a URL. */
  readonly maxStaleness?: Duration
  /** While that cannot be promised: `refuse` throws `ERR_FEED_STALE`, a function is asked whether the session lives; `refuse` unless set. */
  readonly onStale?: 'refuse' | ((session: Session<User>) => Promise<boolean> | boolean)
  readonly clock?: Clock
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
  /** Plain http to a loopback address, for development alone. */
  readonly [allowInsecureLoopback]?: boolean
}

const optionNames = [
  ...['issuer', 'audience', 'jwks', 'user', 'maxLifetime', 'clockTolerance', 'clock', 'fetch'],
  ...['revocations', 'maxStaleness', 'onStale'],
] as const

/**
 * Judges a request's bearer token, or a token as text. In a request's Authorization header the token of a cookie is refused, as no
 * page could have read it there; a gateway that takes it out of the cookie itself hands it over as text.
 */
export interface Verify<User> {
  (input: RequestFace | string): Promise<AuthResult<User>>
  /** Stops following `revocations`; the next call begins anew. A feed that was given is still to be closed by its owner. */
  close(): void
}

/**
 * Answers a function that judges access tokens of one issuer (RFC 9068 §4). With `revocations` a token dies within
 * `maxStaleness` of its session's end; without, at its `exp`.
 *
 * @example
 * ```ts
 * import { createVerifier } from '@handstamp/server/verifier'
 * import { z } from 'zod'
 *
 * const verify = createVerifier({ issuer: 'https://app.example', user: z.object({ id: z.string() }) })
 * const result = await verify(new Request('https://api.example/', { headers: { authorization: 'Bearer …' } }))
 * ```
 * @throws TypeError | RangeError naming the option. The function itself throws AuthError: `ERR_JWKS_UNAVAILABLE` where the
 * keys cannot be had, `ERR_FEED_STALE` where nobody can tell what was revoked, `ERR_CLAIMS_INVALID` where the schema throws.
 */
export function createVerifier<User extends UserLike>(options: VerifierOptions<User>): Verify<User> {
  checkNames(options, optionNames, 'createVerifier()')
  const { issuer, user } = options
  if (typeof issuer !== 'string' || issuer === '')
    throw new TypeError("issuer is missing: write the issuer's origin, 'https://app.example'")
  if (typeof user?.['~standard']?.validate !== 'function')
    throw new TypeError('user must be a Standard Schema, e.g. z.object({ id: z.string() })')
  const clock = options.clock ?? systemClock
  const clockTolerance = parseClockTolerance(options.clockTolerance ?? '5s', 'clockTolerance')
  const maxLifetime = parseDuration(options.maxLifetime ?? '1h', 'maxLifetime') + clockTolerance
  const audience = options.audience ?? issuer
  const names: readonly unknown[] = Array.isArray(audience) ? audience : [audience]
  if (names.length === 0 || names.some((name) => typeof name !== 'string' || name === ''))
    throw new TypeError('audience must be text or a list of it: write the name of this service, or leave it out')
  const keys = keySource(options, clock, maxLifetime)
  const { changes, onStale } = readRevocations(options, { clock, clockTolerance, resolve: keys })
  const resolve: ResolveKey = changes ? (kid, alg) => (changes.trusts(kid) ? keys(kid, alg) : undefined) : keys
  const seen = createVerifiedTokens()

  async function verify(input: RequestFace | string): Promise<AuthResult<User>> {
    const bearer =
      typeof input === 'string'
        ? ({ kind: 'token', token: input } as const)
        : readBearer(input.headers.get('authorization'))
    if (bearer.kind !== 'token') return reject(bearer.kind === 'absent' ? 'absent' : 'malformed_request')
    const how = { resolve, issuer, audience, now: clock(), clockTolerance, maxLifetime, seen }
    const judged = verifyAccessToken(bearer.token, how)
    // Where the answer is there at once nothing is awaited: each wait is a tenth of what a token seen before costs.
    const verified = judged instanceof Promise ? await judged : judged
    if (!verified.ok) return reject(verified.reason)
    const { claims } = verified
    const validated = validateUser(user, claims.user)
    const parsed = validated instanceof Promise ? await validated : validated
    if (parsed.issues !== undefined || parsed.value?.id !== claims.sub) return reject('malformed')
    if (typeof input !== 'string' && !travelsBy(claims.hs.t, 'access', 'authorization'))
      return reject('transport_mismatch')
    const session = sessionFromClaims(claims, parsed.value)
    if (changes !== undefined) {
      const judgement = changes.judge(claims)
      const verdict = judgement instanceof Promise ? await judgement : judgement
      if (verdict === 'changed') return reject('outdated')
      if (verdict === 'unproven' && onStale === 'refuse') throw feedStale()
      // What had to be read first may have revoked its key.
      if (judgement instanceof Promise) {
        const again = await verifyAccessToken(bearer.token, how)
        if (!again.ok) return reject(again.reason)
      }
      const lives = verdict === 'good' || (verdict === 'unproven' && onStale !== 'refuse' && (await onStale(session)))
      if (!lives) return reject('revoked')
    }
    return session.pending === undefined ? { ok: true, session, effects: answered } : reject('pending')
  }

  return Object.assign(verify, { close: () => changes?.close() })
}

const { answered, varies } = cachingOf(['Authorization'])

/**
 * A refusal of a verifier as a response, with a challenge for the realm (RFC 6750).
 *
 * @example
 * ```ts
 * const result = await verify(request)
 * const answer = result.ok ? Response.json(result.session.user) : challenge(result, 'api.example')
 * ```
 */
export function challenge(rejected: Rejected, realm: string): Response {
  return challengeResponse(rejected, { cookies: undefined, realm })
}

function keySource<User extends UserLike>(options: VerifierOptions<User>, clock: Clock, acceptFor: number): ResolveKey {
  const { jwks = `${options.issuer}${defaultBasePath}${routePaths.jwks}` } = options
  if (typeof jwks === 'object' && 'verifier' in jwks) return (kid, alg) => jwks.verifier(kid, alg, clock(), acceptFor)
  return createRemoteJwks(jwks, {
    clock,
    ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
    allow: options[allowInsecureLoopback] === true ? [allowInsecureLoopback] : [],
  }).resolve
}

function readRevocations<User extends UserLike>(
  options: VerifierOptions<User>,
  { clock, clockTolerance, resolve }: Pick<RemoteFeedOptions, 'clock' | 'clockTolerance' | 'resolve'>,
) {
  const { revocations, onStale = 'refuse' } = options
  if (onStale !== 'refuse' && typeof onStale !== 'function')
    throw new TypeError("onStale is 'refuse' or a function that answers whether the session lives")
  if (revocations === undefined) {
    if (options.maxStaleness !== undefined || options.onStale !== undefined)
      throw new TypeError('maxStaleness and onStale belong to revocations: add them, or leave these out')
    return { changes: undefined, onStale }
  }
  const isUrl = typeof revocations !== 'object' || revocations instanceof URL
  const maxStaleness = parseDuration(options.maxStaleness ?? (isUrl ? '15s' : '5s'), 'maxStaleness')
  if (!isUrl) checkReadable(revocations, 'revocations')
  else if (maxStaleness < clockTolerance + leastRemoteStaleness)
    throw new RangeError(
      `maxStaleness cannot be met with a URL: write at least ${clockTolerance + leastRemoteStaleness} ms, or give a feed`,
    )
  const feed = isUrl
    ? createRemoteFeed(revocations, {
        issuer: options.issuer,
        resolve,
        clock,
        clockTolerance,
        fetch: options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
        insecure: options[allowInsecureLoopback] === true,
      })
    : revocations
  return { changes: openChanges(feed, { clock, maxStaleness }), onStale }
}

function reject(reason: Rejection): Rejected {
  return {
    ok: false,
    reason,
    effects: [{ type: 'challenge', reason }, ...varies],
  }
}

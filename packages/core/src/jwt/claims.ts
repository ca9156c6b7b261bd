/**
 * Owns the claims of an access token (RFC 9068 §2.2): their shape, their names, and the rules that a verifier judges by.
 * @module
 */

import type { Duration } from '../duration.ts'
import { parseDuration } from '../duration.ts'
import { AuthError } from '../errors.ts'
import type { Rejection } from '../rejection.ts'
import { utf8 } from '../secret.ts'
import type { Transport } from '../session.ts'
import { isJsonObject, type JsonObject } from './json.ts'

/** The media type of an access token (RFC 9068 §2.1), without the `application/` that may be left out. */
export const accessTokenType = 'at+jwt'

/** The claims of an access token. Times are NumericDates: whole seconds since the epoch. */
export interface AccessClaims {
  readonly iss: string
  /** The user's id. */
  readonly sub: string
  readonly aud: string | readonly string[]
  readonly client_id: string
  readonly iat: number
  readonly nbf: number
  readonly exp: number
  readonly jti: string
  /** The session's public id; a token without a store has none. */
  readonly sid?: string
  /** When the user last proved who they are. */
  readonly auth_time: number
  readonly acr?: string
  readonly amr?: readonly string[]
  /** Binds the token to a key (RFC 7800). A verifier that cannot check it refuses it. */
  readonly cnf?: JsonObject
  readonly hs: StampClaims
  /** The user as the schema describes it, apart from all registered names. `id` may be left out, as it is `sub`. */
  readonly user: JsonObject
  /** Custom claims on the top level. */
  readonly [custom: string]: unknown
}

/** What Handstamp itself keeps in a token. Times are milliseconds since the epoch. */
export interface StampClaims {
  readonly v: 1
  /** Generation of the refresh token beside it; it informs and never gates. */
  readonly g: number
  /** The user's epoch when it was signed. */
  readonly e: number
  /** The version of the record from which the user was read; 0 where absent. */
  readonly n?: number
  readonly t: Transport
  /** The factor still owed. */
  readonly p?: string
  /** When the session began; `auth_time` where absent. */
  readonly c?: number
  /** When the session ends if nothing more happens; `exp` where absent. */
  readonly x?: number
  /** 0: the cookie goes with the browser's own session. */
  readonly s?: 0
}

/**
 * Names that no custom claim on the top level may take: those with a meaning here, and those of RFC 7519 and OpenID
 * Connect that another reader of the token would act on.
 */
export const registeredClaims = [
  'iss',
  'sub',
  'aud',
  'exp',
  'nbf',
  'iat',
  'jti',
  'client_id',
  'sid',
  'auth_time',
  'acr',
  'amr',
  'cnf',
  'hs',
  'user',
  'azp',
  'nonce',
  'act',
  'may_act',
] as const

/** A name that no custom claim may take. */
export type RegisteredClaim = (typeof registeredClaims)[number]

/** What claims are judged against. Times are milliseconds. */
export interface ClaimsOptions {
  readonly issuer: string
  /** One of these must be among the token's. */
  readonly audience: string | readonly string[]
  readonly now: number
  /** How far the clocks of issuer and verifier may be apart. */
  readonly clockTolerance: number
  /** The longest time from `iat` to `exp` that is believed. */
  readonly maxLifetime: number
}

/** Why claims were refused. */
export type ClaimsRejection = Extract<
  Rejection,
  'malformed' | 'wrong_issuer' | 'wrong_audience' | 'binding' | 'not_yet_valid' | 'expired'
>

/** The verdict. Expired claims are given as well: everything else about them holds. */
export type ClaimsResult =
  | { readonly ok: true; readonly claims: AccessClaims }
  | { readonly ok: false; readonly reason: 'expired'; readonly claims: AccessClaims }
  | { readonly ok: false; readonly reason: Exclude<ClaimsRejection, 'expired'> }

/**
 * The longest clock tolerance, in milliseconds. RFC 9068 §4 and 7519 §4.1.4 leave a few minutes; more would make a revoked
 * or expired token's life a matter of taste.
 */
export const longestClockTolerance = 300_000

/**
 * Answers a clock tolerance in milliseconds.
 *
 * @throws TypeError or RangeError that names `option` where it is no duration, or longer than 5 minutes.
 *
 * @example
 * ```ts
 * parseClockTolerance('5s', 'clockTolerance') // 5000
 * ```
 */
export function parseClockTolerance(value: Duration, option: string): number {
  const milliseconds = parseDuration(value, option, 0)
  if (milliseconds <= longestClockTolerance) return milliseconds
  throw new RangeError(`${option} must be 5 minutes at most, such as '5s': set the clocks right instead`)
}

/**
 * Judges the claims of a token whose signature fits (RFC 9068 §4, RFC 8725 §3.8–3.9). Expiry comes last, so `expired`
 * means that everything else was in order. The token is good from `nbf` and `iat`, less the tolerance, to `exp`
 * exclusively, plus the tolerance.
 *
 * @example
 * ```ts
 * checkClaims(claims, { issuer, audience, now: Date.now(), clockTolerance: 5_000, maxLifetime: 900_000 })
 * ```
 */
export function checkClaims(claims: unknown, options: ClaimsOptions): ClaimsResult {
  return findMisshapen(claims) === undefined ? judgeClaims(claims as AccessClaims, options) : refuse('malformed')
}

/**
 * Judges claims that are known to have the right shape: all that {@link checkClaims} does beside, which is all that
 * depends on who asks and when.
 *
 * @example
 * ```ts
 * judgeClaims(claims, { issuer, audience, now: Date.now(), clockTolerance: 5_000, maxLifetime: 900_000 })
 * ```
 */
export function judgeClaims(claims: AccessClaims, options: ClaimsOptions): ClaimsResult {
  const { iss, aud, iat, nbf, exp, cnf } = claims
  if (iss !== options.issuer) return refuse('wrong_issuer')
  if (!sharesAudience(aud, options.audience)) return refuse('wrong_audience')
  // Two times in whole seconds can lie a second further apart than the milliseconds they were made from.
  // Each comparison is asked the way round in which a NaN refuses.
  if (!((exp - iat) * 1_000 <= options.maxLifetime + 1_000)) return refuse('malformed')
  if (cnf !== undefined) return refuse('binding')
  if (!(Math.max(nbf, iat) * 1_000 <= options.now + options.clockTolerance)) return refuse('not_yet_valid')
  if (!(exp * 1_000 > options.now - options.clockTolerance)) return { ok: false, reason: 'expired', claims }
  return { ok: true, claims }
}

/**
 * Checks names and values of custom claims before they go into a token.
 *
 * @throws AuthError `ERR_CLAIMS_INVALID` that names the claim: a registered name, which another reader would act on.
 *
 * @example
 * ```ts
 * checkCustomClaims({ role: 'admin' })
 * ```
 */
export function checkCustomClaims(custom: JsonObject): void {
  const taken = registeredClaims.find((name) => Object.hasOwn(custom, name))
  if (taken !== undefined) {
    throw new AuthError('ERR_CLAIMS_INVALID', `the custom claim ${taken} has a registered name: rename it`)
  }
}

/**
 * Answers the name of the first claim that is missing or misshapen, or undefined where the shape is that of
 * {@link AccessClaims}. It says nothing about issuer, audience and times.
 *
 * @example
 * ```ts
 * findMisshapen({ iss: 'https://app.example' }) // 'sub'
 * ```
 */
export function findMisshapen(claims: unknown): string | undefined {
  if (!isJsonObject(claims)) return 'claims'
  const { iss, sub, aud, client_id, iat, nbf, exp, jti, sid, auth_time, acr, amr, hs, user } = withoutInherited(claims)
  if (!isText(iss)) return 'iss'
  // No character takes more than three bytes in UTF-8, so short ones need no count.
  if (!isText(sub) || (sub.length > 85 && utf8(sub).length > 255)) return 'sub'
  if (!isText(aud) && !(isTexts(aud) && aud.length > 0)) return 'aud'
  if (!isText(client_id)) return 'client_id'
  if (!isWhole(iat)) return 'iat'
  if (!isWhole(nbf)) return 'nbf'
  if (!isWhole(exp)) return 'exp'
  if (!isText(jti)) return 'jti'
  if (sid !== undefined && !isText(sid)) return 'sid'
  if (!isWhole(auth_time)) return 'auth_time'
  if (acr !== undefined && !isText(acr)) return 'acr'
  if (amr !== undefined && !isTexts(amr)) return 'amr'
  if (!isStamp(hs)) return 'hs'
  if (!isJsonObject(user)) return 'user'
  return user.id === undefined || user.id === sub ? undefined : 'user.id'
}

const nothing: JsonObject = {}

/**
 * Answers the claims as they are where none of them could come from a prototype, else a copy of what is their own: what
 * somebody put on Object.prototype is nobody's claim. Asking for a name that is nowhere costs a thirtieth of `hasOwn`.
 */
function withoutInherited(claims: JsonObject): JsonObject {
  const { iss, sub, aud, client_id, iat, nbf, exp, jti, sid, auth_time, acr, amr, hs, user } = nothing
  const isBare =
    Object.getPrototypeOf(claims) === Object.prototype &&
    iss === undefined &&
    sub === undefined &&
    aud === undefined &&
    client_id === undefined &&
    iat === undefined &&
    nbf === undefined &&
    exp === undefined &&
    jti === undefined &&
    sid === undefined &&
    auth_time === undefined &&
    acr === undefined &&
    amr === undefined &&
    hs === undefined &&
    user === undefined
  return isBare ? claims : Object.assign(Object.create(null), claims)
}

function isStamp(value: unknown): boolean {
  if (!isJsonObject(value)) return false
  const { v, g, e, n, t, p, c, x, s } = value
  return (
    v === 1 &&
    isWhole(g) &&
    isWhole(e) &&
    (n === undefined || isWhole(n)) &&
    (t === 'cookie' || t === 'bearer' || t === 'split') &&
    (p === undefined || isText(p)) &&
    (c === undefined || isWhole(c)) &&
    (x === undefined || isWhole(x)) &&
    (s === undefined || s === 0)
  )
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText)
}

/** A NumericDate may have a fraction (RFC 7519 §2); ours never has, and a float invites rounding at a boundary. */
function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function sharesAudience(presented: string | readonly string[], accepted: string | readonly string[]): boolean {
  if (presented === accepted) return true
  const values = typeof presented === 'string' ? [presented] : presented
  return values.some((value) => (typeof accepted === 'string' ? value === accepted : accepted.includes(value)))
}

function refuse(reason: Exclude<ClaimsRejection, 'expired'>): ClaimsResult {
  return { ok: false, reason }
}

/**
 * Owns verifying an access token: format, type, key, signature, claims, in this order (RFC 9068 §4).
 * @module
 */

import type { Rejection } from '../rejection.ts'
import { type Algorithm, isAlgorithm } from './algorithm.ts'
import {
  type AccessClaims,
  accessTokenType,
  type ClaimsOptions,
  type ClaimsRejection,
  checkClaims,
  judgeClaims,
} from './claims.ts'
import { type CompactParts, longestToken, readPayload, splitCompact, vouchForHeader } from './decode.ts'
import { after, type Eventual } from './eventual.ts'
import type { VerificationKey } from './signature.ts'
import { tokenDigest, type VerifiedTokens } from './verified-tokens.ts'

/** Where keys come from: a key ring, a remote JWK set, a test. Undefined: there is no such key. */
export type ResolveKey = (kid: string, alg: Algorithm) => Eventual<VerificationKey | undefined>

/** What a token is judged against. */
export interface VerifyOptions extends ClaimsOptions {
  /** Asked with the two texts of the header that choose a key, once both are known to be well-formed. */
  readonly resolve: ResolveKey
  /** The type that the header must name, `at+jwt` unless set; with `application/` before it is the same. */
  readonly typ?: string
  /** Remembers good tokens, so that only their claims and their key are judged when they come again. */
  readonly seen?: VerifiedTokens
}

/** Why a token was refused. */
export type TokenRejection =
  | ClaimsRejection
  | Extract<Rejection, 'bad_signature' | 'unknown_key' | 'wrong_type' | 'unsupported_algorithm'>

/** The verdict. An expired token was signed by a known key and is right in everything else, so its claims can be used to find the session. */
export type TokenResult =
  | { readonly ok: true; readonly claims: AccessClaims }
  | { readonly ok: false; readonly reason: 'expired'; readonly claims: AccessClaims }
  | { readonly ok: false; readonly reason: Exclude<TokenRejection, 'expired'> }

/**
 * Judges an access token. No claim is read before the signature is known to fit, and a token is never the cause of a
 * throw: what `resolve` throws (`ERR_JWKS_UNAVAILABLE`, `ERR_KEY_UNAVAILABLE`) passes through, as it is no verdict.
 *
 * @throws TypeError where `resolve` answers something that is no key, such as a PEM.
 *
 * @example
 * ```ts
 * const result = await verifyAccessToken(token, {
 *   resolve: (kid, alg) => ring.verifier(kid, alg, now, acceptFor),
 *   issuer: 'https://app.example', audience: 'https://app.example', now, clockTolerance: 5_000, maxLifetime: 900_000,
 * })
 * ```
 */
export function verifyAccessToken(token: string, options: VerifyOptions): Eventual<TokenResult> {
  const { seen } = options
  if (seen === undefined || typeof token !== 'string' || token.length > longestToken) return verifyAnew(token, options)
  const digest = tokenDigest(token)
  const found = seen.find(digest)
  if (found === undefined || !isExpectedType(found.typ, options)) return verifyAnew(token, options, digest)
  return after(options.resolve(found.key.kid, found.key.alg), (key) => {
    if (key === found.key) return judgeClaims(found.claims, options)
    seen.forget(found.key)
    return verifyAnew(token, options, digest)
  })
}

function verifyAnew(token: string, options: VerifyOptions, digest?: string): Eventual<TokenResult> {
  const parts = splitCompact(token)
  if (parts === undefined) return refuse('malformed')
  const { alg, kid, typ } = parts.header
  if (!isAlgorithm(alg)) return refuse('unsupported_algorithm')
  if (!isExpectedType(typ, options)) return refuse('wrong_type')
  if (kid === undefined) return refuse('unknown_key')
  const key = options.resolve(kid, alg)
  // Said outright: a function made for each token is what `after` would cost where all is there at once.
  if (key instanceof Promise) return key.then((found) => judgeAnew(token, parts, found, options, digest))
  return judgeAnew(token, parts, key, options, digest)
}

function judgeAnew(
  token: string,
  parts: CompactParts,
  key: VerificationKey | undefined,
  options: VerifyOptions,
  digest: string | undefined,
): Eventual<TokenResult> {
  if (key === undefined) return refuse('unknown_key')
  if (typeof key?.verify !== 'function')
    throw new TypeError('resolve must answer a key that createVerificationKey made, or undefined')
  // The key's own algorithm decides, whatever the header or a careless resolve says (RFC 8725 §3.1).
  if (key.alg !== parts.header.alg) return refuse('unsupported_algorithm')
  const fits = key.verify(parts.signingInput, parts.signature)
  if (fits instanceof Promise) return fits.then((said) => judgeSigned(said, token, parts, key, options, digest))
  return judgeSigned(fits, token, parts, key, options, digest)
}

function judgeSigned(
  fits: boolean,
  token: string,
  parts: CompactParts,
  key: VerificationKey,
  options: VerifyOptions,
  digest: string | undefined,
): TokenResult {
  if (!fits) return refuse('bad_signature')
  vouchForHeader(parts)
  const result = checkClaims(readPayload(parts.payload), options)
  if (result.ok && digest !== undefined)
    options.seen?.keep(digest, token, { key, typ: parts.header.typ, claims: result.claims })
  return result
}

function isExpectedType(typ: string | undefined, options: VerifyOptions): boolean {
  const expected = options.typ ?? accessTokenType
  return typ === expected || typ === `application/${expected}`
}

function refuse(reason: Exclude<TokenRejection, 'expired'>): TokenResult {
  return { ok: false, reason }
}

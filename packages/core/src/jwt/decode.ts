/**
 * Owns taking a compact JWS apart, strictly, before anything of it is believed (RFC 7515 §7.1).
 * @module
 */

import { decodeBase64url, isBase64url } from '../base64url.ts'
import { type JsonObject, parseJsonObject } from './json.ts'

/** The header of a token. All of it is a claim of whoever sent it until the signature has been verified. */
export interface JoseHeader {
  readonly alg: string
  readonly kid?: string
  readonly typ?: string
}

/** A token in parts. The payload is text still: nothing in it is read before the signature has been verified. */
export interface CompactParts {
  readonly header: JoseHeader
  /** `header.payload` as they came, which is what was signed. */
  readonly signingInput: string
  /** Canonical base64url. */
  readonly payload: string
  /** Canonical base64url. */
  readonly signature: string
}

/** What a token says, with nobody vouching for it. */
export interface UnverifiedToken {
  readonly verified: false
  readonly header: JoseHeader
  readonly claims: JsonObject
}

/** 8 KiB, the most a token may be long: it has to fit into a header field. */
export const longestToken = 8_192

/** A header has no nested members that are read here; claims nest as deep as applications do. */
const headerDepth = 8

/** How deep the claims of a token may nest, the claims set itself included. */
export const claimsDepth = 16

/**
 * Header parameters that change what a signature means, bring a key along, or belong to encryption. Handstamp uses none
 * of them, and ignoring one is how peers were fooled (RFC 8725 §3.10, RFC 7797 §7, RFC 7516 §4.1).
 */
const refusedParameters = ['crit', 'b64', 'jwk', 'jku', 'x5u', 'x5c', 'zip', 'enc'] as const

/**
 * Answers the parts of a compact JWS, or undefined for anything that is not exactly one: over 8 KiB, not three
 * non-empty segments of canonical base64url, a header that is no unambiguous JSON object or carries a parameter that
 * changes the rules (`crit`, `jwk`, `zip`, `cty: "JWT"`, …), an `alg` that is no text, an unusable `kid`.
 *
 * @example
 * ```ts
 * const parts = splitCompact(token)
 * ```
 */
export function splitCompact(token: string): CompactParts | undefined {
  if (typeof token !== 'string' || token.length > longestToken) return undefined
  const first = token.indexOf('.')
  const second = token.indexOf('.', first + 1)
  if (first < 1 || second <= first + 1 || second === token.length - 1) return undefined
  const payload = token.slice(first + 1, second)
  const signature = token.slice(second + 1)
  // A third dot is outside the alphabet, so it fails here.
  if (!isBase64url(payload) || !isBase64url(signature)) return undefined
  const header = readHeader(token.slice(0, first))
  return header && { header, signingInput: token.slice(0, second), payload, signature }
}

/**
 * Answers the claims of a payload segment, or undefined where it holds no unambiguous JSON object.
 *
 * @example
 * ```ts
 * const claims = readPayload(parts.payload) // once the signature is known to fit
 * ```
 */
export function readPayload(payload: string): JsonObject | undefined {
  const bytes = decodeBase64url(payload)
  return bytes && parseJsonObject(bytes, claimsDepth)
}

/**
 * Answers what a token says without verifying it, for showing it to a person or for logging its `kid`. Nothing may be
 * decided by it. Undefined where it is no token.
 *
 * @example
 * ```ts
 * decodeUnverified(token)?.claims.exp
 * ```
 */
export function decodeUnverified(token: string): UnverifiedToken | undefined {
  const parts = splitCompact(token)
  const claims = parts && readPayload(parts.payload)
  return parts && claims && { verified: false, header: parts.header, claims }
}

/** Answers whether a value may be a `kid`: 1–256 characters, well-formed, none of them a control. */
export function isKid(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 256 && !/[\p{Cc}\p{Surrogate}]/u.test(value)
}

function readHeader(segment: string): JoseHeader | undefined {
  const bytes = decodeBase64url(segment)
  const header = bytes && parseJsonObject(bytes, headerDepth)
  if (header === undefined || refusedParameters.some((name) => Object.hasOwn(header, name))) return undefined
  const { alg, kid, typ, cty } = header
  if (typeof alg !== 'string' || (kid !== undefined && !isKid(kid))) return undefined
  if ((typ !== undefined && typeof typ !== 'string') || (cty !== undefined && !isPlainContent(cty))) return undefined
  return { alg, ...(kid === undefined ? {} : { kid }), ...(typ === undefined ? {} : { typ }) }
}

/** A token inside a token is never opened (RFC 7519 §5.2). */
function isPlainContent(cty: unknown): boolean {
  return typeof cty === 'string' && !/^(?:application\/)?(?:.+\+)?jwt$/i.test(cty)
}

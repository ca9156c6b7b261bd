/**
 * Owns taking a compact JWS apart, strictly, before anything of it is believed (RFC 7515 §7.1).
 * @module
 */

import { encodeBase64url, viewBase64url } from '../base64url.ts'
import { type JsonObject, parseJsonObject, parseJsonText } from './json.ts'
import { type JsonText, readJsonText } from './json-text.ts'

/** The header of a token. All of it is a claim of whoever sent it until the signature has been verified. */
export interface JoseHeader {
  readonly alg: string
  readonly kid?: string
  readonly typ?: string
}

/** A token in parts. The payload is closed still: nothing in it is read before the signature has been verified. */
export interface CompactParts {
  readonly header: JoseHeader
  /** `header.payload` as they came, which is what was signed. */
  readonly signingInput: string
  /** Decoded, and not read. */
  readonly payload: JsonText
  readonly signature: Uint8Array
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
 * Answers the parts of a compact JWS, or undefined for anything that is not exactly one: over 8 KiB (or `longest`), not three
 * non-empty segments of canonical base64url, a header that is no unambiguous JSON object or carries a parameter that
 * changes the rules (`crit`, `jwk`, `zip`, `cty: "JWT"`, …), an `alg` that is no text, an unusable `kid`.
 *
 * @example
 * ```ts
 * const parts = splitCompact(token)
 * ```
 */
export function splitCompact(token: string, longest: number = longestToken): CompactParts | undefined {
  if (typeof token !== 'string' || token.length > longest) return undefined
  const vouched = findVouched(token)
  const first = vouched === undefined ? token.indexOf('.') : vouched.text.length - 1
  const second = token.indexOf('.', first + 1)
  if (first < 1 || second <= first + 1 || second === token.length - 1) return undefined
  const payload = readJsonText(token.slice(first + 1, second))
  // A third dot is outside the alphabet, so it fails here.
  const signature = payload && viewBase64url(token.slice(second + 1))
  if (payload === undefined || signature === undefined) return undefined
  const header = vouched === undefined ? readHeader(token.slice(0, first)) : vouched.header
  return header && { header, signingInput: token.slice(0, second), payload, signature }
}

/** A header by its exact text, the dot behind it included, so that no text is the beginning of another one. */
interface VouchedHeader {
  readonly text: string
  readonly header: JoseHeader
}

/**
 * One key writes one header, and reading it anew for each token is a tenth of an RS256 verification; comparing its text
 * is a hundredth, a tenth of looking it up in a Map. Newest first; a ring and a remote set seldom have more keys in use.
 */
const vouchedHeaders: VouchedHeader[] = []
const mostHeaders = 16
const longestHeader = 512

function findVouched(token: string): VouchedHeader | undefined {
  // A third less than what `startsWith` costs, which compares one character after the other.
  for (const vouched of vouchedHeaders) if (token.slice(0, vouched.text.length) === vouched.text) return vouched
  return undefined
}

/**
 * Keeps the header of a token whose signature fitted a key of ours, to recognise it by its text. Nobody else's header is
 * kept, so whoever has no key can neither fill this memory nor push others out of it.
 *
 * @example
 * ```ts
 * if (isGenuine) vouchForHeader(parts)
 * ```
 */
export function vouchForHeader({ header, signingInput }: CompactParts): void {
  for (const vouched of vouchedHeaders) if (vouched.header === header) return
  const dot = signingInput.indexOf('.')
  const bytes = dot < longestHeader ? viewBase64url(signingInput.slice(0, dot)) : undefined
  if (bytes === undefined) return
  // A slice would keep the whole token in memory, so the text is written anew.
  vouchedHeaders.unshift({ text: `${encodeBase64url(bytes)}.`, header: Object.freeze(header) })
  if (vouchedHeaders.length > mostHeaders) vouchedHeaders.length = mostHeaders
}

/**
 * Answers the claims of a payload, or undefined where it holds no unambiguous JSON object.
 *
 * @example
 * ```ts
 * const claims = readPayload(parts.payload) // once the signature is known to fit
 * ```
 */
export function readPayload(payload: JsonText): JsonObject | undefined {
  return parseJsonText(payload, claimsDepth)
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
  const bytes = viewBase64url(segment)
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

/**
 * Credentials as text: their recognisable prefixes, strict parsing and formatting (protocol: Secrets and names).
 * @module
 */
import { decodeBase64url, encodeBase64url, isBase64url } from './base64url.ts'
import { concatBytes, sessionDigest } from './secret.ts'

const handleLength = 16
const sessionPrefix = 'hss1.'
const refreshPrefix = 'hsr1.'
const sessionLength = sessionPrefix.length + handleLength + 1 + 43
const refreshLength = refreshPrefix.length + handleLength + 1 + 91

/** Which verifier a credential's shape picks; there is no trial and error. */
export type CredentialShape = 'session' | 'refresh' | 'token'

/**
 * Answers by the prefix, as prefixes are ours; everything else can only be a signed token.
 *
 * @example
 * ```ts
 * credentialShape('hsr1.…') // 'refresh'
 * ```
 */
export function credentialShape(text: string): CredentialShape {
  if (text.startsWith(sessionPrefix)) return 'session'
  return text.startsWith(refreshPrefix) ? 'refresh' : 'token'
}

/** A session id, `<handle>.<digest>`: the store's key and the `sid` claim. */
export function isSessionId(text: string): boolean {
  return (
    text.length === handleLength + 1 + 43 &&
    text[handleLength] === '.' &&
    isBase64url(text.slice(0, handleLength)) &&
    isBase64url(text.slice(handleLength + 1))
  )
}

/** The user's handle inside a session id. */
export function handleOf(sessionId: string): string {
  return sessionId.slice(0, handleLength)
}

/** The public id of the session that a 32-byte secret opens. */
export function sessionIdOf(handle: string, secret: Uint8Array): string {
  return `${handle}.${sessionDigest(secret)}`
}

/** `hss1.<handle>.<secret>`, 65 characters. */
export function formatSessionCredential(handle: string, secret: Uint8Array): string {
  return `${sessionPrefix}${handle}.${encodeBase64url(secret)}`
}

/** The id that a session credential opens, or undefined if the text cannot be one; nothing is hashed before its format fits. */
export function parseSessionCredential(text: string): { readonly id: string } | undefined {
  const parts = splitParts(text, sessionPrefix, sessionLength)
  return parts && { id: sessionIdOf(parts.handle, parts.bytes) }
}

/** A refresh token's parts: the family's secret, the generation and that generation's own secret. */
export interface RefreshCredential {
  readonly id: string
  readonly handle: string
  readonly family: Uint8Array
  readonly generation: number
  readonly secret: Uint8Array
}

/** `hsr1.<handle>.base64url(F[32] ‖ u32be(g) ‖ S[32])`, 113 characters. */
export function formatRefreshCredential(token: Omit<RefreshCredential, 'id'>): string {
  const body = concatBytes(token.family, uint32(token.generation), token.secret)
  return `${refreshPrefix}${token.handle}.${encodeBase64url(body)}`
}

/** The parts of a refresh token, or undefined if the text cannot be one. */
export function parseRefreshCredential(text: string): RefreshCredential | undefined {
  const parts = splitParts(text, refreshPrefix, refreshLength)
  if (!parts) return undefined
  const { handle, bytes } = parts
  const family = bytes.subarray(0, 32)
  return {
    id: sessionIdOf(handle, family),
    handle,
    family,
    generation: new DataView(bytes.buffer, bytes.byteOffset).getUint32(32),
    secret: bytes.subarray(36),
  }
}

/** True for what {@link parseRefreshCredential} has parts of; nothing is hashed to tell. */
export function isRefreshCredential(text: string): boolean {
  return splitParts(text, refreshPrefix, refreshLength) !== undefined
}

/** A generation as four bytes, most significant first. */
export function uint32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
}

function splitParts(
  text: string,
  prefix: string,
  length: number,
): { readonly handle: string; readonly bytes: Uint8Array } | undefined {
  if (text.length !== length || !text.startsWith(prefix)) return undefined
  const dot = prefix.length + handleLength
  const handle = text.slice(prefix.length, dot)
  if (text[dot] !== '.' || !isBase64url(handle)) return undefined
  const bytes = decodeBase64url(text.slice(dot + 1))
  return bytes && { handle, bytes }
}

/**
 * Credentials as text: their recognisable prefixes, strict parsing and formatting.
 * @module
 */
import { decodeBase64urlInto, encodeBase64url, isBase64url } from './base64url.ts'
import { concatBytes, digestOfText, sessionDigest, sessionTexts } from './secret.ts'

const handleLength = 16
const sessionPrefix = 'hss1.'
const refreshPrefix = 'hsr1.'
/** Prefixes are of one length, so what follows the second dot begins at one place. */
const secretAt = sessionPrefix.length + handleLength + 1
const sessionLength = secretAt + 43
const refreshLength = secretAt + 91

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
    isBase64url(text, 0, handleLength) &&
    isBase64url(text, handleLength + 1)
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

/** A session credential and the id that it opens, of one 32-byte secret. */
export interface SessionCredential {
  readonly id: string
  readonly text: string
}

/** Both texts of a new session at once, for less than {@link formatSessionCredential} and {@link sessionIdOf} take. */
export function sessionCredential(handle: string, secret: Uint8Array): SessionCredential {
  const { text, digest } = sessionTexts(secret)
  const named = `${handle}.`
  return { id: named + digest, text: sessionPrefix + named + text }
}

/** The id that a session credential opens, or undefined if the text cannot be one; nothing is hashed before its format fits. */
export function parseSessionCredential(text: string): { readonly id: string } | undefined {
  if (!isFramed(text, sessionPrefix, sessionLength)) return undefined
  const digest = digestOfText(text, secretAt)
  return digest === undefined ? undefined : { id: text.slice(sessionPrefix.length, secretAt) + digest }
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
  if (!isFramed(text, refreshPrefix, refreshLength)) return undefined
  const bytes = new Uint8Array(68)
  if (!decodeBase64urlInto(text, secretAt, bytes)) return undefined
  const handle = text.slice(refreshPrefix.length, secretAt - 1)
  const family = bytes.subarray(0, 32)
  return {
    id: sessionIdOf(handle, family),
    handle,
    family,
    generation: new DataView(bytes.buffer).getUint32(32),
    secret: bytes.subarray(36),
  }
}

/** True for what {@link parseRefreshCredential} has parts of; nothing is decoded or hashed to tell. */
export function isRefreshCredential(text: string): boolean {
  return isFramed(text, refreshPrefix, refreshLength) && isBase64url(text, secretAt)
}

/** A generation as four bytes, most significant first. */
export function uint32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
}

/** All but the secret: length, prefix, handle and dot. */
function isFramed(text: string, prefix: string, length: number): boolean {
  return (
    text.length === length &&
    text.startsWith(prefix) &&
    text[secretAt - 1] === '.' &&
    isBase64url(text, prefix.length, secretAt - 1)
  )
}

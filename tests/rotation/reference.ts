/**
 * The rotation protocol once more, as short as it can be said and by `node:crypto` alone: what the real one is held against.
 * @module
 */
import { createHash, createHmac, hkdfSync } from 'node:crypto'

/** A refresh token in parts: `hsr1.<handle>.base64url(F[32] ‖ u32be(g) ‖ S[32])`. */
export interface Token {
  readonly handle: string
  readonly family: Buffer
  readonly g: number
  readonly secret: Buffer
}

/** What the protocol reads of a record. */
export interface Kept {
  readonly expiresAt: number
  readonly idleUntil: number
  readonly transport: string
  readonly rotation?: {
    readonly g: number
    readonly cur: string
    readonly prev: string | null
    readonly salt: string
    readonly kid: string
    readonly rotatedAt: number
  }
}

export type Verdict = 'unknown' | 'expired' | 'young' | 'rotate' | 'replay' | 'reuse' | 'ahead'

const domain = Buffer.from('handstamp/refresh/1\0')

export function readToken(text: string): Token {
  const [, handle = '', body = ''] = text.split('.')
  const bytes = Buffer.from(body, 'base64url')
  return { handle, family: bytes.subarray(0, 32), g: bytes.readUInt32BE(32), secret: bytes.subarray(36) }
}

export function writeToken({ handle, family, g, secret }: Token): string {
  return `hsr1.${handle}.${Buffer.concat([family, u32(g), secret]).toString('base64url')}`
}

/** The session that a family secret opens. */
export function idOf({ handle, family }: Pick<Token, 'handle' | 'family'>): string {
  return `${handle}.${createHash('sha256').update('handstamp/session/1\0').update(family).digest('base64url')}`
}

export function hashOf({ family, g, secret }: Token): string {
  return createHash('sha256').update(domain).update(family).update(u32(g)).update(secret).digest('base64url')
}

export function keyOf(secret: string): { readonly kid: string; readonly key: Buffer } {
  const derive = (info: string, length: number): Buffer => Buffer.from(hkdfSync('sha256', secret, '', info, length))
  return {
    kid: derive('handstamp/rotate/kid/1', 8).toString('base64url'),
    key: derive('handstamp/rotate/1', 32),
  }
}

/** The token after this one, by the key and salt on record. */
export function successorOf(token: Token, key: Buffer, salt: string): Token {
  const { family, g, secret } = token
  const made = createHmac('sha256', key)
    .update(domain)
    .update(family)
    .update(u32(g + 1))
    .update(Buffer.from(salt, 'base64url'))
    .update(secret)
  return { ...token, g: g + 1, secret: made.digest() }
}

/** What becomes of a genuine or forged token, given what the store holds at `now`. */
export function verdictOf(record: Kept | undefined, token: Token, now: number, forgiven: number): Verdict {
  const live = record?.rotation
  if (record === undefined || live === undefined) return 'unknown'
  if (now >= Math.min(record.expiresAt, record.idleUntil)) return 'expired'
  const age = Math.max(0, now - live.rotatedAt)
  if (token.g === live.g) {
    if (hashOf(token) !== live.cur) return 'unknown'
    return live.g > 0 && age <= forgiven ? 'young' : 'rotate'
  }
  if (token.g === live.g - 1) {
    if (hashOf(token) !== live.prev) return 'unknown'
    return age <= forgiven ? 'replay' : 'reuse'
  }
  return token.g < live.g ? 'reuse' : 'ahead'
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

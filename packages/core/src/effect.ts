/**
 * What must go back to the client, as data: results carry effects, one file of the server turns them into headers.
 * @module
 */
import type { Rejection } from './rejection.ts'

/** `value` holds a credential, so it is not enumerable: inspecting or serialising an effect does not show it. */
export interface SetCookieEffect {
  readonly type: 'set-cookie'
  readonly name: string
  readonly value: string
  /** Seconds; absent: the cookie goes with the browser's own session. */
  readonly maxAge?: number
}

/** Removes a cookie, with the same attributes that set it. */
export interface ClearCookieEffect {
  readonly type: 'clear-cookie'
  readonly name: string
}

/** Tells the client why, in `WWW-Authenticate` (RFC 6750 §3). */
export interface ChallengeEffect {
  readonly type: 'challenge'
  readonly reason: Rejection
  readonly refreshable?: boolean
  /** Seconds that a proof may be old, for `stale_auth` (RFC 9470 §3). */
  readonly maxAge?: number
}

/** A plain header; `Vary` is merged, others are set. */
export interface HeaderEffect {
  readonly type: 'header'
  readonly name: 'Vary' | 'Cache-Control'
  readonly value: string
}

export type Effect = SetCookieEffect | ClearCookieEffect | ChallengeEffect | HeaderEffect

/** A `set-cookie` effect whose value shows neither in `util.inspect` nor in JSON. */
export function setCookie(name: string, value: string, maxAge: number | undefined): SetCookieEffect {
  const effect = { type: 'set-cookie' as const, name, ...(maxAge === undefined ? {} : { maxAge }) }
  return Object.defineProperty(effect, 'value', { value, enumerable: false }) as SetCookieEffect
}

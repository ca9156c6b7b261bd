/**
 * Signing out: the session that the request presents ends, and the browser forgets it.
 * @module
 */
import type { Effect } from '@handstamp/core/effect'
import type { UserLike } from '@handstamp/core/schema'
import { clearCookies } from './grants.ts'
import type { Settings } from './options.ts'
import { readCredential } from './read-credential.ts'
import type { RequestFace } from './request-face.ts'

/**
 * `revoked: false`: a signed token that nothing can call back stays good until `validUntil` (milliseconds since the epoch).
 * Without `validUntil`, what was presented does not tell which session is meant, and nothing has changed.
 */
export interface SignedOut {
  readonly ok: true
  readonly revoked: boolean
  readonly validUntil?: number
  readonly effects: readonly Effect[]
}

/** True unless a bearer token comes alone: then no cookie is read, and none is cleared. */
export function touchesCookies<User extends UserLike>(request: RequestFace, settings: Settings<User>): boolean {
  const { access, refresh } = readCredential(request, settings)
  return settings.cookies !== undefined && (access?.via !== 'authorization' || refresh !== undefined)
}

/** What is unknown or expired is signed out already. A store that cannot answer throws, and the cookie stays. */
export async function endSession<User extends UserLike>(
  request: RequestFace,
  settings: Settings<User>,
): Promise<SignedOut> {
  const presented = readCredential(request, settings)
  if (presented.fault !== undefined) return { ok: true, revoked: false, effects: settings.caching.varies }
  const held = presented.access !== undefined || presented.refresh !== undefined
  const ended = held ? await settings.strategy.revoke(presented, settings.clock()) : { revoked: true }
  if (ended.revoked && ended.standing)
    settings.emit({ type: 'session.ended', sessionId: ended.standing.id, userId: ended.standing.userId })
  return {
    ok: true,
    revoked: ended.revoked,
    ...(ended.validUntil === undefined ? {} : { validUntil: ended.validUntil }),
    effects: [...(touchesCookies(request, settings) ? clearCookies(settings) : []), ...settings.caching.varies],
  }
}

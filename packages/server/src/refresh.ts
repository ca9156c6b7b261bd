/**
 * Refreshing: the live credential for a presented one, by the strategy's rules; reading a page never comes here.
 * @module
 */
import type { Granted, Rejected } from '@handstamp/core/auth-result'
import type { Rejection } from '@handstamp/core/rejection'
import type { UserLike } from '@handstamp/core/schema'
import { clockBehind } from './access-tokens.ts'
import { admission } from './admission.ts'
import { reject } from './authenticate.ts'
import { checkSize, clearCookies, deliver } from './grants.ts'
import type { Settings } from './options.ts'
import { originVerdict } from './origin-check.ts'
import { type Presented, readCredential } from './read-credential.ts'
import type { RequestFace } from './request-face.ts'
import type { Grant } from './strategies/strategy.ts'

/**
 * `bodyToken` is the refresh token of a bearer client; where it is given, only it is judged. A refusal clears the
 * cookies, except where the request may be another page's doing: that page must not be able to sign anybody out.
 */
export async function refreshSession<User extends UserLike>(
  request: RequestFace,
  bodyToken: string | undefined,
  settings: Settings<User>,
): Promise<Granted<User> | Rejected> {
  const presented: Presented =
    bodyToken === undefined ? readCredential(request, settings) : { refresh: { text: bodyToken, via: 'body' } }
  const { fault } = presented
  if (fault === 'malformed_request') return refused(fault, false, settings)
  const credential = settings.refreshes ? presented.refresh : presented.access
  // Judged by the credential that would be used, whatever else is presented beside it.
  const byCookie = fault === 'ambiguous' || credential?.via === 'cookie'
  const verdict = byCookie ? originVerdict(request, settings.trusted) : 'allow'
  if (verdict === 'refuse') return refused('cross_site', false, settings)
  if (verdict === 'quiet') return refused('expired', false, settings, true)
  // Not cleared: what another planted would be all that is left.
  if (fault !== undefined) return refused(fault, false, settings)

  if (credential === undefined) return refused('absent', false, settings)
  const now = settings.clock()
  const admit = admission(request, 'refresh', settings.rules)
  const judge = (one: Grant<User>): void => checkSize(one, settings)
  const grant = await settings.strategy.refresh(presented, now, admit, judge)
  if ('ok' in grant) {
    if (grant.reason === 'not_yet_valid') throw clockBehind()
    return refused(grant.reason, byCookie, settings)
  }
  return deliver(grant, now, settings)
}

function refused<User extends UserLike>(
  reason: Rejection,
  clear: boolean,
  settings: Settings<User>,
  refreshable = false,
): Rejected {
  settings.emit({ type: 'session.refused', reason })
  const rejected = reject(settings, reason, { refreshable })
  return clear ? { ...rejected, effects: [...clearCookies(settings), ...rejected.effects] } : rejected
}

/**
 * Refreshing: the live credential for a presented one, by the strategy's rules; reading a page never comes here.
 * @module
 */
import type { Granted, Rejected } from '@handstamp/core/auth-result'
import type { Rejection } from '@handstamp/core/rejection'
import type { UserLike } from '@handstamp/core/schema'
import { admission } from './admission.ts'
import { varies } from './authenticate.ts'
import { clearCookies, deliver } from './grants.ts'
import type { Settings } from './options.ts'
import { originVerdict } from './origin-check.ts'
import { presentedByCookie, readCredential } from './read-credential.ts'
import type { RequestFace } from './request-face.ts'
import type { Held } from './strategies/strategy.ts'

/**
 * `bodyToken` is the refresh token of a bearer client; where it is given, only it is judged. A refusal clears the
 * cookies, except where the request may be another page's doing: that page must not be able to sign anybody out.
 */
export async function refreshSession<User extends UserLike>(
  request: RequestFace,
  bodyToken: string | undefined,
  settings: Settings<User>,
): Promise<Granted<User> | Rejected> {
  const presented = bodyToken === undefined ? readCredential(request, settings) : {}
  if ('fault' in presented && presented.fault === 'malformed_request')
    return refused('malformed_request', false, settings)
  const byCookie = presentedByCookie(presented)
  const verdict = byCookie ? originVerdict(request, settings.trusted) : 'allow'
  if (verdict === 'refuse') return refused('cross_site', false, settings)
  if (verdict === 'quiet') return { ...refused('expired', false, settings), refreshable: true }
  if ('fault' in presented && presented.fault !== undefined) return refused(presented.fault, byCookie, settings)

  const held: Held = bodyToken === undefined ? presented : { refresh: { text: bodyToken, via: 'body' } }
  const credential = settings.refreshes ? held.refresh : held.access
  if (credential === undefined) return refused('absent', false, settings)
  const now = settings.clock()
  const grant = await settings.strategy.refresh(held, now, admission(request, 'refresh', settings.rules))
  if ('ok' in grant) return refused(grant.reason, credential.via === 'cookie', settings)
  return deliver(grant, now, settings)
}

function refused<User extends UserLike>(reason: Rejection, clear: boolean, settings: Settings<User>): Rejected {
  settings.emit({ type: 'session.refused', reason })
  return {
    ok: false,
    reason,
    effects: [...(clear ? clearCookies(settings) : []), ...varies(settings)],
    refreshable: false,
  }
}

/**
 * ★ Who is this? The way of every request: credential → strategy → admission → session, with effects as data.
 * @module
 */
import type { AuthResult, Rejected } from '@handstamp/core/auth-result'
import { type Duration, parseDuration } from '@handstamp/core/duration'
import { after, type Eventual } from '@handstamp/core/jwt/eventual'
import type { Rejection } from '@handstamp/core/rejection'
import type { UserLike } from '@handstamp/core/schema'
import { admit } from './admission.ts'
import type { Settings } from './options.ts'
import { originVerdict } from './origin-check.ts'
import { type Presented, presentedByCookie, readCredential } from './read-credential.ts'
import type { RequestFace } from './request-face.ts'
import type { Proof } from './strategies/strategy.ts'

export interface AuthenticateOptions {
  /** Nothing may be written: no touch. */
  readonly readOnly?: boolean
  /** How long ago the user may have proven who they are; no refresh makes it younger. */
  readonly fresh?: Duration
  /** Accepts a session that still owes a factor, for the route that takes it; `session.pending` names it. */
  readonly allowPending?: boolean
}

/** A store that cannot answer throws AuthError: that is neither yes nor no. */
export async function authenticate<User extends UserLike>(
  request: RequestFace,
  settings: Settings<User>,
  options: AuthenticateOptions = {},
): Promise<AuthResult<User>> {
  const judged = prove(request, settings, options)
  // Each wait costs as much as a step of the way, so there is none where the answer is there already.
  const proof = judged instanceof Promise ? await judged : judged
  return proof.ok ? { ok: true, session: proof.session, effects: settings.caching.answered } : proof
}

/**
 * The proof behind the answer, which also says when a refresh is due. Order of checks: origin → format → signature or
 * lookup → expiry → epoch and revocation → transport → binding → pending → fresh.
 */
export function prove<User extends UserLike>(
  request: RequestFace,
  settings: Settings<User>,
  options: AuthenticateOptions,
): Eventual<Proof<User> | Rejected> {
  // An undefined that was computed must not turn the question off.
  const fresh = 'fresh' in options ? parseDuration(options.fresh as Duration, 'authenticate({ fresh })') : undefined
  const presented = readCredential(request, settings)
  if (presented.fault === undefined && !presented.access && !presented.refresh)
    return reject(settings, 'absent', { crossSiteNavigation: isCrossSiteNavigation(request) })

  const verdict = presentedByCookie(presented) ? originVerdict(request, settings.trusted) : 'allow'
  if (verdict === 'refuse') return reject(settings, 'cross_site', {})
  if (presented.fault !== undefined) return reject(settings, presented.fault, {})

  const now = settings.clock()
  // Who must have proven themselves of late is asked of the store itself.
  return after(settings.strategy.authenticate(presented, now, fresh === undefined), (proof) => {
    if (!proof.ok) return reject(settings, proof.reason, proof)

    const refusal = settle(request, presented, proof, now, settings, fresh, options.allowPending === true)
    if (refusal !== undefined)
      return reject(
        settings,
        refusal,
        refusal === 'stale_auth' && fresh !== undefined ? { maxAge: Math.floor(fresh / 1000) } : {},
      )

    if (options.readOnly !== true && verdict === 'allow') proof.touch?.()
    return proof
  })
}

function settle<User extends UserLike>(
  request: RequestFace,
  presented: Presented,
  proof: Proof<User>,
  now: number,
  settings: Settings<User>,
  fresh: number | undefined,
  allowPending: boolean,
): Rejection | undefined {
  const via = presented.access?.via
  if (via === undefined) return 'absent'
  const refusal = admit(request, 'access', settings.rules, proof.standing, via)
  if (refusal !== undefined) return refusal
  if (proof.session.pending !== undefined && !allowPending) return 'pending'
  if (fresh !== undefined && now - proof.session.authTime > fresh) return 'stale_auth'
  return undefined
}

/** A refusal with its challenge; nothing is cleared, since a read may be answered after a newer cookie was set. */
export function reject<User extends UserLike>(
  settings: Settings<User>,
  reason: Rejection,
  facts: { readonly refreshable?: boolean; readonly crossSiteNavigation?: boolean; readonly maxAge?: number },
): Rejected {
  const refreshable = facts.refreshable === undefined ? {} : { refreshable: facts.refreshable }
  const maxAge = facts.maxAge === undefined ? {} : { maxAge: facts.maxAge }
  return {
    ok: false,
    reason,
    effects: [{ type: 'challenge', reason, ...refreshable, ...maxAge }, ...settings.caching.varies],
    ...refreshable,
    ...(facts.crossSiteNavigation === true ? { crossSiteNavigation: true } : {}),
  }
}

/** The first page opened from elsewhere comes without a SameSite=Strict cookie; `auth.bounce` brings it along. */
function isCrossSiteNavigation(request: RequestFace): boolean {
  const { headers } = request
  return (
    request.method === 'GET' &&
    headers.get('sec-fetch-site') === 'cross-site' &&
    headers.get('sec-fetch-mode') === 'navigate' &&
    headers.get('sec-fetch-dest') === 'document'
  )
}

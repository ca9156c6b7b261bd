/**
 * From a grant to what the client receives: cookies as effects, tokens in the body, by transport.
 * @module
 */
import { type GrantBody, type Granted, granted } from '@handstamp/core/auth-result'
import { cookieSize } from '@handstamp/core/cookie/serialize'
import { type Effect, setCookie } from '@handstamp/core/effect'
import { AuthError } from '@handstamp/core/errors'
import type { UserLike } from '@handstamp/core/schema'
import type { Settings } from './options.ts'
import type { Grant } from './strategies/strategy.ts'

/** Bytes of name and value that leave room in the 4,096 which a browser keeps. */
const cookieBudget = 3_800
/** Bytes of an `Authorization` header that servers in front are sure to take. */
const bearerBudget = 7_168

/** The answer to a sign-in, a renewal or a refresh. Only the transport fixed at sign-in decides what goes where. */
export function deliver<User extends UserLike>(
  grant: Grant<User>,
  now: number,
  settings: Settings<User>,
): Granted<User> {
  const { cookies } = settings
  const { session, transport, access, refresh, expiresIn, refreshable } = grant
  const effects: Effect[] = []
  const body: GrantBody<User> = { session, expires_in: expiresIn, refreshable }
  const maxAge = grant.persistent ? Math.max(1, Math.floor((grant.cookieUntil - now) / 1000)) : undefined
  if (transport === 'cookie' && cookies) effects.push(setCookie(cookies.access.name, access, maxAge))
  else Object.assign(body, { access_token: access, token_type: 'Bearer' })
  if (refresh !== undefined && transport !== 'bearer' && cookies)
    effects.push(setCookie(cookies.refresh.name, refresh, maxAge))
  else if (refresh !== undefined) body.refresh_token = refresh
  return granted(body, [...effects, ...settings.caching.answered])
}

/** Removes what a browser holds of ours. */
export function clearCookies<User extends UserLike>({
  cookies,
  refreshes,
  transports,
}: Settings<User>): readonly Effect[] {
  if (!cookies) return []
  return [
    ...(transports.includes('cookie') ? [{ type: 'clear-cookie' as const, name: cookies.access.name }] : []),
    ...(refreshes ? [{ type: 'clear-cookie' as const, name: cookies.refresh.name }] : []),
  ]
}

/**
 * Judged before anything is written: a browser drops a cookie that is too large and tells nobody.
 *
 * @throws AuthError `ERR_CREDENTIAL_TOO_LARGE` that names the largest field of the user.
 */
export function checkSize<User extends UserLike>(grant: Grant<User>, settings: Settings<User>): void {
  const inCookie = grant.transport === 'cookie' && settings.cookies
  const size = inCookie ? cookieSize(settings.cookies?.access.name ?? '', grant.access) : grant.access.length
  const budget = inCookie ? cookieBudget : bearerBudget
  if (size <= budget) return
  const fields = Object.entries(grant.session.user).map(([name, value]) => ({
    name,
    size: JSON.stringify(value)?.length ?? 0,
  }))
  const largest = fields.sort((a, b) => b.size - a.size)[0]
  throw new AuthError(
    'ERR_CREDENTIAL_TOO_LARGE',
    `the credential takes ${size} bytes and ${budget} are kept: the user's field "${largest?.name ?? 'id'}" takes most; keep it out of the schema or use session()`,
  )
}

/**
 * The answer to "who is this?": a session, or the reason why not; and what a sign-in or refresh grants.
 * @module
 */
import type { Effect } from './effect.ts'
import type { Rejection } from './rejection.ts'
import type { Session } from './session.ts'

export interface Authenticated<User> {
  readonly ok: true
  readonly session: Session<User>
  readonly effects: readonly Effect[]
}

export interface Rejected {
  readonly ok: false
  readonly reason: Rejection
  readonly effects: readonly Effect[]
  /** True: a refresh is likely to help; false: it cannot; absent: not known here. */
  readonly refreshable?: boolean
  /** The page was opened from another site, and a SameSite=Strict cookie stayed behind: `auth.bounce` brings it along. */
  readonly crossSiteNavigation?: boolean
}

export type AuthResult<User> = Authenticated<User> | Rejected

/** The body of a sign-in and of a refresh; names of RFC 6749 §5.1, `expires_in` in seconds until a refresh is due (null: never). */
export interface GrantBody<User> {
  session: Session<User>
  expires_in: number | null
  refreshable: boolean
  access_token?: string
  token_type?: 'Bearer'
  refresh_token?: string
}

/** A session that was just granted. `body` may hold credentials and is not enumerable, so that no log shows it by accident. */
export interface Granted<User> extends Authenticated<User> {
  readonly body: GrantBody<User>
}

/** A grant whose body shows neither in `util.inspect` nor in JSON of the whole. */
export function granted<User>(body: GrantBody<User>, effects: readonly Effect[]): Granted<User> {
  const result = { ok: true as const, session: body.session, effects }
  return Object.defineProperty(result, 'body', { value: body, enumerable: false }) as Granted<User>
}

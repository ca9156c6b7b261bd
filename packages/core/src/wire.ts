/**
 * The wire: paths, header names and JSON bodies that server, client and any other client agree on.
 * @module
 */
import type { GrantBody } from './auth-result.ts'
import type { ProblemCode } from './rejection.ts'
import type { Session, SessionListing } from './session.ts'

/** Where the routes are mounted unless `basePath` says otherwise. */
export const defaultBasePath = '/auth'

/** Paths under the base path; one session is `sessions/:id`. */
export const routePaths = {
  signIn: '/sign-in',
  signOut: '/sign-out',
  refresh: '/refresh',
  session: '/session',
  sessions: '/sessions',
  jwks: '/jwks.json',
  revocations: '/revocations',
} as const

/** Says at sign-in which of the allowed transports the client wants. Not safelisted, so a page elsewhere needs a preflight. */
export const transportHeader = 'handstamp-transport'

/** The `typ` of a signed page of revocations, which no access token has. */
export const revocationsType = 'handstamp-revocations+jwt'

/** What `GET /revocations` signs. Times are NumericDates. */
export interface RevocationsClaims {
  readonly iss: string
  /** When the log was asked: everything appended before is in this page or an earlier one, unless there is more. */
  readonly iat: number
  /** Behind which cursor it begins; null: with everything that matters. */
  readonly from: string | null
  readonly to: string
  readonly more: boolean
  readonly facts: readonly unknown[]
}

/** The media type of errors (RFC 9457). */
export const problemType = 'application/problem+json'

/** An error body (RFC 9457): `code` is stable, the texts are for people. `error` repeats OAuth's name on /refresh (RFC 6749 §5.2). */
export interface ProblemBody {
  readonly type: 'about:blank'
  readonly title: string
  readonly status: number
  readonly code: ProblemCode
  readonly error?: 'invalid_grant' | 'invalid_request'
}

/** Body of `GET /session`. */
export type SessionBody<User> = GrantBody<User> | { readonly session: null }

/** Body of `GET /sessions`. */
export interface SessionsBody {
  readonly sessions: readonly SessionListing[]
}

/** Body of a sign-out that could not revoke what is signed: the token lives until then (milliseconds since the epoch). */
export interface SignedOutBody {
  readonly revoked: false
  readonly validUntil: number
}

/** Body of a bearer refresh request (RFC 6749 §6). */
export interface RefreshRequestBody {
  readonly refresh_token: string
}

export type { GrantBody, Session, SessionListing }

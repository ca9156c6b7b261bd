/**
 * Why a credential was refused, as a closed list, and what of it is told outward (RFC 6750 §3.1, RFC 9470 §3).
 * @module
 */

/** The reasons; only the application and its events see them, never the wire. */
export type Rejection =
  | 'absent'
  | 'malformed'
  | 'malformed_request'
  | 'ambiguous'
  | 'expired'
  | 'outdated'
  | 'not_yet_valid'
  | 'unknown'
  | 'revoked'
  | 'reused'
  | 'bad_signature'
  | 'wrong_issuer'
  | 'wrong_audience'
  | 'wrong_type'
  | 'unknown_key'
  | 'unsupported_algorithm'
  | 'transport_mismatch'
  | 'mismatch'
  | 'binding'
  | 'pending'
  | 'stale_auth'
  | 'cross_site'

/** The codes of problem bodies (RFC 9457), as clients branch on them. */
export type ProblemCode =
  | 'unauthenticated'
  | 'invalid_token'
  | 'invalid_request'
  | 'ambiguous_credential'
  | 'token_expired'
  | 'step_up_required'
  | 'cross_site'
  | 'invalid_grant'
  | 'invalid_credentials'
  | 'rate_limited'
  | 'method_not_allowed'
  | 'unsupported_media_type'
  | 'body_too_large'
  | 'not_found'
  | 'temporarily_unavailable'
  | 'internal_error'

/** What the wire says of a refusal. */
export interface OutwardAnswer {
  readonly status: 400 | 401 | 403
  readonly code: ProblemCode
  /** The `error` parameter of the challenge; none where nothing was presented (RFC 6750 §3.1). */
  readonly error?: 'invalid_token' | 'invalid_request' | 'insufficient_user_authentication'
  readonly description?: 'invalid_token' | 'token_expired'
}

const invalidToken: OutwardAnswer = {
  status: 401,
  code: 'invalid_token',
  error: 'invalid_token',
  description: 'invalid_token',
}
const tokenExpired: OutwardAnswer = {
  status: 401,
  code: 'token_expired',
  error: 'invalid_token',
  description: 'token_expired',
}
const stepUp: OutwardAnswer = { status: 401, code: 'step_up_required', error: 'insufficient_user_authentication' }

const told: { readonly [R in Rejection]?: OutwardAnswer } = {
  absent: { status: 401, code: 'unauthenticated' },
  ambiguous: { status: 401, code: 'ambiguous_credential' },
  malformed_request: { status: 400, code: 'invalid_request', error: 'invalid_request' },
  outdated: tokenExpired,
  pending: stepUp,
  stale_auth: stepUp,
  cross_site: { status: 403, code: 'cross_site' },
}

/**
 * The outward answer to a refusal on a guarded route. All reasons a forger could learn from collapse into
 * `invalid_token`; `token_expired` is told where a refresh may help, which is unless the server knows it cannot.
 *
 * @example
 * ```ts
 * outwardAnswer({ reason: 'bad_signature' }).code // 'invalid_token'
 * outwardAnswer({ reason: 'expired', refreshable: true }).code // 'token_expired'
 * ```
 */
export function outwardAnswer(rejected: { readonly reason: Rejection; readonly refreshable?: boolean }): OutwardAnswer {
  if (rejected.reason === 'expired') return rejected.refreshable === false ? invalidToken : tokenExpired
  return told[rejected.reason] ?? invalidToken
}

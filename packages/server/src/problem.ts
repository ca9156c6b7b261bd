/**
 * Refusals and failures as responses (RFC 9457). One body for one code: nothing in it tells two causes apart.
 * @module
 */
import type { Rejected } from '@handstamp/core/auth-result'
import { errorStatus, isAuthError } from '@handstamp/core/errors'
import { outwardAnswer, type ProblemCode } from '@handstamp/core/rejection'
import { type ProblemBody, problemType } from '@handstamp/core/wire'
import { type HeaderPlan, writeEffects } from './response-headers.ts'

const titles: Record<ProblemCode, string> = {
  unauthenticated: 'Nobody is signed in',
  invalid_token: 'The credential is not valid',
  invalid_request: 'The request is not well formed',
  ambiguous_credential: 'Two different credentials were presented',
  token_expired: 'The access token has expired',
  step_up_required: 'A further or fresher proof is needed',
  cross_site: 'The request may come from another site',
  invalid_grant: 'The session cannot be refreshed',
  invalid_credentials: 'The credentials are not right',
  rate_limited: 'Too many attempts',
  method_not_allowed: 'This method is not allowed here',
  unsupported_media_type: 'This media type is not understood',
  body_too_large: 'The body is too large',
  not_found: 'There is no such thing',
  temporarily_unavailable: 'The question cannot be answered now',
  internal_error: 'The server made a mistake',
}

/** A problem response; never cached. */
export function problem(status: number, code: ProblemCode, headers: Readonly<Record<string, string>> = {}): Response {
  const body: ProblemBody = {
    type: 'about:blank',
    title: titles[code],
    status,
    code,
    ...(code === 'invalid_grant' || (code === 'invalid_request' && status === 400) ? { error: code } : {}),
  }
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': problemType, 'cache-control': 'no-store', ...headers },
  })
}

/** A refusal on a guarded route, with its challenge: every 401 carries one (RFC 9110 §15.5.2). */
export function challengeResponse(rejected: Rejected, plan: HeaderPlan): Response {
  const { status, code } = outwardAnswer(rejected)
  const response = problem(status, code)
  const carried = status === 403 ? rejected.effects.filter(({ type }) => type === 'header') : rejected.effects
  writeEffects(carried, response.headers, plan)
  return response
}

/** A refused refresh: 400 (RFC 6749 §5.2), except where another page may have caused it, or planted a cookie. */
export function refusedRefresh(rejected: Rejected, plan: HeaderPlan): Response {
  const { reason, effects } = rejected
  if (reason === 'cross_site' || reason === 'ambiguous') return challengeResponse(rejected, plan)
  const response = problem(
    400,
    reason === 'absent' || reason === 'malformed_request' ? 'invalid_request' : 'invalid_grant',
  )
  writeEffects(
    effects.filter(({ type }) => type !== 'challenge'),
    response.headers,
    plan,
  )
  return response
}

/**
 * Answers what was thrown where there is no other answer, as a problem response (RFC 9457) that says nothing of the cause:
 * 503 `temporarily_unavailable` with `Retry-After: 1` for an AuthError that may pass, and 500 `internal_error` for every
 * other (`errorStatus` tells which) and for whatever is no AuthError. No cookie is touched.
 *
 * @example
 * ```ts
 * try {
 *   const result = await auth.authenticate(request)
 * } catch (error) {
 *   const response = errorResponse(error)
 * }
 * ```
 */
export function errorResponse(error: unknown): Response {
  return isAuthError(error) && errorStatus(error.code) === 503
    ? problem(503, 'temporarily_unavailable', { 'retry-after': '1' })
    : problem(500, 'internal_error')
}

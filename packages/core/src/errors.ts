/**
 * The one error class: what is thrown when a question could not be answered. Refusals are values (rejection.ts).
 * @module
 */

/** Closed list; the outward answer for all but the 500s is one 503 `temporarily_unavailable`. */
export type AuthErrorCode =
  | 'ERR_STORE_UNAVAILABLE'
  | 'ERR_STORE_TIMEOUT'
  | 'ERR_STORE_CONFLICT'
  | 'ERR_STORE_LIMIT'
  | 'ERR_FEED_STALE'
  | 'ERR_FEED_UNAVAILABLE'
  | 'ERR_JWKS_UNAVAILABLE'
  | 'ERR_KEY_UNAVAILABLE'
  | 'ERR_CLOCK_BEHIND'
  | 'ERR_VERIFY_CREDENTIALS_FAILED'
  | 'ERR_LIMITER_UNAVAILABLE'
  | 'ERR_CREDENTIAL_TOO_LARGE'
  | 'ERR_CLAIMS_INVALID'
  | 'ERR_HEADERS_SENT'
  | 'ERR_INTERNAL'

const faultsOfOurs: ReadonlySet<AuthErrorCode> = new Set<AuthErrorCode>([
  'ERR_STORE_LIMIT',
  'ERR_CREDENTIAL_TOO_LARGE',
  'ERR_CLAIMS_INVALID',
  'ERR_HEADERS_SENT',
  'ERR_INTERNAL',
])

// A brand and not instanceof: two copies of the package, or two realms, must agree.
const brand = Symbol.for('handstamp.error')

/** Thrown where the answer is neither yes nor no. Its message and cause never hold a credential. */
export class AuthError extends Error {
  override readonly name = 'AuthError'
  readonly code: AuthErrorCode

  constructor(code: AuthErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.code = code
    Object.defineProperty(this, brand, { value: true })
  }
}

/**
 * True for an AuthError of any copy of this package.
 *
 * @example
 * ```ts
 * try {
 *   await auth.authenticate(request)
 * } catch (error) {
 *   if (isAuthError(error)) console.warn(error.code, errorStatus(error.code)) // 'ERR_STORE_TIMEOUT' 503
 * }
 * ```
 */
export function isAuthError(value: unknown): value is AuthError {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true
}

/** The status that a server answers with: 500 where asking again cannot help, else 503. */
export function errorStatus(code: AuthErrorCode): 500 | 503 {
  return faultsOfOurs.has(code) ? 500 : 503
}

/**
 * A foreign error as a cause that can be logged: its name and code alone, since drivers put arguments, and so
 * credentials, into message, stack and properties.
 */
export function safeCause(error: unknown): { readonly name: string; readonly code?: string } {
  if (typeof error !== 'object' || error === null) return { name: typeof error }
  const { name, code } = error as { name?: unknown; code?: unknown }
  const word = /^[A-Za-z0-9_.:-]{1,64}$/
  return {
    name: typeof name === 'string' && word.test(name) ? name : 'Error',
    ...(typeof code === 'string' && word.test(code) ? { code } : {}),
  }
}

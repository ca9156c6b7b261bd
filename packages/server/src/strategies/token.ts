/**
 * The token strategy: a signed token is the session; with a store, a record stands behind it and can be ended.
 * @module
 */
import { type Duration, parseDuration } from '@handstamp/core/duration'
import { type AccessTokenOptions, accessTokenNames, planAccessTokens } from '../access-tokens.ts'
import { checkNames } from '../option-names.ts'
import { checkStore, type SessionStore } from '../stores/store.ts'
import { openStatelessTokens } from './stateless-token.ts'
import { openStoredTokens } from './stored-token.ts'
import type { Strategy } from './strategy.ts'

export interface TokenOptions extends AccessTokenOptions {
  /** How long one token is good; `15m` unless set, which is also the most without a store. */
  readonly accessLifetime?: Duration
  /** How long tokens are re-issued after a sign-in; `8h` unless set. */
  readonly lifetime?: Duration
}

/**
 * Tokens that verify without a lookup. Without a store nobody can list or revoke them: they are re-issued while valid
 * until `lifetime` and die at `exp`. With a store a record stands behind each, which is asked at every
 * request, or the feed instead where there is one.
 *
 * @example
 * ```ts
 * import { memoryStore, token } from '@handstamp/server'
 * const strategy = token({ keys: JSON.parse(process.env.HANDSTAMP_KEYS ?? '[]'), accessLifetime: '1h', store: memoryStore() })
 * ```
 * @throws TypeError | RangeError naming the option.
 */
export function token(options: TokenOptions & { readonly store: SessionStore }): Strategy<'token+store'>
export function token(options: TokenOptions & { readonly store?: undefined }): Strategy<'token'>
export function token(
  options: TokenOptions & { readonly store?: SessionStore | undefined },
): Strategy<'token' | 'token+store'> {
  checkNames(options, [...accessTokenNames, 'lifetime', 'store'], 'token()')
  const plan = planAccessTokens(options, '15m', 'token')
  const lifetime = parseDuration(options.lifetime ?? '8h', 'token({ lifetime })')
  if (plan.accessLifetime > lifetime) {
    throw new RangeError('token({ accessLifetime }) is longer than the lifetime: write one that is shorter')
  }
  const { store } = options
  if (store === undefined) {
    if (plan.accessLifetime > 900_000) {
      throw new RangeError(
        "token({ accessLifetime }) is at most '15m' without a store, since nothing can revoke the token: write less, or add a store",
      )
    }
    return {
      kind: 'token',
      stateful: false,
      revocable: false,
      refreshes: false,
      open: (context) => openStatelessTokens(plan, lifetime, context),
    }
  }
  checkStore(store, 'token({ store })')
  return {
    kind: 'token+store',
    stateful: true,
    revocable: true,
    refreshes: false,
    open: (context) => openStoredTokens(store, plan, { idle: lifetime, lifetime }, context),
  }
}

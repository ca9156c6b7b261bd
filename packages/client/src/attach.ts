/**
 * Puts the credential on a request: a bearer token explicitly, a cookie by letting the browser send it.
 * @module
 */
import type { Transport } from '@handstamp/core/session'
import type { Tokens } from './tokens.ts'

/**
 * Answers how a request of these headers is sent with the tokens of the moment. What the caller said of credentials stays.
 */
export function attach(
  headers: Headers,
  request: Request | undefined,
  init: RequestInit | undefined,
  transport: Transport,
): (held: Tokens | undefined) => RequestInit {
  return (held) => {
    if (transport === 'cookie') return { credentials: request?.credentials === 'omit' ? 'omit' : 'include', ...init }
    if (held) headers.set('authorization', `Bearer ${held.access_token}`)
    return { ...(keepsOnRedirect() && { redirect: 'manual' }), ...init, headers }
  }
}

/**
 * Elsewhere `fetch` takes Authorization off when a redirect leads to another origin (Fetch, HTTP-redirect fetch); Cloudflare Workers do so
 * only from compatibility date 2025-09-01 on. There a redirect is returned and not followed, unless the caller says so.
 */
function keepsOnRedirect(): boolean {
  return globalThis.navigator?.userAgent === 'Cloudflare-Workers'
}

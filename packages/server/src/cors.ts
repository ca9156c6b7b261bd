/**
 * CORS for the origins of the configuration and nobody else (Fetch Standard, CORS protocol).
 * @module
 */
import { transportHeader } from '@handstamp/core/wire'
import type { RequestFace } from './request-face.ts'

export interface CorsRules {
  readonly trusted: ReadonlySet<string>
  /** Cookies are one of the transports. */
  readonly credentials: boolean
}

/** The headers for an answer to this request; `Vary: Origin` always, the rest for listed origins alone, echoed exactly. */
export function corsHeaders(request: RequestFace, rules: CorsRules): Headers {
  const headers = new Headers({ vary: 'Origin' })
  const origin = request.headers.get('origin')
  if (origin === null || !rules.trusted.has(origin)) return headers
  headers.set('access-control-allow-origin', origin)
  if (rules.credentials) headers.set('access-control-allow-credentials', 'true')
  headers.set('access-control-expose-headers', 'WWW-Authenticate, Retry-After')
  return headers
}

/** The answer to a preflight; an origin that is not listed gets one without permission. */
export function preflight(request: RequestFace, rules: CorsRules, methods: string): Response {
  const headers = corsHeaders(request, rules)
  headers.append('vary', 'Access-Control-Request-Method, Access-Control-Request-Headers')
  if (headers.has('access-control-allow-origin')) {
    headers.set('access-control-allow-methods', methods)
    headers.set('access-control-allow-headers', `authorization, content-type, dpop, ${transportHeader}`)
    headers.set('access-control-max-age', '600')
  }
  headers.set('allow', methods)
  return new Response(null, { status: 204, headers })
}

/**
 * Whether a page of another origin may have caused this request: Fetch Metadata, then Origin, then Referer, then a
 * header that needs a preflight.
 * @module
 */
import { transportHeader } from '@handstamp/core/wire'
import type { RequestFace } from './request-face.ts'

/** `quiet`: answer, but cause nothing: no touch, no rotation. */
export type OriginVerdict = 'allow' | 'quiet' | 'refuse'

/** Methods are case-sensitive (RFC 9110 §9.1), so `get` is not GET and counts as unsafe. A WebSocket upgrade is no safe GET. */
function isSafe(request: RequestFace): boolean {
  const { method, headers } = request
  if (method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS') return false
  const upgrade = headers.get('upgrade')
  return upgrade === null || !/\bwebsocket\b/i.test(upgrade)
}

/** The decision where a cookie is the credential or the answer would set one. The numbers are rows of the protocol's table. */
export function originVerdict(request: RequestFace, trusted: ReadonlySet<string>): OriginVerdict {
  const site = request.headers.get('sec-fetch-site')
  if (isSafe(request)) return site === 'cross-site' ? 'quiet' : 'allow' // 0
  const origin = request.headers.get('origin')
  switch (site) {
    case 'same-origin': // 2
      return 'allow'
    case 'same-site':
    case 'cross-site': // 3, 4
      return origin !== null && trusted.has(origin) ? 'allow' : 'refuse'
    case null:
      break
    default: // 1, and 5 for `none`
      return 'refuse'
  }
  if (origin !== null) return trusted.has(origin) ? 'allow' : 'refuse' // 6, 7
  const referer = request.headers.get('referer')
  if (referer !== null) return trusted.has(originOf(referer) ?? '') ? 'allow' : 'refuse' // 8, 9
  return isJson(request) && request.headers.get(transportHeader) === 'cookie' ? 'allow' : 'refuse' // 10, 11
}

/** The decision for a sign-in whose credential goes into the body: whoever says where it comes from must be listed. */
export function bearerOriginVerdict(request: RequestFace, trusted: ReadonlySet<string>): OriginVerdict {
  const origin = request.headers.get('origin')
  return origin === null || trusted.has(origin) ? 'allow' : 'refuse'
}

/** The essence of the media type is `application/json`; a text/plain body that looks like JSON is not. */
export function isJson(request: RequestFace): boolean {
  return mediaType(request) === 'application/json'
}

/** Type and subtype in lower case, without parameters. */
export function mediaType(request: RequestFace): string | undefined {
  return request.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase()
}

function originOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).origin : undefined
}

/**
 * Where a form may lead, and the page that brings a strict cookie along after a visit from elsewhere.
 * @module
 */
import type { RequestFace } from './request-face.ts'

/**
 * A path of our own origin, or `/`: one leading slash, neither backslash nor control character, and the same origin once
 * it is parsed as a browser would (OWASP ASVS 3.7.2).
 */
export function safeRedirect(target: unknown, origin: string): string {
  if (typeof target !== 'string' || !/^\/(?![/\\])[^\\\p{Cc}]*$/u.test(target)) return '/'
  if (/%(?:0[0-9a-f]|1[0-9a-f]|5c|7f)/i.test(target) || !URL.canParse(target, origin)) return '/'
  const url = new URL(target, origin)
  const path = url.pathname + url.search + url.hash
  return url.origin === origin && !path.startsWith('//') ? path : '/'
}

/**
 * A page that opens the same address once more. The second request is this origin's own, so SameSite=Strict cookies come
 * along; it is not cross-site, so it is not answered by this page again.
 */
export function bouncePage(request: RequestFace, origin: string): Response {
  const url = new URL(request.url, origin)
  const path = safeRedirect(url.pathname + url.search, origin)
  const escaped = path.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=${escaped}"><title>One moment</title><p><a href="${escaped}">Continue</a></p></html>`
  return new Response(html, {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'private, no-store',
      'content-security-policy': "default-src 'none'",
      'referrer-policy': 'no-referrer',
      vary: 'Cookie, Sec-Fetch-Site',
    },
  })
}

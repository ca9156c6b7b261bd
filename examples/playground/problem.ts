/**
 * The application's own refusals, in the shape of the library's (RFC 9457).
 * @module
 */
import { errorResponse } from '@handstamp/server'

const titles = {
  invalid_request: 'The request is not well formed',
  not_found: 'There is no such thing',
  forbidden: 'This is for the page of the playground alone',
  method_not_allowed: 'This method is not allowed here',
  unsupported_media_type: 'This media type is not understood',
  body_too_large: 'The body is too large',
  illegal_pair: 'This strategy and this transport do not go together',
} as const

export function problem(
  status: number,
  code: keyof typeof titles,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(JSON.stringify({ type: 'about:blank', title: titles[code], status, code }), {
    status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...headers },
  })
}

/** A store or key that cannot answer is neither yes nor no: 503, or 500 where asking again cannot help. */
export function failure(error: unknown): Response {
  const response = errorResponse(error)
  if (response.status === 500)
    console.error(error instanceof Error ? `${error.name} while answering` : 'something was thrown while answering')
  return response
}

import { AuthError, type AuthErrorCode } from '@handstamp/core/errors'
import { expect, test } from 'vitest'
import { errorResponse } from '../src/index.ts'

const rows: readonly (readonly [string, unknown, number, string, string | null])[] = [
  ['a store that is down', thrown('ERR_STORE_UNAVAILABLE'), 503, 'temporarily_unavailable', '1'],
  ['a feed that is stale', thrown('ERR_FEED_STALE'), 503, 'temporarily_unavailable', '1'],
  ['what asking again cannot help', thrown('ERR_CLAIMS_INVALID'), 500, 'internal_error', null],
  ['an error of the application', new Error('secret'), 500, 'internal_error', null],
  ['what only looks like one of ours', { code: 'ERR_STORE_UNAVAILABLE' }, 500, 'internal_error', null],
  ['nothing', undefined, 500, 'internal_error', null],
]

function thrown(code: AuthErrorCode): AuthError {
  return new AuthError(code, 'secret')
}

test.each(rows)('%s is answered without a word of it', async (_, error, status, code, retryAfter) => {
  const response = errorResponse(error)
  expect(response.status).toBe(status)
  expect(response.headers.get('retry-after')).toBe(retryAfter)
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  const body = await response.text()
  expect(JSON.parse(body)).toMatchObject({ status, code })
  expect(body).not.toContain('secret')
})

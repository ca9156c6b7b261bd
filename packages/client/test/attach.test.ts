import { afterEach, expect, test, vi } from 'vitest'
import { attach } from '../src/attach.ts'

afterEach(() => {
  vi.unstubAllGlobals()
})

const held = { access_token: 'a', session_id: 'h.1' }
const authorized = expect.objectContaining({ headers: new Headers({ authorization: 'Bearer a' }) })

test.each([
  [undefined, undefined],
  [{ redirect: 'follow' }, 'follow'],
  [{ redirect: 'error' }, 'error'],
] as const)('a redirect is followed as the caller wants it: %o', (init, redirect) => {
  const sent = attach(new Headers(), undefined, init, 'bearer')(held)
  expect(sent).toEqual(authorized)
  expect(sent.redirect).toBe(redirect)
})

test.each([
  [undefined, 'manual'],
  [{ redirect: 'follow' }, 'follow'],
  [{ redirect: 'error' }, 'error'],
] as const)('where a redirect would take the token along, only if the caller says so: %o', (init, redirect) => {
  vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
  const sent = attach(new Headers(), undefined, init, 'bearer')(held)
  expect(sent).toEqual(authorized)
  expect(sent.redirect).toBe(redirect)
})

test('a token is replaced by the next one', () => {
  const withTokens = attach(new Headers({ accept: 'text/csv' }), undefined, undefined, 'split')
  const sent = [withTokens(held), withTokens({ ...held, access_token: 'b' })].map(({ headers }) => headers)
  expect(Object.fromEntries(new Headers(sent[1]))).toEqual({ accept: 'text/csv', authorization: 'Bearer b' })
})

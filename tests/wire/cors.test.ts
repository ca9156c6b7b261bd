import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer, Header } from './exchange.ts'
import { varied } from './expectations.ts'
import { type Served, serveAuth, servedOrigin } from './served-auth.ts'
import { signedIn } from './visitor.ts'
import type { Wire } from './wire.ts'

const second = 'https://admin.example'

const unlisted = [
  'https://evil.example', 'null', '', '*', 'https://admin.example.evil.example', 'https://evil.admin.example', 'https://ADMIN.example', 'https://admin.example/', 'https://admin.example:443',
  'http://admin.example', 'https://admin.example https://evil.example', 'https://app.example:8443', 'https://admin.example.', 'file://', 'https://admin.example\u0000x',
] // biome-ignore format: a list

const permissions = [
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-allow-methods',
  'access-control-allow-headers',
  'access-control-expose-headers',
  'access-control-max-age',
]

const granted = ({ headers }: Answer): Readonly<Record<string, string>> =>
  Object.fromEntries(headers.filter(([name]) => permissions.includes(name)))

describe.each([
  { transport: 'cookie', credentials: { 'access-control-allow-credentials': 'true' } },
  { transport: 'split', credentials: { 'access-control-allow-credentials': 'true' } },
  { transport: 'bearer', credentials: {} },
] as const)('hybrid over $transport, two origins', ({ transport, credentials }) => {
  let served: Served
  let wire: Wire
  beforeAll(async () => {
    served = await serveAuth({ strategy: 'hybrid', transport, origins: [second] })
    wire = served.wire
  })
  afterAll(() => served?.stop())

  const preflight = (target: string, ...headers: readonly Header[]) =>
    wire.ask({
      method: 'OPTIONS',
      target,
      headers: [...headers, ['Access-Control-Request-Method', 'POST'], ['Access-Control-Request-Headers', 'x-evil']],
    })

  test.each([servedOrigin, second])('a preflight of %s is answered with an exact echo', async (origin) => {
    const answer = await preflight('/auth/sign-in', ['Origin', origin], ['Sec-Fetch-Site', 'cross-site'])
    expect([answer.status, answer.text, answer.setCookies]).toEqual([204, '', []])
    expect(granted(answer)).toEqual({
      'access-control-allow-origin': origin,
      ...credentials,
      'access-control-allow-methods': 'OPTIONS, POST',
      'access-control-allow-headers': 'authorization, content-type, dpop, handstamp-transport',
      'access-control-expose-headers': 'WWW-Authenticate, Retry-After',
      'access-control-max-age': '600',
    })
    expect(varied(answer)).toEqual(['origin', 'access-control-request-method', 'access-control-request-headers'])
  })

  test('methods are those of the route', async () => {
    for (const [
      target,
      methods,
    ] of [['/auth/session', 'OPTIONS, GET, HEAD'], ['/auth/sessions/x', 'OPTIONS, DELETE']] as const) // biome-ignore format: a list
      expect(granted(await preflight(target, ['Origin', second]))['access-control-allow-methods']).toBe(methods)
  })

  test.each(unlisted.filter((origin) => !origin.includes('\0')))(
    '%j gets no permission, and the answer still varies',
    async (origin) => {
      const asked = await preflight('/auth/sign-in', ['Origin', origin])
      const read = await wire.ask({ method: 'GET', target: '/auth/session', headers: [['Origin', origin]] })
      for (const answer of [asked, read]) {
        expect(granted(answer)).toEqual({})
        expect(varied(answer)).toContain('origin')
      }
    },
  )

  test('none is given where no origin is said, or two', async () => {
    const two: readonly Header[] = [['Origin', second], ['Origin', second]] // biome-ignore format: one row
    for (const headers of [[], two]) {
      expect(granted(await preflight('/auth/sign-in', ...headers))).toEqual({})
      expect(granted(await wire.ask({ method: 'GET', target: '/auth/session', headers }))).toEqual({})
    }
  })

  test('every answer to a listed origin can be read, refusals included, and none to another', async () => {
    const visitor = await signedIn(wire, transport)
    const questions = [
      ['GET', '/auth/session', 200], ['GET', '/auth/sessions', 200], ['GET', '/auth/jwks.json', 200], ['GET', '/.well-known/jwks.json', 200], ['DELETE', '/auth/sessions/x', 404],
      ['GET', '/auth/nothing', 404], ['GET', '/auth/sign-in', 405], ['POST', '/auth/sign-in', 415], ['GET', '/api/me', 200], ['GET', '/api/me?nobody', 401],
    ] as const // biome-ignore format: a list
    for (const [method, target, status] of questions) {
      const held = target.endsWith('?nobody') ? [] : visitor.credentials()
      for (const origin of [second, 'https://evil.example']) {
        const answer = await wire.ask({ method, target, headers: [...held, ['Origin', origin]] })
        const expected =
          origin === second
            ? {
                'access-control-allow-origin': second,
                ...credentials,
                'access-control-expose-headers': 'WWW-Authenticate, Retry-After',
              }
            : {}
        expect([method, target, granted(answer)]).toEqual([method, target, expected])
        expect(varied(answer)).toContain('origin')
        // What cookies carry is judged by the origin before it is judged by the route.
        if (origin === second) expect([method, target, answer.status]).toEqual([method, target, status])
      }
    }
  })
})

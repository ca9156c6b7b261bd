import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { createAuthClient } from '../../src/client.ts'
import { type FetchScope, interceptFetch } from '../../src/interceptors/fetch.ts'
import { clientOf } from '../client-of.ts'
import { challenges, fakeServer, origin, other, type Shape } from '../fake-server.ts'

async function intercepted(): Promise<{
  server: ReturnType<typeof fakeServer>
  scope: FetchScope
  undo: () => void
  client: ReturnType<typeof clientOf>
}> {
  const server = fakeServer('bearer')
  const client = clientOf(server, 'bearer')
  await client.signIn({ name: 'ada' })
  server.drain()
  const scope = { fetch: server.fetch }
  return { server, scope, client, undo: interceptFetch(client, scope) }
}

describe('the interceptor of fetch', () => {
  test('attaches, refreshes and repeats for allowed origins, and leaves the others alone', async () => {
    const { server, scope } = await intercepted()
    server.expire()
    expect((await scope.fetch(`${origin}/api/me`)).status).toBe(200)
    expect(server.drain()).toEqual(['GET /api/me', 'POST /auth/refresh', 'GET /api/me'])
    await scope.fetch(`${other}/api`)
    expect(server.seen[0]?.authorization).toBeNull()
  })

  test('its undo puts back what was there, and twice is as once', async () => {
    const { server, scope, undo } = await intercepted()
    expect(scope.fetch).not.toBe(server.fetch)
    undo()
    expect(scope.fetch).toBe(server.fetch)
    undo()
    expect(scope.fetch).toBe(server.fetch)
  })

  test('its undo leaves in place what was put above it, and only passes on from then', async () => {
    const { server, scope, undo } = await intercepted()
    const below = scope.fetch
    const above: typeof below = vi.fn((input, init) => below(input, init))
    scope.fetch = above
    undo()
    expect(scope.fetch).toBe(above)
    await scope.fetch(`${origin}/api/me`)
    expect(above).toHaveBeenCalledTimes(1)
    expect(server.seen[0]?.authorization).toBeNull()
  })

  test('goes through an interceptor that was there before, for the repetition too, but not for the refresh', async () => {
    const server = fakeServer('bearer')
    const client = clientOf(server, 'bearer')
    await client.signIn({ name: 'ada' })
    server.expire()
    const traced: string[] = []
    const scope: FetchScope = {
      fetch: (input, init) => {
        traced.push(String(input))
        return server.fetch(input, {
          ...init,
          headers: { ...Object.fromEntries(new Headers(init?.headers)), 'x-trace': '1' },
        })
      },
    }
    interceptFetch(client, scope)
    expect((await scope.fetch(`${origin}/api/me`)).status).toBe(200)
    expect(traced).toEqual([`${origin}/api/me`, `${origin}/api/me`])
    expect(server.seen.at(-1)?.request.headers.get('x-trace')).toBe('1')
  })

  test('of two clients each attaches its own', async () => {
    const first = await intercepted()
    const theirs = fakeServer('bearer')
    const client = createAuthClient<Shape>({ baseURL: other, storage: 'memory', fetch: theirs.fetch })
    theirs.overrides.set(`POST ${other}/auth/sign-in`, () =>
      Response.json({
        session: { id: 'x', user: { id: 'x' } },
        expires_in: null,
        refreshable: false,
        access_token: 'theirs',
      }),
    )
    await client.signIn({ name: 'x' })
    const undo = interceptFetch(client, first.scope)
    await first.scope.fetch(`${origin}/api`)
    await first.scope.fetch(`${other}/api`)
    expect(first.server.seen.map(({ authorization }) => authorization)).toEqual([
      expect.stringMatching(/^Bearer a\./),
      'Bearer theirs',
    ])
    // Undone in the order in which they were put up, which is the wrong one.
    first.undo()
    undo()
    await first.scope.fetch(`${origin}/api`)
    expect(first.server.seen.at(-1)?.authorization).toBeNull()
  })
})

describe('with the global fetch', () => {
  const api = setupServer()
  beforeAll(() => api.listen({ onUnhandledFrame: 'error' }))
  afterEach(() => api.resetHandlers())
  afterAll(() => api.close())

  test("the client's own requests do not come back to it", async () => {
    const grant = { session: { id: 'h.1', user: { id: 'ada' } }, expires_in: 300, refreshable: true }
    const counts = { refresh: 0, me: 0 }
    api.use(
      http.post(`${origin}/auth/sign-in`, () =>
        HttpResponse.json({ ...grant, access_token: 'first', refresh_token: 'r1', token_type: 'Bearer' }),
      ),
      http.post(`${origin}/auth/refresh`, async ({ request }) => {
        counts.refresh++
        expect([request.headers.get('authorization'), await request.json()]).toEqual([null, { refresh_token: 'r1' }])
        return HttpResponse.json({ ...grant, access_token: 'second', refresh_token: 'r2', token_type: 'Bearer' })
      }),
      http.post(`${origin}/api/me`, async ({ request }) => {
        counts.me++
        if (request.headers.get('authorization') === 'Bearer second') return HttpResponse.text(await request.text())
        return HttpResponse.json({}, { status: 401, headers: { 'www-authenticate': challenges.expired } })
      }),
    )
    const client = createAuthClient<Shape>({ baseURL: origin, storage: 'memory' })
    const former = globalThis.fetch
    const undo = interceptFetch(client)
    await client.signIn({ name: 'ada' })
    const responses = await Promise.all(
      Array.from({ length: 20 }, (_, index) => fetch(`${origin}/api/me`, { method: 'POST', body: `${index}` })),
    )
    expect(await Promise.all(responses.map((response) => response.text()))).toEqual(
      Array.from({ length: 20 }, (_, index) => `${index}`),
    )
    expect(counts).toEqual({ refresh: 1, me: 40 })
    undo()
    expect(globalThis.fetch).toBe(former)
  })
})

import { expect } from 'vitest'
import { servedOrigin } from '../../wire/served-auth.ts'
import { type Attack, attack } from '../attack.ts'
import { type Client, type ClientStage, clientStage, count, me } from '../stages/refresh-client.ts'

const challenge = 'Bearer realm="app.example", error="invalid_token", error_description="token_expired"'
const transports = ['bearer', 'cookie', 'split'] as const

/** As many requests at once, and the statuses that came. */
async function storm(client: Client, size: number): Promise<ReadonlySet<number>> {
  return new Set(await Promise.all(Array.from({ length: size }, () => me(client))))
}

/** The server says of every access token that it has expired, whatever was refreshed. */
function alwaysExpired(path: string): Response | undefined {
  return path === '/api/me'
    ? new Response(null, { status: 401, headers: { 'www-authenticate': challenge } })
    : undefined
}

export const storms: Attack = attack({
  ids: ['E14'],
  title: 'many requests of one page that are refused at once',
  cost: 'A page with a few open requests would storm its own server at every expiry, or ask for ever.',
  shows: [],
  stage: clientStage,
  legal: {
    'one request with a live token': async (stage) => {
      const { client } = await stage.signedIn()
      expect(await me(client)).toBe(200)
      expect(stage.asked).toEqual(['GET /api/me'])
    },
    'one with an expired token: refreshed, repeated, answered': async (stage) => {
      const { client } = await stage.signedIn()
      stage.served.clock.advance('6m')
      expect(await me(client)).toBe(200)
      expect(stage.asked).toEqual(['GET /api/me', 'POST /auth/refresh', 'GET /api/me'])
    },
  },
  hostile: {
    ...Object.fromEntries(
      transports.map((transport) => [
        `five hundred, ${transport}: one refresh, each repeated once`,
        async (stage: ClientStage) => {
          const { client } = await stage.signedIn(transport)
          stage.served.clock.advance('6m')
          expect(await storm(client, 500)).toEqual(new Set([200]))
          expect([count(stage, 'POST /auth/refresh'), count(stage, 'GET /api/me')]).toEqual([1, 1_000])
        },
      ]),
    ),
    'five hundred, of which each is refused again: shown to the caller': async (stage) => {
      const { client } = await stage.signedIn()
      stage.disturb(alwaysExpired)
      expect(await storm(client, 500)).toEqual(new Set([401]))
      expect(count(stage, 'GET /api/me')).toBeLessThanOrEqual(1_000)
      expect(count(stage, 'POST /auth/refresh')).toBe(1)
      expect(client.session?.user.id).toBe('ada')
    },
    'five hundred on a page beside, of the same tokens': async (stage) => {
      const { client, beside } = await stage.signedIn()
      const other = beside()
      await other.load()
      stage.forget()
      stage.served.clock.advance('6m')
      const statuses = await Promise.all([storm(client, 250), storm(other, 250)])
      expect(statuses).toEqual([new Set([200]), new Set([200])])
      expect(count(stage, 'POST /auth/refresh')).toBeLessThanOrEqual(2)
      stage.served.clock.advance('6m')
      expect([await me(client), await me(other)]).toEqual([200, 200])
    },
    'a 401 that speaks of no token of ours': async (stage) => {
      const { client } = await stage.signedIn()
      stage.disturb((path) => (path === '/api/me' ? new Response(null, { status: 401 }) : undefined))
      expect(await storm(client, 20)).toEqual(new Set([401]))
      expect(stage.asked).toEqual(Array.from({ length: 20 }, () => 'GET /api/me'))
    },
    'an exchange of credentials that is refused': async (stage) => {
      const { client } = await stage.signedIn()
      stage.served.clock.advance('6m')
      for (const route of ['sign-in', 'refresh'])
        expect((await client.fetch(`${servedOrigin}/auth/${route}`, { method: 'POST' })).status).toBeGreaterThanOrEqual(
          400,
        )
      expect(count(stage, 'POST /auth/refresh')).toBe(1)
    },
  },
})

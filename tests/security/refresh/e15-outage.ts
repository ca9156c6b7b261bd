import { expect } from 'vitest'
import { type Attack, attack, each } from '../attack.ts'
import { type ClientStage, clientStage, count, type Disturbance, me } from '../stages/refresh-client.ts'

const onRefresh =
  (answer: () => Response): Disturbance =>
  (path) =>
    path === '/auth/refresh' ? answer() : undefined

/** No answer of ours, and none that says anything of the session. */
const outages: Readonly<Record<string, Disturbance>> = {
  'no connection': (path) => {
    if (path === '/auth/refresh') throw new TypeError('fetch failed')
    return undefined
  },
  'a connection that times out': (path) => {
    if (path === '/auth/refresh') throw new DOMException('timed out', 'TimeoutError')
    return undefined
  },
  '500 of a proxy': onRefresh(() => new Response('<h1>Sorry</h1>', { status: 500 })),
  '502 without a body': onRefresh(() => new Response(null, { status: 502 })),
  '429 with a wait': onRefresh(() => new Response(null, { status: 429, headers: { 'retry-after': '20' } })),
  '401 of a proxy': onRefresh(() => new Response('<h1>Who are you?</h1>', { status: 401 })),
  '400 in another words': onRefresh(() => Response.json({ error: 'bad_request' }, { status: 400 })),
  '200 of a captive portal': onRefresh(() => new Response('<h1>Welcome to the hotel</h1>')),
  '302 to a captive portal': onRefresh(
    () => new Response(null, { status: 302, headers: { location: 'http://hotel.example/' } }),
  ),
}

/** Ada stays signed in, the server is left in peace for a while, and then all is well again. */
async function outlasts(stage: ClientStage, arm: () => void, mend: () => void): Promise<void> {
  const { client, told } = await stage.signedIn()
  stage.served.clock.advance('6m')
  arm()
  for (let turn = 0; turn < 10; turn += 1) expect(await me(client)).toBe(401)
  expect(count(stage, 'POST /auth/refresh')).toBe(1)
  expect([client.status, client.session?.user.id, told.includes(null)]).toEqual(['unreachable', 'ada', false])
  mend()
  stage.pass(31_000)
  expect([await me(client), client.status]).toEqual([200, 'signed-in'])
}

export const outage: Attack = attack({
  ids: ['E15'],
  title: 'a refresh that something in between answers, or nothing',
  cost: 'A restart of the server, or a captive portal, would sign everybody out; or everybody would knock without a pause.',
  shows: [],
  stage: clientStage,
  legal: {
    'a session that is over: signed out, once': async (stage) => {
      const { client, told } = await stage.signedIn()
      await stage.served.auth.sessions.revokeAll('ada')
      stage.served.clock.advance('6m')
      expect(await me(client)).toBe(401)
      expect(await me(client)).toBe(401)
      expect([client.session, told]).toEqual([null, [null]])
      expect(count(stage, 'POST /auth/refresh')).toBe(1)
    },
  },
  hostile: {
    ...each(outages, (stage: ClientStage, how) =>
      outlasts(
        stage,
        () => stage.disturb(how),
        () => stage.disturb(),
      ),
    ),
    'the store is down': (stage) =>
      outlasts(
        stage,
        () => stage.served.store.plan(() => 'reject'),
        () => stage.served.store.plan(),
      ),
    'a clock of the server that is an hour behind': async (stage) => {
      const { client, told } = await stage.signedIn()
      stage.served.clock.advance(-3_600_000)
      expect(await me(client)).toBe(200)
      stage.served.clock.advance('1h')
      expect(await me(client)).toBe(200)
      expect([client.status, told.includes(null)]).toEqual(['signed-in', false])
    },
    ...Object.fromEntries(
      (['token', 'token+store'] as const).map((strategy) => [
        `the same, under ${strategy}: nobody is signed out`,
        async () => {
          const stage = await clientStage({ strategy, transport: 'bearer' })
          const { client, told } = await stage.signedIn()
          stage.served.clock.advance(-3_600_000)
          expect([await me(client), await client.refresh(), client.status]).toEqual([401, false, 'unreachable'])
          stage.served.clock.advance(3_600_000)
          stage.pass(31_000)
          expect([await me(client), await client.refresh(), client.status]).toEqual([200, true, 'signed-in'])
          expect(told).not.toContain(null)
          await stage.close()
        },
      ]),
    ),
    'a wait that would never end': async (stage) => {
      const { client } = await stage.signedIn()
      stage.served.clock.advance('6m')
      stage.disturb(onRefresh(() => new Response(null, { status: 503, headers: { 'retry-after': '999999999' } })))
      expect(await me(client)).toBe(401)
      stage.disturb()
      stage.pass(3_601_000)
      expect(await me(client)).toBe(200)
    },
  },
})

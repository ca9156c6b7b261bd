import { expect } from 'vitest'
import type { Header } from '../../wire/exchange.ts'
import { type Served, serveAuth } from '../../wire/served-auth.ts'
import { grace, newVisitor, ownPage, signedIn, type Visitor, whoIs } from '../../wire/visitor.ts'
import { type Attack, attack, type Closable, each } from '../attack.ts'

interface Victim extends Closable {
  readonly served: Served
  /** Ada, signed in. */
  readonly visitor: Visitor
  /** Of her session; public. */
  readonly id: string
}

async function victim(): Promise<Victim> {
  const served = await serveAuth({ strategy: 'hybrid', transport: ['cookie', 'bearer', 'split'] })
  const visitor = await signedIn(served.wire, 'cookie')
  const [{ id } = { id: '' }] = await served.auth.sessions.list('ada')
  return { served, visitor, id, close: () => served.stop() }
}

/** Every route, and what it answers to nobody. */
const routes: readonly (readonly [method: string, target: string, answer: number])[] = [
  ['GET', '/api/me', 401],
  ['POST', '/api/notes', 401],
  ['GET', '/api/fresh', 401],
  ['GET', '/auth/session', 200],
  ['GET', '/auth/sessions', 401],
  ['DELETE', '/auth/sessions', 401],
  ['DELETE', '/auth/sessions?others=true', 401],
  ['DELETE', '/auth/sessions/{id}', 401],
  ['POST', '/auth/refresh', 400],
  ['POST', '/auth/sign-out', 204],
  ['POST', '/auth/sign-in', 400],
]

const names = ['userId', 'user_id', 'sub', 'uid', 'id', 'sessionId', 'session_id', 'sid', 'username', 'email'] as const

/** Where an identity can be written, beside a credential. */
const places: Readonly<Record<string, (target: string, id: string) => { target: string; headers: Header[]; body: object }>> = {
  body: (target, id) => ({ target, headers: [], body: { ...fields(id), user: fields(id), session: { ...fields(id), user: fields(id) } } }),
  query: (target, id) => ({
    target: `${target}${target.includes('?') ? '&' : '?'}${new URLSearchParams(fields(id))}`,
    headers: [],
    body: {},
  }),
  headers: (target, id) => ({
    target,
    headers: Object.entries(fields(id)).flatMap(([name, value]) =>
      [name, `X-${name}`, `X-Handstamp-${name}`, `X-Forwarded-${name}`, `X-Auth-${name}`].map((header): Header => [
        header.replaceAll('_', '-'),
        value,
      ]),
    ),
    body: {},
  }),
  cookies: (target, id) => ({
    target,
    headers: [['Cookie', Object.entries(fields(id)).map((pair) => pair.join('=')).join('; ')]],
    body: {},
  }),
  'another scheme': (target, id) => ({ target, headers: [['Authorization', `Basic ${btoa(`ada:${id}`)}`]], body: {} }),
} // biome-ignore format: one a line

function fields(id: string): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name) => [name, /s(ession|id)/.test(name) ? id : 'ada']))
}

/** Asks every route as `asking` with ada's names in one place, and answers the statuses. */
async function fuzz({ served, id }: Victim, asking: Visitor, place: (typeof places)[string]) {
  const statuses: number[] = []
  for (const [method, route] of routes) {
    const { target, headers, body } = place(route.replace('{id}', encodeURIComponent(id)), id)
    const json = method === 'POST' ? { json: body } : {}
    const answer = await served.wire.ask({
      method,
      target,
      headers: [...asking.credentials(), ['Content-Type', 'application/json'], ...ownPage, ...headers],
      ...(json.json === undefined ? {} : { body: JSON.stringify(json.json) }),
    })
    expect(answer.text).not.toContain('"ada"')
    statuses.push(answer.status)
  }
  return statuses
}

export const namedIdentity: Attack = attack({
  ids: ['CVE-2025-61928'],
  title: 'a request that says who it is from, instead of showing it',
  cost: 'Whoever knows a user’s id could act as them, without ever signing in.',
  shows: ['ASVS 7.6.2', 'ASVS 7.5.2'],
  stage: victim,
  legal: {
    'with her credential she is ada, and ends her own other session': async ({ served, visitor }) => {
      expect(await whoIs(visitor)).toBe('ada')
      const other = await signedIn(served.wire, 'cookie')
      const [{ id } = { id: '' }] = (await served.auth.sessions.list('ada')).slice(-1)
      const { json } = await other.ask('GET', '/auth/sessions')
      expect(JSON.stringify(json)).toContain(id)
      expect((await visitor.ask('DELETE', '/auth/sessions?others=true')).status).toBe(204)
      expect((await other.refresh()).status).toBe(400)
    },
  },
  hostile: {
    ...each(places, async (stage: Victim, place) => {
      const { served, visitor } = stage
      served.store.reset()
      const nobody = newVisitor(served.wire, 'cookie')
      expect(await fuzz(stage, nobody, place)).toEqual(routes.map(([, , answer]) => answer))
      expect(served.store.counts.writes).toBe(0)
      expect(await whoIs(visitor)).toBe('ada')
    }),
    ...Object.fromEntries(
      Object.entries(places)
        .filter(([where]) => where !== 'another scheme' && where !== 'cookies')
        .map(([where, place]) => [
          `${where}, by somebody who is signed in as another`,
          async (stage: Victim) => {
            const { served, visitor } = stage
            const other = await signedIn(served.wire, 'bearer', grace)
            const before = await served.auth.sessions.list('ada')
            await fuzz(stage, other, place)
            expect(await served.auth.sessions.list('ada')).toEqual(before)
            expect(await whoIs(visitor)).toBe('ada')
          },
        ]),
    ),
  },
})

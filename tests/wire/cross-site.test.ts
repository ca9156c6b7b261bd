import { beforeAll, describe, expect, test } from 'vitest'
import { crossSiteRows, type Decision, type OriginRow } from './cross-site-rows.ts'
import type { Answer, Header } from './exchange.ts'
import { expectRefusal } from './expectations.ts'
import { type Playground, sharedPlaygrounds } from './playground.ts'
import { signedIn, type Visitor, whoIs } from './visitor.ts'

const handle = 'A'.repeat(16)
const digest = 'A'.repeat(43)

interface Route {
  readonly method: string
  readonly target: string
  readonly body?: (row: OriginRow, visitor: Visitor) => unknown
  readonly headers?: readonly Header[]
  /** Well-formed credentials of no session, so that the request has nothing to end; or none at all. */
  readonly presents?: 'nobody’s' | 'nothing'
  /** The answer where the row lets it through: status and code. */
  readonly allowed: string
}

const routes = {
  'sign-in': { method: 'POST', target: '/auth/sign-in', body: () => ({}), presents: 'nothing', allowed: '400 invalid_request' },
  'sign-out': { method: 'POST', target: '/auth/sign-out', presents: 'nobody’s', allowed: '204' },
  refresh: { method: 'POST', target: '/auth/refresh', body: (_, { tokens }) => tokens.refresh && { refresh_token: tokens.refresh }, allowed: '200' },
  'ending a session': { method: 'DELETE', target: `/auth/sessions/${handle}.${digest}`, allowed: '404 not_found' },
  'ending the others': { method: 'DELETE', target: '/auth/sessions?others=true', allowed: '204' },
  'a note': { method: 'POST', target: '/api/notes', body: (row) => ({ text: textOf(row) }), allowed: '201' },
  'a WebSocket': { method: 'GET', target: '/api/me', headers: [['Connection', 'Upgrade, close'], ['Upgrade', 'websocket']], allowed: '200' },
} satisfies Record<string, Route> // biome-ignore format: a table

type Column = 'cookie' | 'bearer'
type RouteName = keyof typeof routes

/** Which column of the table a route is in: where its credential would come from, or where its answer would put one. */
const subjects: readonly {
  readonly flags: string
  readonly transport: 'cookie' | 'bearer' | 'split'
  readonly columnOf: (route: RouteName) => Column
  readonly nobodys: Header
}[] = [
  {
    flags: '--strategy session --transport cookie',
    transport: 'cookie',
    columnOf: () => 'cookie',
    nobodys: ['Cookie', `handstamp-{port}=hss1.${handle}.${digest}`],
  },
  {
    flags: '--strategy hybrid --grace 60s --transport cookie',
    transport: 'cookie',
    columnOf: () => 'cookie',
    nobodys: ['Cookie', `handstamp-{port}-refresh=hsr1.${handle}.${'A'.repeat(91)}`],
  },
  {
    flags: '--strategy hybrid --grace 60s --transport split',
    transport: 'split',
    columnOf: (route) => (['sign-in', 'sign-out', 'refresh'].includes(route) ? 'cookie' : 'bearer'),
    nobodys: ['Cookie', `handstamp-{port}-refresh=hsr1.${handle}.${'A'.repeat(91)}`],
  },
  {
    flags: '--strategy hybrid --grace 60s --transport bearer',
    transport: 'bearer',
    columnOf: () => 'bearer',
    nobodys: ['Authorization', 'Bearer a.b.c'],
  },
]

const playground = sharedPlaygrounds(subjects.map(({ flags }) => flags))

describe.each(subjects)('CSRF decision, $flags', ({ flags, transport, columnOf, nobodys }) => {
  let server: Playground
  let visitor: Visitor

  beforeAll(async () => {
    server = playground(flags)
    visitor = await signedIn(server, transport)
  })

  for (const row of crossSiteRows) {
    const names = (Object.keys(routes) as RouteName[]).filter((name) => applies(row, name))
    if (names.length === 0) continue
    test(`row ${row.row}: ${row.name}`, async () => {
      const outcomes = await Promise.all(names.map(async (name) => [name, outcomeOf(await ask(name, row))] as const))
      const expected = names.map(
        (name) => [name, decide(row, name) === 'refuse' ? 'refused' : routes[name].allowed] as const,
      )
      expect(Object.fromEntries(outcomes)).toEqual(Object.fromEntries(expected))
    })
  }

  test('what was refused left no trace: the session lives, and only notes that were let through are kept', async () => {
    expect(await whoIs(visitor)).toBe('ada')
    expect((await visitor.refresh()).status).toBe(200)
    const { json } = await visitor.ask('GET', '/api/notes')
    const kept = (json as { notes: { text: string }[] }).notes.map(({ text }) => text)
    const through = crossSiteRows.filter((row) => applies(row, 'a note') && decide(row, 'a note') === 'allow')
    expect(kept.sort()).toEqual(through.map(textOf).sort())
  })

  async function ask(name: RouteName, row: OriginRow): Promise<Answer> {
    const route: Route = routes[name]
    const body = route.body?.(row, visitor)
    const question = {
      method: route.method,
      target: route.target,
      headers: [
        ...presented(name, route),
        ['Content-Type', row.type ?? 'application/json'] as const,
        ...(route.headers ?? []),
        ...row.headers.map(filled),
      ],
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }
    const answer = await server.ask(question)
    return name === 'refresh' && answer.status === 200 ? visitor.keep(answer) : answer
  }

  function presented(name: RouteName, { presents }: Route): readonly Header[] {
    if (presents === 'nothing') return []
    if (presents === 'nobody’s') return [filled(nobodys)]
    const held = visitor.credentials()
    return name === 'refresh' && transport === 'split' ? held.filter(([header]) => header === 'Cookie') : held
  }

  function filled([name, value]: Header): Header {
    return [name, value.replaceAll('{port}', String(server.port))]
  }

  function decide(row: OriginRow, name: RouteName): Decision {
    const column = columnOf(name)
    return name === 'sign-in' && column === 'bearer' ? (row.bearerSignIn ?? row.bearer) : row[column]
  }

  /** Of a media type that a route does not take, only a refusal can be told from the refusal of the type. */
  function applies(row: OriginRow, name: RouteName): boolean {
    const typed = row.type !== undefined && row.row === 11
    if (name === 'sign-in') return !typed && !asksForAnother(row)
    return !typed || decide(row, name) === 'refuse'
  }

  /** A sign-in over a transport that this server does not offer is no sign-in, wherever it comes from. */
  function asksForAnother({ headers }: OriginRow): boolean {
    const asked = headers.filter(([name]) => name === 'Handstamp-Transport').map(([, value]) => value)
    return asked.length > 0 && asked.join(', ') !== transport
  }
})

function textOf({ row, name }: OriginRow): string {
  return `${row} ${name}`
}

function outcomeOf(answer: Answer): string {
  if (answer.status !== 403) {
    const code = (answer.json as { readonly code?: string } | undefined)?.code
    return code === undefined ? String(answer.status) : `${answer.status} ${code}`
  }
  expectRefusal(answer, { status: 403, code: 'cross_site' })
  return 'refused'
}

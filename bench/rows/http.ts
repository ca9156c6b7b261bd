/**
 * The CPU time that recognising a client adds to an HTTP request over a bare server, measured in a process for each
 * contender, in interleaved rounds of a fixed number of requests on loopback.
 * @module
 */
import { type Pace, type RowFacts, type RowResult, type RowSource, rowOf } from '../harness/row.ts'
import { constant, rotated, type Series } from '../harness/stats.ts'
import { type Child, startChild } from './child.ts'
import { type Load, openLoad } from './load.ts'

const names = {
  session: 'Handstamp, memory session',
  token: 'Handstamp, token seen before',
  hybrid: 'Handstamp, hybrid',
  express: 'express-session',
  fastJwt: 'fast-jwt, cached',
  jose: 'jose',
} as const

type Kind = keyof typeof names | 'bare'

const sixMicroseconds = 'budget of 6 µs'
const fiveMicroseconds = 'budget of 5 µs'
const facts: readonly (RowFacts & { readonly peers: readonly string[]; readonly budget?: number })[] = [
  {
    ...added('memory session', names.session, sixMicroseconds, 1),
    budget: 6,
    peers: [names.express],
  },
  {
    ...added('token seen before', names.token, fiveMicroseconds, 1),
    budget: 5,
    peers: [names.fastJwt, names.jose],
  },
  { ...added('hybrid', names.hybrid, names.fastJwt), peers: [names.jose, names.express] },
  { ...added('memory session beside express-session', names.session, names.express, 0.1), peers: [names.hybrid] },
]

export const httpRows: RowSource = { names: facts.map(({ name }) => name), run }

function added(what: string, subject: string, base: string, goal?: number): RowFacts {
  const aim = goal === undefined ? {} : { goal }
  return { name: `HTTP, ${what}`, group: 'CPU added to an HTTP request', base, subject, unit: 'µs', ...aim }
}

async function run({ quick }: Pace): Promise<readonly RowResult[]> {
  const [rounds, requests, warm] = quick ? [8, 800, 8_000] : [30, 1_500, 25_000]
  const kinds: readonly Kind[] = ['bare', ...(Object.keys(names) as (keyof typeof names)[])]
  const servers = new Map<Kind, Server>()
  try {
    for (const kind of kinds) servers.set(kind, await startServer(kind))
    const series = await interleaved(servers, { rounds, requests, warm })
    return facts.map(({ peers, budget, ...row }) => {
      const base = budget === undefined ? [] : [constant(row.base, budget, rounds)]
      const wanted = new Set([row.base, row.subject, ...peers])
      return rowOf(row, [...base, ...series.filter(({ name }) => wanted.has(name))])
    })
  } finally {
    for (const { child, load } of servers.values()) {
      load.close()
      child.end()
    }
  }
}

interface Amount {
  readonly rounds: number
  /** In one round, for each server. */
  readonly requests: number
  /** Before the first round: until then compilers are at work on other threads of the same process. */
  readonly warm: number
}

interface Server {
  readonly child: Child
  readonly load: Load
}

async function startServer(kind: Kind): Promise<Server> {
  const child = startChild('http.ts', [kind], ['--expose-gc'])
  const { port, headers } = (await child.ready) as { readonly port: number; readonly headers: readonly string[] }
  return { child, load: await openLoad(port, headers) }
}

/** Answers what each contender took beyond the bare server in the same round. */
async function interleaved(servers: ReadonlyMap<Kind, Server>, { rounds, requests, warm }: Amount): Promise<Series[]> {
  const spent = new Map<Kind, number[]>([...servers.keys()].map((kind) => [kind, []]))
  for (const { load } of servers.values()) await load.send(warm)
  for (let round = 0; round < rounds; round += 1) {
    for (const [kind, { child, load }] of rotated([...servers], round)) {
      const before = await cpuOf(child)
      const answered = await load.send(requests)
      spent.get(kind)?.push(((await cpuOf(child)) - before) / answered)
    }
  }
  const bare = spent.get('bare') ?? []
  return (Object.keys(names) as (keyof typeof names)[]).map((kind) => {
    const whole = spent.get(kind) ?? []
    const rounds = whole.map((cost, round) => cost - (bare[round] ?? 0))
    return { name: names[kind], rounds, best: Math.min(...whole) - Math.min(...bare) }
  })
}

async function cpuOf(child: Child): Promise<number> {
  return ((await child.ask({ ask: 'cpu' })) as { readonly cpu: number }).cpu
}

/**
 * Measures the lines: delays one request at a time and in interleaved rounds, then each line by itself under load, by one
 * server and by two.
 * @module
 */
import { median, rotated } from '../harness/stats.ts'
import { type Child, startChild } from '../rows/child.ts'
import { jwkOf, newKey } from '../rows/subject.ts'
import { type Connection, openConnection, requestOf } from './client.ts'
import { type Line, lines, type Measured, type StoreKind, type Told, warming } from './lines.ts'
import { percentile } from './percentile.ts'
import { type Place, startPlace } from './places.ts'

export interface Amount {
  readonly rounds: number
  /** Requests of one round, one at a time. */
  readonly requests: number
  /** Milliseconds of one measurement under load. */
  readonly loadMs: number
  readonly weighed: number
}

export const amounts: { readonly normal: Amount; readonly quick: Amount } = {
  normal: { rounds: 30, requests: 100, loadMs: 350, weighed: 2_000 },
  quick: { rounds: 5, requests: 60, loadMs: 200, weighed: 200 },
}

const connections = 16
const bare: Line = { name: 'bare', strategy: 'session', clients: 0 }

interface Server {
  readonly told: Told
  readonly child: Child
  readonly port: number
  readonly requests: readonly Buffer[]
  readonly header: number
}

interface State {
  readonly cpu: number
  readonly calls: number
  readonly bytes: number
}

export async function measureLines(amount: Amount, tell: (what: string) => void): Promise<readonly Measured[]> {
  const places = new Map<StoreKind, Place | string>()
  const servers: Server[] = []
  try {
    tell('starting stores')
    const kinds = [...new Set(lines.flatMap(({ store }) => (store === undefined ? [] : [store])))]
    for (const kind of kinds) places.set(kind, await startPlace(kind))
    const key = jwkOf(newKey('ES256'))
    const floor = await startServer({ line: bare, at: '', key, first: true })
    servers.push(floor)
    for (const line of lines) {
      const place = line.store === undefined ? { at: '' } : places.get(line.store)
      if (typeof place === 'object') servers.push(await startServer({ line, at: place.at, key, first: true }))
    }
    tell(`measuring delays of ${servers.length} servers`)
    const delays = await delaysOf(servers, amount)
    const measured: Measured[] = []
    for (const line of lines) {
      const server = servers.find(({ told }) => told.line === line)
      const place = line.store === undefined ? undefined : places.get(line.store)
      if (server === undefined) {
        measured.push(skipped(line, typeof place === 'string' ? place : 'it did not start'))
        continue
      }
      tell(`measuring ${line.name}`)
      const between = (part: number) => added(delays.get(server)?.rounds ?? [], delays.get(floor)?.rounds ?? [], part)
      const load = await oneAndTwo(server, floor, amount)
      const weights = await weigh(server, typeof place === 'object' ? place : undefined, amount.weighed)
      measured.push({
        name: line.name,
        p50: between(0.5),
        p99: between(0.99),
        cpu: load.cpu,
        calls: delays.get(server)?.calls ?? 0,
        header: server.header,
        ...weights,
        known: load.known,
        one: load.one,
        two: load.two,
      })
    }
    return measured
  } finally {
    for (const { child } of servers) child.end()
    for (const place of places.values()) if (typeof place === 'object') await place.stop()
  }
}

function skipped({ name }: Line, why: string): Measured {
  const none = { p50: 0, p99: 0, cpu: 0, calls: 0, header: 0, nodeBytes: 0, storeBytes: 0, known: 0, one: 0, two: 0 }
  return { name, skipped: why, ...none }
}

async function startServer(told: Told): Promise<Server> {
  const child = startChild('../compare/server.ts', [JSON.stringify(told)], ['--expose-gc', '--no-warnings'])
  const { port, headers } = (await child.ready) as { readonly port: number; readonly headers: readonly string[] }
  const requests = (headers.length === 0 ? [''] : headers).map(requestOf)
  const header = headers.reduce((total, line) => total + line.length, 0) / Math.max(1, headers.length)
  return { told, child, port, requests, header }
}

interface Delays {
  /** Microseconds of each request, by rounds. */
  readonly rounds: number[][]
  calls: number
}

/** Within a round, as what slows the machine down for a while slows down both; then the middle of all rounds. */
function added(own: readonly number[][], bare: readonly number[][], part: number): number {
  return median(own.map((micros, round) => percentile(micros, part) - percentile(bare[round] ?? [], part)))
}

/** One request at a time to each, in turn: what somebody waits whom nobody else keeps waiting. */
async function delaysOf(servers: readonly Server[], { rounds, requests }: Amount): Promise<Map<Server, Delays>> {
  const delays = new Map<Server, Delays>(servers.map((server) => [server, { rounds: [], calls: 0 }]))
  const opened = new Map<Server, Connection>()
  const turns = new Map<Server, number>()
  try {
    for (const server of servers) opened.set(server, await openConnection(server.port))
    for (let round = -3; round < rounds; round += 1) {
      for (const server of rotated(servers, round + 3)) {
        const to = opened.get(server) as Connection
        const before = await stateOf(server)
        const first = turns.get(server) ?? 0
        const micros: number[] = []
        for (let at = first; at < first + requests; at += 1) {
          micros.push(await timed(to, server.requests[at % server.requests.length] as Buffer))
        }
        turns.set(server, first + requests)
        const of = delays.get(server)
        if (round < 0 || of === undefined) continue
        of.rounds.push(micros)
        of.calls += ((await stateOf(server)).calls - before.calls) / requests / rounds
      }
    }
  } finally {
    for (const connection of opened.values()) connection.close()
  }
  return delays
}

async function timed(connection: Connection, request: Buffer): Promise<number> {
  const before = performance.now()
  const status = await connection.send(request)
  if (status !== 200) throw new Error(`a server of the comparison answered ${status}`)
  return (performance.now() - before) * 1_000
}

async function oneAndTwo(
  server: Server,
  floor: Server,
  amount: Amount,
): Promise<{ cpu: number; one: number; two: number; known: number }> {
  const second = await startServer({ ...server.told, first: false })
  try {
    const other: Server = { ...second, requests: server.requests }
    const known = await knownTo(other)
    const costs: number[] = []
    const ones: number[] = []
    const twos: number[] = []
    for (let round = -1; round < 3; round += 1) {
      const none = await underLoad([floor], amount)
      const alone = await underLoad([server], amount)
      const both = await underLoad([server, other], amount)
      // In the first, compilers are still at work.
      if (round < 0) continue
      costs.push(alone.cpu - none.cpu)
      ones.push(alone.rate)
      twos.push(both.rate)
    }
    return { cpu: median(costs), one: median(ones), two: median(twos), known }
  } finally {
    second.child.end()
  }
}

/** The part of the first one's clients that the second one lets in. */
async function knownTo(server: Server): Promise<number> {
  const connection = await openConnection(server.port)
  let known = 0
  const asked = server.requests.slice(0, 256)
  for (const request of asked) if ((await connection.send(request)) === 200) known += 1
  connection.close()
  return known / asked.length
}

/** As many requests as are answered in the time, over kept connections that never wait for one another. */
async function underLoad(
  servers: readonly Server[],
  { loadMs }: Amount,
): Promise<{ readonly rate: number; readonly cpu: number }> {
  const before = await Promise.all(servers.map(stateOf))
  const began = performance.now()
  let answered = 0
  const lanes = servers.flatMap((server) => Array.from({ length: connections }, (_, lane) => ({ server, lane })))
  await Promise.all(
    lanes.map(async ({ server, lane }) => {
      const connection = await openConnection(server.port)
      for (let at = lane; performance.now() - began < loadMs; at += connections) {
        await connection.send(server.requests[at % server.requests.length] as Buffer)
        answered += 1
      }
      connection.close()
    }),
  )
  const seconds = (performance.now() - began) / 1_000
  const after = await Promise.all(servers.map(stateOf))
  const cpu = after.reduce((total, state, at) => total + state.cpu - (before[at]?.cpu ?? 0), 0)
  return { rate: answered / seconds, cpu: cpu / answered }
}

async function weigh(
  server: Server,
  place: Place | undefined,
  weighed: number,
): Promise<{ readonly nodeBytes: number; readonly storeBytes: number }> {
  const before = (await place?.bytes()) ?? 0
  const { bytes } = (await server.child.ask({ weighed })) as State
  // More were made before the process was weighed.
  const storeBytes = (((await place?.bytes()) ?? 0) - before) / (weighed + warming)
  return { nodeBytes: Math.max(0, bytes), storeBytes }
}

async function stateOf({ child }: Server): Promise<State> {
  return (await child.ask({})) as State
}

/**
 * What recognising a client adds to the CPU time of an HTTP request: a process for each contender and one that
 * recognises nobody, in interleaved rounds of a fixed number of requests on loopback.
 * @module
 */
import type { Pace } from '../harness/row.ts'
import { rotated, type Series } from '../harness/stats.ts'
import { type Child, startChild } from './child.ts'
import { type Load, openLoad } from './load.ts'

/** A contender of `servers/http.ts`, and what the table calls it. */
export interface HttpContender {
  readonly kind: string
  readonly name: string
  /** Further arguments, as the port of a store. */
  readonly args?: readonly string[]
  /** Requests before the first round, where so many as for the others would take too long. */
  readonly warm?: number
}

interface Amount {
  readonly rounds: number
  /** In one round, for each server. */
  readonly requests: number
  /** Before the first round: until then compilers are at work on other threads of the same process. */
  readonly warm: number
}

interface Server extends HttpContender {
  readonly child: Child
  readonly load: Load
}

const bareServer: HttpContender = { kind: 'bare', name: 'a server that recognises nobody' }

/** Answers what each contender took beyond the bare server in the same round. */
export async function addedCosts(contenders: readonly HttpContender[], { quick }: Pace): Promise<readonly Series[]> {
  const amount = quick ? { rounds: 8, requests: 800, warm: 8_000 } : { rounds: 30, requests: 1_500, warm: 25_000 }
  const servers: Server[] = []
  try {
    for (const contender of [bareServer, ...contenders]) servers.push(await startServer(contender))
    return beyond(await interleaved(servers, amount))
  } finally {
    for (const { child, load } of servers) {
      load.close()
      child.end()
    }
  }
}

async function startServer(contender: HttpContender): Promise<Server> {
  const child = startChild('http.ts', [contender.kind, ...(contender.args ?? [])], ['--expose-gc'])
  const { port, headers } = (await child.ready) as { readonly port: number; readonly headers: readonly string[] }
  return { ...contender, child, load: await openLoad(port, headers) }
}

async function interleaved(servers: readonly Server[], { rounds, requests, warm }: Amount): Promise<readonly Series[]> {
  const spent = new Map<Server, number[]>(servers.map((server) => [server, []]))
  for (const server of servers) await server.load.send(Math.min(warm, server.warm ?? warm))
  for (let round = 0; round < rounds; round += 1) {
    for (const server of rotated(servers, round)) {
      const before = await cpuOf(server.child)
      const answered = await server.load.send(requests)
      spent.get(server)?.push(((await cpuOf(server.child)) - before) / answered)
    }
  }
  return servers.map((server) => ({ name: server.name, rounds: spent.get(server) ?? [] }))
}

/** The first is the bare one. */
function beyond([bare, ...others]: readonly Series[]): readonly Series[] {
  const under = bare?.rounds ?? []
  return others.map(({ name, rounds }) => ({
    name,
    rounds: rounds.map((cost, round) => cost - (under[round] ?? 0)),
    best: Math.min(...rounds) - Math.min(...under),
  }))
}

async function cpuOf(child: Child): Promise<number> {
  return ((await child.ask({ ask: 'cpu' })) as { readonly cpu: number }).cpu
}

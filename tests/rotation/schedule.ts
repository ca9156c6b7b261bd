/**
 * Plays one schedule: each row is one move of an operation, of the clock, of the network or of the operator.
 * @module
 */
import type { SessionRecord } from '@handstamp/core/session'
import { type Config, times } from './config.ts'
import { presentDump } from './dump.ts'
import * as ask from './operations.ts'
import { createRequests, type Requests } from './requests.ts'
import { createRunner, type Runner, type RunnerOptions } from './runner.ts'
import { nameOf, shortId } from './story.ts'
import { pick, type Row, weighted } from './tape.ts'
import { createWatch, Violation, type Watch } from './watch.ts'
import { createWorld, type Operation, type Outcome, type World } from './world.ts'

export interface PlayOptions extends RunnerOptions {
  /** Told what the schedule came by, to be counted. */
  readonly came?: (by: string) => void
}

export interface Played {
  readonly operations: number
  readonly violation?: Violation
}

const mostRunning = 4
/** By how much clocks may be set back in one schedule, so that none is ever more than 30 seconds from another. */
const mostSetBack = 4_000

type Move = 'start' | 'go' | 'network' | 'tick' | 'leap' | 'crash' | 'deploy' | 'set back' | 'failover'
const moves: readonly (readonly [number, Move])[] = [
  [30, 'start'],
  [44, 'go'],
  [7, 'network'],
  [7, 'tick'],
  [5, 'leap'],
  [3, 'crash'],
  [2, 'deploy'],
  [1, 'set back'],
  [1, 'failover'],
]
const ticks = [1, 10, 100, 500, 900, 1_000, 250, 700] as const

export async function play(config: Config, rows: readonly Row[], options: PlayOptions = {}): Promise<Played> {
  const world = createWorld(config, options.came)
  const schedule = createSchedule(world, createWatch(world), options)
  try {
    await schedule.signInAll()
    for (const row of rows) await schedule.step(row)
    await schedule.finish()
    return { operations: schedule.count() }
  } catch (error) {
    if (error instanceof Violation) return { operations: schedule.count(), violation: error }
    throw error
  } finally {
    await world.close()
  }
}

interface Schedule {
  count(): number
  signInAll(): Promise<void>
  step(row: Row): Promise<void>
  finish(): Promise<void>
}

function createSchedule(world: World, watch: Watch, options: PlayOptions): Schedule {
  const { config, lot, browsers, servers } = world
  const { trace } = options
  const network: Operation[] = []
  const history: SessionRecord[] = []
  let wrote = false
  let setBackLeft = mostSetBack

  const requests: Requests = createRequests(world, watch, () => runner)
  const runner: Runner = createRunner(world, watch, options, {
    ended(operation) {
      requests.judge(operation)
      if (operation.browser && !operation.abandoned) network.push(operation)
    },
    wrote(method, args, value) {
      wrote = true
      if (method === 'save' && value === 'saved') history.push(args[1] as SessionRecord)
      if (method === 'replace' && value === true) history.push(args[2] as SessionRecord)
    },
  })

  function deliver(operation: Operation, lost: boolean): void {
    network.splice(network.indexOf(operation), 1)
    requests.deliver(operation, lost)
    if (lost) trace?.(`the answer to ${nameOf(operation)} is lost`)
  }

  function deliverAll(): void {
    for (const operation of [...network]) deliver(operation, false)
  }

  async function move(what: Move, a: number, b: number, c: number): Promise<void> {
    switch (what) {
      case 'start':
        if (runner.running.size < mostRunning) await requests.start(a, b, c)
        else await resume(a, b)
        return
      case 'go':
        return resume(a, b)
      case 'network':
        if (network.length > 0) deliver(pick(network, a), b % 3 === 0)
        else abandon(a)
        return
      case 'tick':
        return advance(pick(ticks, a))
      case 'leap':
        return leap(a)
      case 'crash':
        return crash(a)
      case 'deploy':
        return deploy(a % servers.length)
      case 'set back':
        return setBack(a % servers.length, pick([1, 900, 2_000], b))
      case 'failover':
        return failover(a)
    }
  }

  async function resume(a: number, b: number): Promise<void> {
    if (lot.calls.length > 0) await runner.go(pick(lot.calls, a), b)
  }

  function crash(a: number): void {
    if (lot.calls.length === 0) return
    const { owner } = pick(lot.calls, a)
    runner.kill(owner)
    if (!owner.abandoned) requests.lose(owner)
  }

  /** Whoever waits gives up: the tab is closed, the connection lost. */
  function abandon(a: number): void {
    const waiting = [...runner.running].filter((one) => one.browser && !one.abandoned && requests.mayAbandon(one))
    if (waiting.length === 0) return
    const operation = pick(waiting, a)
    operation.abandoned = true
    if (operation.browser) operation.browser.busy -= 1
    trace?.(`nobody waits for ${nameOf(operation)} any more`)
  }

  /** A call is answered in two seconds, where all are honest in one; a response travels no longer than that. */
  function mayAdvance(by: number): boolean {
    const then = world.now() + by
    const slowest = config.honest ? 1_000 : 2_000
    if (lot.calls.some(({ askedAt }) => askedAt + slowest < then)) return false
    return (
      then <= requests.patience() && !(config.honest && by > 1_000 && (runner.running.size > 0 || network.length > 0))
    )
  }

  function advance(wanted: number): void {
    for (let by = wanted; by > 0; by = by > 8 ? by >> 1 : 0) {
      if (!mayAdvance(by)) continue
      world.advance(by)
      trace?.(`the clock moves on by ${by} ms`)
      return
    }
  }

  async function leap(a: number): Promise<void> {
    if (!config.honest) await runner.complete()
    const { grace } = config
    const { forgiven } = world
    const { access, idle, lifetime } = times
    const edges = [grace - 1, grace, grace + 1, forgiven - 1, forgiven, forgiven + 1, access, idle / 2, idle - 1, idle]
    advance(pick([...edges, lifetime / 2], a))
    wrote = true
  }

  /** A rolling change of secrets: the next phase is for whoever has seen all others reach the present one. */
  function deploy(at: number): void {
    const phase = servers[at]?.phase ?? 0
    if (phase === 3 || config.strategy !== 'hybrid') return
    // The last phase takes the old secret away, which is only early where nobody promised otherwise.
    if (config.honest && (phase === 2 || servers.some((server) => server.phase < phase))) return
    world.deploy(at)
    trace?.(`node ${at} has the secrets of phase ${phase + 1}`)
  }

  function setBack(at: number, wanted: number): void {
    const by = Math.min(wanted, setBackLeft)
    setBackLeft -= by
    world.setBack(at, by)
    trace?.(`the clock of node ${at} is set back by ${by} ms`)
  }

  /** The store loses its last writes to one record (security.md has it as a failover of Redis). */
  async function failover(a: number): Promise<void> {
    if (config.honest || config.strategy !== 'hybrid' || history.length === 0) return
    const old = pick(history, a)
    const found = await world.raw.find(old.id)
    const before = watch.families.get(old.id)?.line.get(old.rotation?.g ?? 0)
    if (!found || found.record.epoch !== old.epoch || before?.cur !== old.rotation?.cur) return
    await world.raw.delete(old.id)
    await world.raw.save(old.id, old, { epoch: old.epoch, cap: 1_000 })
    watch.rolledBack(old)
    world.came('failover')
    trace?.(`the store loses its last writes: session ${shortId(old.id)} is at generation ${old.rotation?.g} again`)
  }

  /** One refresh from start to end, by somebody who found its token somewhere. */
  async function present(refresh: string): Promise<Outcome | undefined> {
    const facts = { presented: refresh }
    const operation = await runner.begin('future', 0, ({ server }) => ask.refresh(world, server, { refresh }), facts)
    await runner.complete()
    return operation.outcome
  }

  return {
    count: runner.count,

    async signInAll() {
      for (const browser of browsers) {
        const work = ({ server }: Operation): Promise<Outcome> => ask.signInProven(world, server, browser)
        const operation = await runner.begin('signIn', 0, work, { browser })
        operation.provenAt = 0
        await runner.complete()
        deliverAll()
      }
    },

    async step([what, a, b, c]) {
      await move(weighted(moves, what), a, b, c)
      // Most answers arrive at once.
      if (c % 4 !== 0) deliverAll()
      if (wrote) await watch.look()
      wrote = false
    },

    async finish() {
      await runner.complete()
      deliverAll()
      await watch.look()
      if (config.strategy !== 'hybrid' || config.seed % 16 !== 0) return
      await presentDump(world, watch, present)
      await watch.look()
    },
  }
}

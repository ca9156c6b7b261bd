/**
 * Owns the life of operations: they start, wait at each call to the store, go on when the schedule says so, and end.
 * @module
 */
import { checkMove } from './conformance.ts'
import { type Call, turn } from './parking-lot.ts'
import { describe, nameOf, short } from './story.ts'
import { pick } from './tape.ts'
import { isRefresh, Violation, type Watch } from './watch.ts'
import type { Kind, Operation, Outcome, World } from './world.ts'

export interface RunnerOptions {
  /** Also hold every move of a refresh to the protocol; true unless set. */
  readonly conformance?: boolean
  /** Told what happens, a line a step. */
  readonly trace?: (line: string) => void
}

export interface Runner {
  /** Operations that have not ended. */
  readonly running: ReadonlySet<Operation>
  count(): number
  /** Starts an operation on one of the servers, up to its first call to the store. */
  begin(
    kind: Kind,
    at: number,
    work: (operation: Operation) => Promise<Outcome>,
    facts?: Partial<Pick<Operation, 'browser' | 'presented' | 'ends'>>,
  ): Promise<Operation>
  /** One move of a call: applied, answered, both, or made to fail before or after it was applied. */
  go(call: Call<Operation>, how: number): Promise<void>
  /** Everything that waits goes on to its end. */
  complete(): Promise<void>
  /** The process of an operation dies. */
  kill(operation: Operation): void
}

/** `ended` is told of operations whose answer is on its way; `wrote` of every write that was applied. */
export function createRunner(
  world: World,
  watch: Watch,
  { conformance = true, trace }: RunnerOptions,
  told: {
    readonly ended: (operation: Operation) => void
    readonly wrote: (method: string, args: readonly unknown[], value: unknown) => void
  },
): Runner {
  const { config, lot, servers } = world
  const running = new Set<Operation>()
  let started = 0
  let step = 0

  /** Until nothing moves any more: every operation has ended, or waits for the schedule. */
  async function quiet(): Promise<void> {
    for (let turns = 0; ; turns += 1) {
      await turn()
      const waiting = new Set(lot.calls.map(({ owner }) => owner))
      if ([...running].every((one) => one.outcome !== undefined || waiting.has(one))) break
      if (turns === 100) throw new Violation('hang', 'an operation neither ends nor waits for the store')
    }
    for (const operation of running) {
      if (operation.outcome === undefined) continue
      running.delete(operation)
      trace?.(`${nameOf(operation)} ends: ${describe(operation.outcome)}`)
      world.came(`${operation.kind} ${operation.outcome.is}`)
      checkOutcome(operation)
      await watch.finished(operation)
      told.ended(operation)
    }
  }

  async function applyCall(call: Call<Operation>): Promise<void> {
    const { owner, method, args } = call
    const value = await lot.apply(call)
    trace?.(`${nameOf(owner)} ${method} applied: ${short(value)}`)
    watch.applied(owner, method, args, value)
    if (method === 'verify') owner.provenAt = step
    else if (method !== 'find' && method !== 'listByUser') told.wrote(method, args, value)
  }

  async function failCall(call: Call<Operation>): Promise<void> {
    const { owner, method } = call
    trace?.(`${nameOf(owner)} ${method} fails${call.answer ? ', although it was applied' : ''}`)
    owner.hurt = true
    lot.fail(call)
    await quiet()
    if (isRefresh(owner) && owner.outcome?.is !== 'failed')
      throw new Violation('R17', `${owner.kind} went on although ${method} had failed`)
  }

  async function answerCall(call: Call<Operation>): Promise<void> {
    const { owner, method, args, answer } = call
    if (method === 'find') owner.found = { value: answer?.value as never, now: owner.server.now() }
    if (method === 'replace' && answer?.value === false) owner.lost += 1
    lot.settle(call)
    await quiet()
    if (!conformance || config.strategy !== 'hybrid' || !isRefresh(owner)) return
    checkMove(
      world,
      owner,
      { method, args, value: answer?.value },
      lot.calls.find((one) => one.owner === owner),
    )
  }

  async function go(call: Call<Operation>, how: number): Promise<void> {
    const move = how % 16
    step += 1
    watch.begin(step)
    const fails = move === 1 || move === 2
    if (call.answer === undefined && move !== 1) {
      await applyCall(call)
      if (move > 12) return
    }
    await (fails ? failCall(call) : answerCall(call))
  }

  return {
    running,
    count: () => started,

    async begin(kind, at, work, facts = {}) {
      started += 1
      const operation: Operation = {
        number: started,
        kind,
        server: pick(servers, at),
        ends: [],
        ...facts,
        outcome: undefined,
        abandoned: false,
        hurt: false,
        found: undefined,
        appliedAt: -1,
        provenAt: -1,
        lost: 0,
      }
      if (operation.browser) operation.browser.busy += 1
      trace?.(`${nameOf(operation)} starts on ${operation.server.name}`)
      running.add(operation)
      void lot
        .run(operation, () => work(operation))
        .then(
          (outcome) => {
            operation.outcome = outcome
          },
          (error: unknown) => {
            operation.outcome = { is: 'broken', error }
          },
        )
      await quiet()
      return operation
    },

    go,

    async complete() {
      for (let moves = 0; ; moves += 1) {
        const [call] = lot.calls
        if (call === undefined) return
        if (moves === 1_000) throw new Violation('hang', 'operations never end')
        await go(call, 0)
      }
    },

    kill(operation) {
      trace?.(`the process of ${nameOf(operation)} dies`)
      running.delete(operation)
      lot.bury(operation)
      if (operation.browser && !operation.abandoned) operation.browser.busy -= 1
    },
  }
}

/** A failure has a cause, and what failed is no success. */
function checkOutcome({ outcome, hurt, kind }: Operation): void {
  if (outcome?.is === 'broken') throw new Violation('error', String((outcome.error as Error)?.stack ?? outcome.error))
  if (outcome?.is === 'failed' && !hurt && !['ERR_STORE_CONFLICT', 'ERR_KEY_UNAVAILABLE'].includes(outcome.code))
    throw new Violation('error', `${kind} failed with ${outcome.code}, and nothing was wrong`)
  // A touch is the one write whose failure nobody needs to know of.
  if (hurt && outcome?.is === 'granted' && kind !== 'authenticate')
    throw new Violation('R17', `${kind} was granted although the store failed`)
}

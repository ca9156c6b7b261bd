/**
 * Runs contenders in interleaved rounds and says what each operation cost in CPU time.
 *
 * A small harness of its own, since tinybench and mitata finish one task before they begin the next: minutes then lie
 * between two numbers that are divided by each other, and on a machine with neighbours that decides the ratio. The clock
 * is the CPU time of the process with all its threads, so that neither a neighbour counts nor the wait for a thread of the
 * pool, while work done on one does.
 * @module
 */
import { blackhole } from './blackhole.ts'
import { rotated, type Series } from './stats.ts'

export interface Contender<Input = unknown> {
  readonly name: string
  /** Inputs that nobody has seen before, made outside of the measured time. */
  prepare(count: number, round: number): readonly Input[] | Promise<readonly Input[]>
  run(input: Input): unknown
  /** Throws, or answers false, where the result is not what it should be. Asked before anything is measured. */
  check(result: Awaited<unknown>): boolean
}

export interface Plan {
  readonly rounds: number
  /** Microseconds of CPU that one contender may take in one round. */
  readonly budget: number
  /** Most operations in one round; a row whose inputs are dear sets it lower. */
  readonly most?: number
  /** Operations under way at once, where they are asynchronous. */
  readonly lanes?: number
  /** Where a server of its own does part of the work, the time that passes counts it too, and every wait; `cpu` unless set. */
  readonly clock?: 'cpu' | 'elapsed'
}

const least = 20
const warmRounds = 6

/** Answers what each contender took in each round, in microseconds for one operation. */
export async function measure(contenders: readonly Contender[], plan: Plan): Promise<readonly Series[]> {
  for (const contender of contenders) await prove(contender)
  const counts = new Map<Contender, number>()
  const rounds = new Map(contenders.map((contender) => [contender, [] as number[]]))
  for (let round = -warmRounds; round < plan.rounds; round += 1) {
    for (const contender of rotated(contenders, round + warmRounds)) {
      const count = counts.get(contender) ?? least
      const spent = await timed(contender, count, round, plan)
      if (round >= 0) rounds.get(contender)?.push(spent)
      else counts.set(contender, countFor(spent, plan))
    }
  }
  return contenders.map((contender) => ({ name: contender.name, rounds: rounds.get(contender) ?? [] }))
}

/** Answers how many operations fill the budget. */
export function countFor(microseconds: number, { budget, most = 20_000 }: Pick<Plan, 'budget' | 'most'>): number {
  return Math.max(least, Math.min(most, Math.round(budget / Math.max(microseconds, 0.01))))
}

async function prove(contender: Contender): Promise<void> {
  for (const input of await contender.prepare(least, -warmRounds - 1)) {
    const result: unknown = await contender.run(input)
    if (!contender.check(result)) throw new Error(`${contender.name} does not do what it is measured for`)
  }
}

async function timed(contender: Contender, count: number, round: number, plan: Plan): Promise<number> {
  const { lanes = 8, clock = 'cpu' } = plan
  const inputs = await contender.prepare(count, round)
  // What others have left is not for this one to clear away.
  globalThis.gc?.({ type: 'minor' })
  const before = process.cpuUsage()
  const began = performance.now()
  const running: Promise<void>[] = []
  for (let lane = 0; lane < lanes; lane += 1) running.push(runLane(contender, inputs, lane, lanes))
  await Promise.all(running)
  const elapsed = (performance.now() - began) * 1_000
  const { user, system } = process.cpuUsage(before)
  return (clock === 'elapsed' ? elapsed : user + system) / inputs.length
}

/** Every eighth input, where there are eight lanes. What answers at once is not awaited, so the first lanes are done before the next ones begin. */
async function runLane(contender: Contender, inputs: readonly unknown[], lane: number, lanes: number): Promise<void> {
  for (let at = lane; at < inputs.length; at += lanes) {
    const result = contender.run(inputs[at])
    blackhole(result instanceof Promise ? await result : result)
  }
}

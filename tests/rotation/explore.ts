/**
 * Plays many schedules, and of the first that breaks a rule makes the shortest that still does, with the way to play it again.
 * @module
 */

import { type Config, configOf, type Fault } from './config.ts'
import { type PlayOptions, play } from './schedule.ts'
import { type Row, readRows, rowsOf, writeRows } from './tape.ts'
import type { Violation } from './watch.ts'

/** Rows of a schedule; about every third starts an operation. */
export const rowsInSchedule = 80

export interface Exploration extends PlayOptions {
  readonly from: number
  readonly count: number
  readonly fault?: Fault
}

export interface Failure {
  readonly seed: number
  readonly config: Config
  readonly rows: readonly Row[]
  readonly violation: Violation
}

export interface Explored {
  readonly schedules: number
  readonly operations: number
  readonly failure?: Failure
}

function configWith(seed: number, fault: Fault | undefined): Config {
  return fault === undefined ? configOf(seed) : { ...configOf(seed), ...fault.config, fault }
}

/** Plays the schedules of `count` seeds, and stops at the first that breaks a rule. */
export async function explore({ from, count, fault, ...options }: Exploration): Promise<Explored> {
  let operations = 0
  for (let seed = from; seed < from + count; seed += 1) {
    const config = configWith(seed, fault)
    const rows = rowsOf(seed, rowsInSchedule)
    const played = await play(config, rows, options)
    operations += played.operations
    if (!played.violation) continue
    const failure = await shrink({ seed, config, rows, violation: played.violation }, options)
    return { schedules: seed - from + 1, operations, failure }
  }
  return { schedules: count, operations }
}

/** Takes rows out, then makes their numbers smaller, as long as the same rule is broken. */
export async function shrink(failure: Failure, options: PlayOptions): Promise<Failure> {
  const { config } = failure
  let { rows, violation } = failure
  let tries = 3_000

  async function fails(candidate: readonly Row[]): Promise<boolean> {
    if (tries === 0) return false
    tries -= 1
    const played = await play(config, candidate, options)
    if (played.violation?.rule !== violation.rule) return false
    rows = candidate
    violation = played.violation
    return true
  }

  for (let before = Number.POSITIVE_INFINITY; before > rows.length; ) {
    before = rows.length
    for (let size = rows.length; size >= 1; size = Math.floor(size / 2)) {
      for (let at = 0; at < rows.length; ) {
        if (!(await fails([...rows.slice(0, at), ...rows.slice(at + size)]))) at += size
      }
    }
  }
  for (let at = 0; at < rows.length; at += 1) {
    for (const column of [0, 1, 2, 3]) {
      const row = rows[at] as Row
      if (row[column] !== 0) await fails(rows.with(at, row.with(column, 0) as unknown as Row))
    }
  }
  return { ...failure, rows, violation }
}

/** What happened, step by step, and how to see it again. */
export async function report({ seed, config, rows, violation }: Failure, options: PlayOptions): Promise<string> {
  const lines: string[] = []
  await play(config, rows, { ...options, trace: (line) => lines.push(line) })
  const { fault, ...shown } = config
  return [
    violation.message,
    `on ${JSON.stringify(shown)}${fault ? ` with the fault "${fault.name}"` : ''}`,
    ...lines.map((line) => `  ${line}`),
    'again, the whole schedule and its shortest part:',
    `  HANDSTAMP_SEED=${seed} HANDSTAMP_SCHEDULES=1 npx vitest run --project rotation`,
    `  HANDSTAMP_SEED=${seed} HANDSTAMP_ROWS=${writeRows(rows)} npx vitest run --project rotation`,
  ].join('\n')
}

/** What rows from the command line break, if anything. */
export async function again(seed: number, rows: string, options: PlayOptions = {}): Promise<Failure | undefined> {
  const failure = { seed, config: configOf(seed), rows: readRows(rows) }
  const { violation } = await play(failure.config, failure.rows, options)
  return violation && { ...failure, violation }
}

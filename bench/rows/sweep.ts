/**
 * How long a sweep of a million expired sessions keeps everybody else of the process waiting.
 * @module
 */
import { type Pace, type RowFacts, type RowResult, type RowSource, rowOf } from '../harness/row.ts'
import { constant } from '../harness/stats.ts'
import { startChild } from './child.ts'

const facts: RowFacts = {
  name: 'Memory store, longest batch of a sweep of 1,000,000',
  group: 'Memory store',
  base: 'budget of 50 ms',
  subject: 'Handstamp',
  goal: 1,
  unit: 'ms',
}
const sweeps = 2

export const sweepRow: RowSource = { names: [facts.name], run }

interface Answer {
  readonly cpu: number
  readonly clock: number
}

async function run({ quick }: Pace): Promise<readonly RowResult[]> {
  const count = quick ? 100_000 : 1_000_000
  const child = startChild('sweep.ts', [count, sweeps].map(String), ['--max-old-space-size=6144'])
  try {
    const { cpu, clock } = (await child.ready) as Answer
    return [
      rowOf(quick ? { ...facts, name: facts.name.replace('1,000,000', '100,000') } : facts, [
        constant(facts.base, 50, 1),
        constant('Handstamp', clock, 1),
        constant('CPU of all threads', cpu, 1),
      ]),
    ]
  } finally {
    child.end()
  }
}

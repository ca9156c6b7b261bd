/**
 * What a session weighs in the memory store, and whether a check among a million costs what one among a thousand does.
 * @module
 */
import { type Pace, type RowFacts, type RowResult, type RowSource, rowOf } from '../harness/row.ts'
import { constant, type Series } from '../harness/stats.ts'
import { withCacheMisses } from './cache-misses.ts'
import { startChild } from './child.ts'

const weighed = 100_000
const weight: RowFacts = {
  name: 'Memory store, bytes a session',
  group: 'Memory store',
  base: 'budget of 1,000 bytes',
  subject: 'Handstamp',
  goal: 1,
  unit: 'bytes',
}
const among: RowFacts = {
  name: 'Memory store, check among 1,000,000',
  group: 'Memory store',
  base: 'a check among 1,000 + what a bare Map of records costs more',
  subject: 'Handstamp',
  goal: 1.1,
  unit: 'µs',
}

export const storeRows: RowSource = { names: [weight.name, among.name], run }

interface Answer {
  readonly bytes: number
  readonly series: readonly Series[]
}

async function run({ quick, rounds }: Pace): Promise<readonly RowResult[]> {
  const count = quick ? 100_000 : 1_000_000
  const flags = ['--expose-gc', '--max-old-space-size=6144']
  const child = startChild('store.ts', [weighed, count, rounds].map(String), flags)
  try {
    const { bytes, series } = (await child.ready) as Answer
    const of = (name: string): readonly number[] => series.find((one) => one.name === name)?.rounds ?? []
    const few = of('among 1,000')
    return [
      rowOf(weight, [constant(weight.base, 1_000, 1), constant('Handstamp', bytes, 1)]),
      rowOf(quick ? { ...among, name: among.name.replace('1,000,000', '100,000') } : among, [
        { name: among.base, rounds: withCacheMisses(few, of('map of 1,000'), of('map of many')) },
        { name: 'Handstamp', rounds: of('among many') },
        { name: 'Handstamp among 1,000', rounds: few },
      ]),
    ]
  } finally {
    child.end()
  }
}

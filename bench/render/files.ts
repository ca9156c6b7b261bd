/**
 * Where results are kept: one file a day in bench/results, and the page and chart made of the latest.
 * @module
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Machine } from '../harness/machine.ts'
import type { RowResult } from '../harness/row.ts'
import { chart } from './chart.ts'
import { page } from './page.ts'
import { writeRegion } from './region.ts'

export interface Results {
  /** The day of the run, in UTC. */
  readonly date: string
  readonly machine: Machine
  readonly rows: readonly RowResult[]
}

const root = join(import.meta.dirname, '..', '..')
const folder = join(root, 'bench', 'results')

/** Writes the results, and the chart and the page that are made of the latest. */
export function saveResults(results: Results): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${results.date}.json`), `${JSON.stringify(results, precise, 2)}\n`)
  writePages()
}

/** What the pages show is read back, so that whoever makes them again from the file makes the same. */
function writePages(): void {
  const latest = latestResults()
  const caption = `Handstamp and its peers, ${latest.date}`
  writeFileSync(join(root, 'docs', 'benchmarks.svg'), chart(latest.rows, caption))
  writeRegion('docs/benchmarks.md', 'bench/page.ts', page(latest))
}

export function latestResults(): Results {
  const latest = readdirSync(folder)
    .filter((name) => /^\d{4}-\d{2}-\d{2}\.json$/.test(name))
    .sort()
    .at(-1)
  if (latest === undefined) throw new Error('nothing was measured yet: npm run bench')
  return JSON.parse(readFileSync(join(folder, latest), 'utf8')) as Results
}

/** Four digits are more than any of these numbers is worth. */
function precise(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(4)) : value
}

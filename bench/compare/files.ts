/**
 * Where a comparison is kept: one file a day beside the results of the bench, and the page and chart made of the latest.
 * @module
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Machine } from '../harness/machine.ts'
import { writeRegion } from '../render/region.ts'
import { scalePage } from '../scale/render.ts'
import { delayChart } from './chart.ts'
import type { Measured } from './lines.ts'
import type { RedisCosts } from './redis-costs.ts'
import { comparisonPage } from './render.ts'

export interface ComparisonResults {
  /** The day of the run, in UTC. */
  readonly date: string
  readonly machine: Machine
  readonly lines: readonly Measured[]
  /** Absent where there was no Redis. */
  readonly redis?: RedisCosts
}

const root = join(import.meta.dirname, '..', '..')
const folder = join(root, 'bench', 'results')

/** Writes the results, the chart, and the pages that are made of the latest. */
export function saveComparison(results: ComparisonResults): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `compare-${results.date}.json`), `${JSON.stringify(results, precise, 2)}\n`)
  const latest = latestComparison()
  writeFileSync(join(root, 'docs', 'compare.svg'), delayChart(latest))
  writeRegion('docs/compare.md', 'bench/compare/page.ts', comparisonPage(latest))
  writeRegion('docs/scale.md', 'bench/scale/page.ts', scalePage(latest))
}

export function latestComparison(): ComparisonResults {
  const latest = readdirSync(folder)
    .filter((name) => /^compare-\d{4}-\d{2}-\d{2}\.json$/.test(name))
    .sort()
    .at(-1)
  if (latest === undefined) throw new Error('nothing was compared yet: npm run compare')
  return JSON.parse(readFileSync(join(folder, latest), 'utf8')) as ComparisonResults
}

function precise(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(4)) : value
}

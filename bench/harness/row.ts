/**
 * A row of the bench: who runs beside whom, what is 1.00, and what we want to reach.
 * @module
 */
import { type Contender, measure, type Plan } from './measure.ts'
import { type Series, type Standing, standings } from './stats.ts'

/** What a row says of itself, whatever it measures. */
export interface RowFacts {
  readonly name: string
  /** Which heading of the table it stands under. */
  readonly group: string
  /** The contender that is 1.00. */
  readonly base: string
  /** The contender that is ours. */
  readonly subject: string
  /** The ratio that ours should not exceed. */
  readonly goal?: number
  /** What values are counted in. */
  readonly unit: 'µs' | 'ms' | 'bytes'
}

/** A row that was measured. */
export interface RowResult extends RowFacts {
  readonly standings: readonly Standing[]
  /** Why nothing was measured, where nothing was. */
  readonly skipped?: string
}

/** A row to be measured; one that needs processes of its own may give several. */
export interface RowSource {
  /** The names of its rows, for `--only`. */
  readonly names: readonly string[]
  run(pace: Pace): Promise<readonly RowResult[]>
}

/** How much time a run takes. */
export interface Pace {
  readonly quick: boolean
  readonly rounds: number
  readonly budget: number
}

export const paces: { readonly normal: Pace; readonly quick: Pace } = {
  normal: { quick: false, rounds: 80, budget: 5_000 },
  quick: { quick: true, rounds: 15, budget: 3_000 },
}

/** A row whose contenders run in this process. They are made when its turn comes. */
export function processRow(
  facts: RowFacts,
  contenders: () => Promise<readonly Contender[]>,
  limits: Pick<Plan, 'most' | 'lanes' | 'clock'> = {},
): RowSource {
  return {
    names: [facts.name],
    async run({ rounds, budget }) {
      return [rowOf(facts, await measure(await contenders(), { rounds, budget, ...limits }))]
    },
  }
}

/** A row made of numbers that came from elsewhere. */
export function rowOf(facts: RowFacts, series: readonly Series[]): RowResult {
  return { ...facts, standings: standings(series, facts.base) }
}

/** A row that needs what this machine lacks. */
export function skippedRow(facts: RowFacts, why: string): RowResult {
  return { ...facts, standings: [], skipped: why }
}

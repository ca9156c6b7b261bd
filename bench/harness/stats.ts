/**
 * What a row makes of its numbers: medians, ratios to the base, the order of a round.
 * @module
 */

/** What one contender took in each round: microseconds of CPU for one operation, or whatever else the row counts. */
export interface Series {
  readonly name: string
  readonly rounds: readonly number[]
  /** The best round, where it is not the least of them: differences have their best elsewhere. */
  readonly best?: number
}

/** One contender's place in a row. */
export interface Standing {
  readonly name: string
  /** The median, over the rounds, of the ratio to the base of the same round. */
  readonly ratio: number
  /** The contender's best round to the base's best round. */
  readonly best: number
  /** The median in the row's own unit. */
  readonly value: number
}

/**
 * Answers the middle of the values, the mean of the two in the middle where their number is even.
 *
 * @throws RangeError of no values.
 */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const high = sorted[middle]
  const low = sorted.length % 2 === 0 ? sorted[middle - 1] : high
  if (high === undefined || low === undefined) throw new RangeError('there is no median of nothing')
  return (low + high) / 2
}

/**
 * Answers the order of one round: each contender is first in one round of as many as there are, so that none always runs
 * in what another left behind.
 */
export function rotated<T>(items: readonly T[], round: number): readonly T[] {
  const first = items.length === 0 ? 0 : round % items.length
  return [...items.slice(first), ...items.slice(0, first)]
}

/**
 * Answers every contender beside the base. Ratios are taken within a round, since what slows the machine down for a
 * while slows down both; a round without a base says nothing and is left out.
 *
 * @throws TypeError where no series is called `base`.
 */
export function standings(series: readonly Series[], base: string): readonly Standing[] {
  const floor = series.find(({ name }) => name === base)
  if (floor === undefined) throw new TypeError(`the row has no contender called ${base}`)
  return series.map((one) => ({
    name: one.name,
    ratio: median(ratios(one.rounds, floor.rounds)),
    best: bestOf(one) / bestOf(floor),
    value: median(one.rounds),
  }))
}

function bestOf({ rounds, best }: Series): number {
  return best ?? Math.min(...rounds)
}

function ratios(rounds: readonly number[], floor: readonly number[]): readonly number[] {
  return rounds.flatMap((value, round) => {
    const under = floor[round]
    return under === undefined || under <= 0 ? [] : [value / under]
  })
}

/** Answers the same number for every round, as a base that is a budget and not a contender. */
export function constant(name: string, value: number, rounds: number): Series {
  return { name, rounds: Array.from({ length: rounds }, () => value) }
}

/**
 * What a lookup among many costs anybody.
 * @module
 */

/**
 * A thousand sessions fit into the processor's caches and a million do not, whoever keeps them. What that costs anybody
 * is the difference of two bare lookups; a check that exceeds it reads more of memory than a record.
 */
export function withCacheMisses(
  few: readonly number[],
  bareOfFew: readonly number[],
  bareOfMany: readonly number[],
): readonly number[] {
  return few.map((cost, round) => cost + Math.max(0, (bareOfMany[round] ?? 0) - (bareOfFew[round] ?? 0)))
}

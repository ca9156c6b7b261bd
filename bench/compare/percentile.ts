/**
 * The value that a part of all values does not exceed.
 * @module
 */

/**
 * @throws RangeError of no values.
 */
export function percentile(values: readonly number[], part: number): number {
  const found = values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(values.length * part) - 1)]
  if (found === undefined) throw new RangeError('there is no percentile of nothing')
  return found
}

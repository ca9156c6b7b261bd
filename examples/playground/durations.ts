/**
 * Durations as people say them.
 * @module
 */

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const

/** `5 minutes`, `1 hour`, `90 seconds`: the largest unit that goes in whole, else milliseconds. */
export function sayDuration(milliseconds: number): string {
  for (const [unit, length] of units) {
    if (milliseconds >= length && milliseconds % length === 0) {
      const count = milliseconds / length
      return `${count} ${unit}${count === 1 ? '' : 's'}`
    }
  }
  return `${milliseconds} milliseconds`
}

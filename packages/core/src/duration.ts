/**
 * Owns spans of time as options write them: `'15m'` or milliseconds.
 * @module
 */

/**
 * A span of time: whole milliseconds, or a whole number with a unit. `d` is 24 hours, whatever a calendar says.
 *
 * @example
 * ```ts
 * const idleTimeout: Duration = '14d'
 * ```
 */
export type Duration = number | `${number}${DurationUnit}`

/** Milliseconds, seconds, minutes, hours, days. */
export type DurationUnit = 'ms' | 's' | 'm' | 'h' | 'd'

const millisecondsIn: Readonly<Record<DurationUnit, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** A hundred years: `now + duration` stays a safe integer and a representable date, and a slip of units is noticed. */
const longest = 36_500 * millisecondsIn.d

/**
 * Answers a duration in whole milliseconds, at least `minimum` (1 unless said otherwise) and at most a hundred years.
 * A fraction is refused even where it would come out whole (`'1.5h'`): `'90m'` says the same without rounding.
 *
 * @throws TypeError when the value is neither a number nor a whole number with a unit. It names `option` and shows a legal value.
 * @throws RangeError when it is not whole, too short or too long.
 *
 * @example
 * ```ts
 * parseDuration('15m', 'accessLifetime') // 900_000
 * ```
 */
export function parseDuration(value: Duration, option: string, minimum = 1): number {
  const milliseconds = typeof value === 'number' ? value : readText(value, option)
  if (Number.isNaN(milliseconds))
    throw new TypeError(`${option} is NaN: write a duration such as '15m', or 900000 (milliseconds)`)
  if (!Number.isInteger(milliseconds) || milliseconds < minimum || milliseconds > longest) {
    throw new RangeError(
      `${option} must be whole milliseconds between ${minimum} and ${longest} (100 years): write a duration such as '15m', or 900000`,
    )
  }
  return milliseconds
}

function readText(value: unknown, option: string): number {
  const match = typeof value === 'string' ? /^(\d{1,15})(ms|s|m|h|d)$/.exec(value) : null
  if (match === null) {
    throw new TypeError(
      `${option} is not a duration: write a whole number with a unit (ms, s, m, h, d) such as '15m', or milliseconds such as 900000`,
    )
  }
  return Number(match[1]) * millisecondsIn[match[2] as DurationUnit]
}

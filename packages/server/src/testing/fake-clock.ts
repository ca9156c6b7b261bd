/**
 * A clock that stands still until a test moves it.
 * @module
 */
import type { Clock } from '@handstamp/core/clock'
import { type Duration, parseDuration } from '@handstamp/core/duration'

/** A {@link Clock} with hands that a test can turn, also backwards. */
export interface FakeClock extends Clock {
  /** Moves on by a duration, or back by a negative number of milliseconds, and answers the new time. */
  advance(duration: Duration): number
  /** Sets the time, in milliseconds since the epoch. */
  set(now: number): void
}

/** What a fake clock shows at first: 2026-01-01T00:00:00Z. */
export const fakeClockStart = 1_767_225_600_000

/**
 * Answers a clock that shows `start` and moves only when told to.
 *
 * @example
 * ```ts
 * const clock = fakeClock()
 * const store = memoryStore({ clock })
 * clock.advance('30d')
 * ```
 */
export function fakeClock(start: number = fakeClockStart): FakeClock {
  let now = start
  return Object.assign(() => now, {
    advance(duration: Duration): number {
      const back = typeof duration === 'number' && duration < 0
      now += back ? -parseDuration(-duration, 'advance', 0) : parseDuration(duration, 'advance', 0)
      return now
    },
    set(time: number): void {
      now = time
    },
  })
}

/**
 * Owns what "now" means: the one function through which time enters Handstamp.
 * @module
 */

/**
 * Answers the present time in milliseconds since the epoch. Every part that judges or writes a time takes one as an
 * option, so that a test can move it and so that no part reads the system clock behind its caller's back.
 *
 * @example
 * ```ts
 * let now = 0
 * const clock: Clock = () => now
 * ```
 */
export type Clock = () => number

/**
 * The clock of the system. It reads `Date.now` at each call, so fake timers that replace it are seen.
 *
 * @example
 * ```ts
 * const startedAt = systemClock()
 * ```
 */
export const systemClock: Clock = () => Date.now()

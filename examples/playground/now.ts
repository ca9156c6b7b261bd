/**
 * Moments that processes of one machine can compare.
 * @module
 */

/** Milliseconds since the epoch, with their fractions. */
export function now(): number {
  return performance.timeOrigin + performance.now()
}

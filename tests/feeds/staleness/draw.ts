/**
 * Chance by a seed.
 * @module
 */
export interface Draw {
  chance(probability: number): boolean
  /** A whole number below. */
  upTo(limit: number): number
  of<T>(all: readonly T[]): T
}

/** mulberry32. */
export function drawBy(seed: number): Draw {
  let state = seed >>> 0
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
  return {
    chance: (probability) => next() < probability,
    upTo: (limit) => Math.floor(next() * limit),
    of: (all) => all[Math.floor(next() * all.length)] as (typeof all)[number],
  }
}

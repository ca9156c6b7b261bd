/**
 * Owns what one schedule is played on: how many servers, which clocks, strategy and transport; all of it from the seed.
 * @module
 */
import type { Transport } from '@handstamp/core/session'
import type { SessionStore } from '@handstamp/server/stores/store'
import type { Strategy } from '@handstamp/server/strategies/strategy'
import { numbers, pick, weighted } from './tape.ts'

export const times = {
  start: 1_767_225_600_000,
  access: 300_000,
  idle: 1_800_000,
  lifetime: 7_200_000,
  tolerance: 5_000,
} as const

/** What one schedule is played on; all of it follows from the seed. */
export interface Config {
  readonly seed: number
  /** Nobody steals anything, and browsers refresh in time: then nobody may be signed out. */
  readonly honest: boolean
  readonly strategy: 'hybrid' | 'session' | 'token+store'
  readonly transport: Transport
  /** By how much each server's clock is ahead of the true time, and the store's. */
  readonly skews: readonly number[]
  readonly storeSkew: number
  /** Several processes share the store, so clocks are forgiven 30 seconds. */
  readonly shared: boolean
  readonly grace: number
  /** Tabs of one browser take turns. */
  readonly locked: boolean
  /** A planted fault. */
  readonly fault?: Fault
}

export interface Fault {
  readonly name: string
  readonly store?: (store: SessionStore, world: { readonly now: () => number }) => SessionStore
  readonly strategy?: (strategy: Strategy, store: SessionStore) => Strategy
  /** Says of a store that others share that it has one process. */
  readonly singleProcess?: true
  /** Which configurations it shows on. */
  readonly config?: Partial<Config>
}

export function configOf(seed: number): Config {
  const next = numbers(seed ^ 0xc0f1)
  const strategy = weighted([[84, 'hybrid'], [9, 'session'], [7, 'token+store']] as const, next()) // biome-ignore format: a table
  const transports: readonly Transport[] = strategy === 'hybrid' ? ['bearer', 'cookie', 'split'] : ['bearer', 'cookie']
  const shared = next() % 3 !== 0
  // No two of these clocks are more than 30 s apart, less 5 s by which the schedule may set one back.
  const skew = (): number => (shared ? pick([0, 25_000, 12_345, -1], next()) : 0)
  return {
    seed,
    honest: strategy === 'hybrid' && next() % 5 < 2,
    strategy,
    transport: pick(transports, next()),
    shared,
    skews: shared ? [0, skew(), skew()].slice(0, 2 + (next() % 2)) : [0],
    storeSkew: skew(),
    grace: pick([10_000, 10_000, 60_000, 15_000], next()),
    locked: next() % 2 === 0,
  }
}

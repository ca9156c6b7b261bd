/**
 * What the servers of one deployment are told, and what they serve.
 * @module
 */
import type { Duration, KeyRingJwk } from '@handstamp/server'

export const strategies = ['session', 'token', 'stored', 'hybrid'] as const
export type StrategyName = (typeof strategies)[number]

export const origin = 'https://app.example'

/** What every server that shares store and feed is told. */
export interface Job {
  readonly store: string
  readonly at: string
  /** A Redis. */
  readonly feed: string
  /** Of the feed's key. */
  readonly prefix: string
  readonly keys: readonly KeyRingJwk[]
  readonly secrets: readonly string[]
  /** Milliseconds by which its clock is ahead of this machine's; a later message says another number. */
  readonly passed: number
  readonly onStale: 'refuse' | 'check'
  readonly maxStaleness: Duration
}

/** Where the servers keep what they share. */
export type Place = Pick<Job, 'store' | 'at' | 'feed' | 'prefix'>

/**
 * What can be configured, and which of it goes together: shared by the server, its flags and the page.
 * @module
 */
import type { Transport } from '@handstamp/core/session'
import type { StrategyKind } from '@handstamp/core/shape'

export const strategies = ['session', 'token', 'token+store', 'hybrid'] as const satisfies readonly StrategyKind[]
export const transports = ['cookie', 'bearer', 'split'] as const satisfies readonly Transport[]
export const storages = ['cookie', 'memory', 'sessionStorage', 'localStorage'] as const

export const storeKinds = ['memory', 'file', 'sqlite', 'redis', 'postgres', 'mysql', 'memcached'] as const
export const balances = ['round-robin', 'sticky'] as const

/** Headers of the playground's own, by which the page draws who answered and what it cost. */
export const marks = {
  node: 'x-playground-node',
  commands: 'x-playground-commands',
  cache: 'x-playground-cache',
} as const

/** Where the server keeps sessions. */
export type StoreKind = (typeof storeKinds)[number]

/** Who answers a request: one after the other, or the one that answered this browser before. */
export type Balance = (typeof balances)[number]

/** Where the client keeps its credentials; `cookie` means that the browser does. */
export type StorageName = (typeof storages)[number]

/** The durations of a configuration, in milliseconds; undefined where the strategy has no such thing. */
export interface Lifetimes {
  readonly access: number | undefined
  readonly idle: number | undefined
  readonly lifetime: number
  readonly grace: number | undefined
}

/** The durations that somebody asked for; the others follow from these. */
export interface AskedLifetimes {
  readonly access?: number | undefined
  readonly idle?: number | undefined
  readonly lifetime?: number | undefined
  readonly grace?: number | undefined
}

/** A pair of strategy and transport, and why it cannot be had, in the library's own words. */
export interface Pair {
  readonly strategy: StrategyKind
  readonly transport: Transport
  readonly problem?: string
}

/** How many serve, and what they have in common. */
export interface Servers {
  readonly nodes: number
  readonly balance: Balance
  /** Milliseconds for which the near-cache may be behind; undefined: there is none. */
  readonly cache: number | undefined
  /** What carries the news of what has ended; `none`: the nodes tell each other nothing. */
  readonly feed: 'memory' | 'redis' | 'postgres' | 'none'
  /** True where every node reads the same sessions. */
  readonly shared: boolean
}

/** What `GET /playground/configuration` answers. */
export interface Configuration {
  readonly strategy: StrategyKind
  readonly transport: Transport
  readonly store: StoreKind | 'none'
  readonly servers: Servers
  readonly lifetimes: Lifetimes
  readonly pairs: readonly Pair[]
  readonly node: string
  /** How often the configuration was switched since the start. */
  readonly switches: number
}

const minute = 60_000

/** The durations of a strategy. Defaults shrink so that they fit into what was asked for. */
export function lifetimesOf(strategy: StrategyKind, asked: AskedLifetimes): Lifetimes {
  const lifetime = asked.lifetime ?? 30 * 24 * 60 * minute
  const hasIdle = strategy === 'session' || strategy === 'hybrid'
  const idle = hasIdle ? (asked.idle ?? Math.min(60 * minute, lifetime)) : undefined
  const access = strategy === 'session' ? undefined : (asked.access ?? Math.min(5 * minute, idle ?? lifetime, lifetime))
  return { access, idle, lifetime, grace: strategy === 'hybrid' ? (asked.grace ?? 10_000) : undefined }
}

/** Why a storage cannot go with a transport; undefined where it can. The client refuses the same pairs. */
export function storageProblem(transport: Transport, storage: StorageName): string | undefined {
  if (transport === 'cookie') {
    return storage === 'cookie' ? undefined : 'goes with bearer: in a cookie, the browser keeps the credential'
  }
  if (storage === 'cookie') return 'goes with the cookie transport: here the page holds a token itself'
  if (transport === 'split' && storage !== 'memory')
    return 'goes with bearer: split keeps its token in memory, that is its point'
  return undefined
}

/** The storages that go with a transport, the safest first. */
export function storagesOf(transport: Transport): readonly StorageName[] {
  return storages.filter((storage) => storageProblem(transport, storage) === undefined)
}

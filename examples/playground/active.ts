/**
 * The configuration that is in force: its auth, the store behind it, and the feed beside it.
 * @module
 */
import type { Transport } from '@handstamp/core/session'
import type { StrategyKind } from '@handstamp/core/shape'
import { type ChangeFeed, memoryFeed, type SessionStore } from '@handstamp/server'
import { cached } from '@handstamp/server/stores/cached'
import { type AuthSetting, openAuth, type PlaygroundAuth } from './auth.ts'
import type { FeedLog } from './feed-log.ts'
import { keysOf } from './keys.ts'
import type { Place } from './place.ts'
import type { RequestLog } from './request-log.ts'
import { watchedCache } from './stores/counted.ts'
import { kindOf } from './stores/stores.ts'

export interface Active {
  readonly strategy: StrategyKind
  readonly transport: Transport
  readonly switches: number
  readonly auth: PlaygroundAuth
  readonly store: SessionStore
  /** Ends every session of these users, where there is anything to end. */
  endAll(users: readonly string[]): Promise<void>
  close(): Promise<void>
}

export interface ActiveSetting {
  readonly setting: AuthSetting
  readonly place: Place
  /** Milliseconds for which the near-cache may be behind; undefined: none. */
  readonly cache: number | undefined
  readonly log: RequestLog
  readonly feedLog: FeedLog
}

/** Who alone writes to a store can tell itself what has ended; several who have no feed in common cannot. */
export function feedKindOf({ nodes, store }: Place): 'memory' | 'redis' | 'postgres' | 'none' {
  const { feed } = kindOf(store.kind)
  return feed === 'none' && nodes === 1 ? 'memory' : feed
}

/**
 * Opens a configuration with keys that no other one had.
 *
 * @throws TypeError | RangeError where the library refuses it.
 */
export async function openActive(
  { strategy, transport, switches }: Pick<Active, 'strategy' | 'transport' | 'switches'>,
  { setting, place, cache, log, feedLog }: ActiveSetting,
): Promise<Active> {
  const leaf = await kindOf(place.store.kind).leaf()
  const opened = await leaf.open({ address: place.store.address, told: log.command })
  const own = opened.feed ?? (feedKindOf(place) === 'memory' ? memoryFeed() : undefined)
  const feed = own && feedLog.watch(own)
  const near = cache === undefined ? undefined : nearCache(opened.store, cache, feed)
  const store = near === undefined ? opened.store : watchedCache(near, log.cache)
  const auth = openAuth(strategy, transport, { ...setting, feed, keys: keysOf(place.seed, switches) }, store)
  return {
    strategy,
    transport,
    switches,
    auth,
    store,
    async endAll(users) {
      if (strategy !== 'token') for (const user of users) await auth.sessions.revokeAll(user)
    },
    async close() {
      await auth.close()
      await near?.close()
      await own?.close?.()
      await opened.close()
    },
  }
}

function nearCache(store: SessionStore, cache: number, feed: ChangeFeed | undefined) {
  return cached(store, { maxStaleness: cache, ...(feed === undefined ? {} : { feed }) })
}

/**
 * The options of `createAuth` that concern the feed.
 * @module
 */
import type { Clock } from '@handstamp/core/clock'
import { type Duration, parseDuration } from '@handstamp/core/duration'
import { type Changes, openChanges } from './changes.ts'
import { type ChangeFeed, checkFeed } from './feeds/feed.ts'

export interface FeedOptions {
  /**
   * Where servers tell each other what has ended: access tokens then die everywhere within `maxStaleness` and not at
   * their `exp`. `memoryFeed()` is enough for one server.
   */
  readonly feed?: ChangeFeed
  /** How old the proof may be that nothing was missed; `5s` unless set. */
  readonly maxStaleness?: Duration
  /**
   * While there is no such proof: `refuse` answers 503, `check` asks the store, which knows of sessions and not of keys that were
   * revoked; `refuse` unless set.
   */
  readonly onStale?: 'refuse' | 'check'
  /**
   * Answers `GET /auth/revocations` with signed pages of the feed, for verifiers that have no connection to it. Anybody
   * can read them: ids of sessions, which prove nothing, and handles, which are pseudonyms of user ids.
   */
  readonly publishRevocations?: boolean
}

/** The feed of one auth, opened. */
export interface OpenFeed {
  readonly log: ChangeFeed
  readonly changes: Changes
  readonly onStale: 'refuse' | 'check'
  readonly published: boolean
}

/** @throws TypeError | RangeError naming the option. */
export function readFeed(
  { feed, maxStaleness, onStale = 'refuse', publishRevocations: published = false }: FeedOptions,
  clock: Clock,
): OpenFeed | undefined {
  if (typeof published !== 'boolean') throw new TypeError('publishRevocations is true or false')
  if (onStale !== 'refuse' && onStale !== 'check') throw new TypeError("onStale is 'refuse' or 'check'")
  if (feed === undefined) {
    if (maxStaleness !== undefined || onStale === 'check' || published)
      throw new TypeError('maxStaleness, onStale and publishRevocations belong to a feed: add one, or leave them out')
    return undefined
  }
  checkFeed(feed, 'feed')
  return {
    log: feed,
    changes: openChanges(feed, { clock, maxStaleness: parseDuration(maxStaleness ?? '5s', 'maxStaleness') }),
    onStale,
    published,
  }
}

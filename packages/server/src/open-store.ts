/**
 * The store as strategies see it: bounded in time, and a record that came back damaged is nobody's.
 * @module
 */
import { after } from '@handstamp/core/jwt/eventual'
import type { Rotation, SessionRecord } from '@handstamp/core/session'
import type { OpenFeed } from './feed-options.ts'
import type { ChangeFeed } from './feeds/feed.ts'
import { type PublishingStore, publishing } from './publish-ends.ts'
import { boundedStore } from './stores/bounded.ts'
import type { Found, SessionStore } from './stores/store.ts'
import type { StrategyContext } from './strategies/strategy.ts'

/**
 * Answers the store with its deadline, telling the feed what ends: `outlives` is for how many milliseconds that matters. What it gives back is read by code that compares times and hashes, and a number
 * that is none compares as anything: so a record that cannot be one is absent, and whoever keeps watch is told.
 *
 * @throws RangeError where the feed forgets sooner than that, TypeError where the store listens to another one.
 */
export function openStore(
  given: SessionStore,
  context: Pick<StrategyContext<unknown>, 'clock' | 'emit' | 'feed' | 'storeTimeout'>,
  outlives: number,
): PublishingStore {
  const { clock, feed, storeTimeout: timeoutMs } = context
  if ((feed?.log.keepsFor ?? outlives) < outlives)
    throw new RangeError(
      `feed keeps facts for less long than they matter, which is ${outlives} ms: raise its retention`,
    )
  if (given.feed !== undefined && given.feed !== feed?.log)
    throw new TypeError(
      'the store is cached() over a feed to which nobody tells what ends: write createAuth({ feed }) with the same one',
    )
  const bounded = boundedStore(given, { timeoutMs })
  const store = feed ? publishing(bounded, heardHere(feed), { clock, outlives, timeoutMs }) : silent(bounded)

  function isKept(id: string, record: SessionRecord): boolean {
    if (isSound(record)) return true
    context.emit({ type: 'store.corrupt', sessionId: id })
    return false
  }

  const kept = (id: string, found: Found | undefined) => (found && isKept(id, found.record) ? found : undefined)

  return {
    ...store,
    find(id, options) {
      return after(store.find(id, options), (found) => kept(id, found))
    },
    async end(id, wasThere) {
      const { found, ended } = await store.end(id, wasThere)
      return { found: kept(id, found), ended }
    },
    async listByUser(handle) {
      const { epoch, sessions } = await store.listByUser(handle)
      return { epoch, sessions: sessions.filter(({ id, record }) => isKept(id, record)) }
    },
  }
}

/** Whoever tells has heard. */
function heardHere({ log, changes }: OpenFeed): Pick<ChangeFeed, 'append'> {
  return {
    async append(fact) {
      const cursor = await log.append(fact)
      changes.know(fact)
      return cursor
    },
  }
}

/** Without a feed nobody is told. */
function silent(store: SessionStore): PublishingStore {
  return {
    ...store,
    changing: async () => {},
    end: async (id) => ({ found: await store.find(id), ended: await store.delete(id) }),
  }
}

/** A record of another version is one to this version as little as a damaged one. The user is for its schema to judge. */
function isSound(record: SessionRecord): boolean {
  return (
    record.v === 1 &&
    isText(record.userId) &&
    Number.isFinite(record.createdAt) &&
    Number.isFinite(record.lastSeenAt) &&
    Number.isFinite(record.authTime) &&
    Number.isFinite(record.expiresAt) &&
    Number.isFinite(record.idleUntil) &&
    Number.isFinite(record.epoch) &&
    isTransport(record.transport) &&
    (record.rotation === undefined || isRotation(record.rotation))
  )
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}

function isTransport(value: unknown): boolean {
  return value === 'cookie' || value === 'bearer' || value === 'split'
}

function isRotation(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { g, cur, prev, salt, kid, rotatedAt } = value as { readonly [F in keyof Rotation]: unknown }
  const numbers = Number.isSafeInteger(g) && Number.isFinite(rotatedAt)
  return numbers && [cur, salt, kid].every(isText) && (prev === null || isText(prev))
}

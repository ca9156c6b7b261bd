/**
 * Wrong builds, each by one step of reasoning that somebody might take, and the cache that most write first.
 * @module
 */
import { handleOf } from '@handstamp/core/credential'
import type { ChangeFeed, Fact } from '@handstamp/server/feeds/feed'
import { cached } from '@handstamp/server/stores/cached'
import type { Found, SessionStore } from '@handstamp/server/stores/store'
import type { Build, Kind } from './application.ts'

export const wrongBuilds: readonly (readonly [string, Kind, Build])[] = [
  ['a hit of the cache needs no proof', 'session', { cache: (store, options) => cached(store, { ...options, monotonic: () => 0 }) }],
  ['the proof counts from the answer', 'hybrid', { feed: provenByAnswer }],
  ['the proof counts from the answer, before a cache', 'session', { feed: provenByAnswer }],
  ['a gap is passed over', 'hybrid', { feed: gapPassedOver }],
  ['a gap is passed over, before a cache', 'session', { feed: gapPassedOver }],
  ['a subscriber begins without what was before it', 'token+store', { feed: withoutSnapshot }],
  ['an append is acknowledged before it is durable', 'hybrid', { feed: hastyAppend }],
  ['a fact that cannot be appended is no reason to stop', 'hybrid', { feed: optionalAppend }],
  ['the feed is a hint', 'session', { cache: (store, { feed }) => naiveCache(store, feed as ChangeFeed) }],
] // biome-ignore format: a table

function provenByAnswer(feed: ChangeFeed): ChangeFeed {
  return {
    ...feed,
    async read(after, options) {
      const askedAt = performance.now()
      const answer = await feed.read(after, options)
      return answer === 'gap' ? answer : { ...answer, age: askedAt - performance.now() }
    },
  }
}

function gapPassedOver(feed: ChangeFeed): ChangeFeed {
  return {
    ...feed,
    async read(after, options) {
      const answer = await feed.read(after, options)
      return answer === 'gap' ? { facts: [], cursor: (await feed.snapshot()).cursor } : answer
    },
  }
}

function withoutSnapshot(feed: ChangeFeed): ChangeFeed {
  return { ...feed, snapshot: async () => ({ facts: [], cursor: (await feed.snapshot()).cursor }) }
}

function hastyAppend(feed: ChangeFeed): ChangeFeed {
  return {
    ...feed,
    async append(fact) {
      void feed.append(fact).catch(() => {})
      return ''
    },
  }
}

function optionalAppend(feed: ChangeFeed): ChangeFeed {
  return { ...feed, append: (fact) => feed.append(fact).catch(() => '') }
}

/** Keeps what it read until it hears otherwise. */
function naiveCache(store: SessionStore, feed: ChangeFeed): SessionStore {
  const kept = new Map<string, Found>()
  let follows = false

  function drop(fact: Fact): void {
    for (const id of kept.keys()) {
      const concerns =
        fact.kind === 'user' ? handleOf(id) === fact.handle && id !== fact.except : 'id' in fact && fact.id === id
      if (concerns) kept.delete(id)
    }
  }

  async function followAll(): Promise<never> {
    for (let cursor: string | undefined; ; ) {
      try {
        const answer = cursor === undefined ? 'gap' : await feed.read(cursor, { waitMs: 250, limit: 1_000 })
        if (answer !== 'gap') for (const fact of answer.facts) drop(fact)
        cursor = (answer === 'gap' ? await feed.snapshot() : answer).cursor
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
  }

  return {
    ...store,
    async find(id, options) {
      if (options?.cached !== true) return store.find(id, options)
      if (!follows) void followAll()
      follows = true
      const known = kept.get(id)
      if (known !== undefined) return known
      const found = await store.find(id)
      if (found !== undefined) kept.set(id, found)
      return found
    },
    async delete(id) {
      kept.delete(id)
      return store.delete(id)
    },
  }
}

/**
 * What one node told the change feed and what it heard from it, with times, in front of any feed.
 * @module
 */
import type { ChangeFeed, Fact } from '@handstamp/server'
import { now } from './now.ts'

/** A moment at which a node told or heard a fact; milliseconds since the epoch, with their fractions. */
export interface FeedMoment {
  /** The same for the same fact on every node. */
  readonly key: string
  readonly kind: Fact['kind']
  /** Whom it concerns: an id of a session, a handle, or the id of a key; none of them is a secret. */
  readonly about: string
  readonly at: number
  /** It was there already when the node began to follow. */
  readonly before?: true
}

/** What one node knows of the feed. */
export interface NodeFeed {
  readonly node: string
  /** True once the node follows the feed: from its first question on. */
  readonly follows: boolean
  readonly told: readonly FeedMoment[]
  readonly heard: readonly FeedMoment[]
}

export interface FeedLog {
  /** The same feed, watched; what was seen of another one before is forgotten. */
  watch(feed: ChangeFeed): ChangeFeed
  view(): NodeFeed
}

const kept = 12

export function createFeedLog(node: string): FeedLog {
  let told: readonly FeedMoment[] = []
  let heard: readonly FeedMoment[] = []
  let follows = false

  function hear(facts: readonly Fact[], isFirst: boolean): void {
    const at = now()
    const known = new Set(heard.map(({ key }) => key))
    const news = facts
      .map((fact) => ({ ...momentOf(fact, at), ...(isFirst ? { before: true as const } : {}) }))
      .filter(({ key }) => !known.has(key))
    heard = [...news.toReversed(), ...heard].slice(0, kept)
  }

  return {
    watch(feed) {
      told = []
      heard = []
      follows = false
      return {
        ...feed,
        async append(fact) {
          told = [momentOf(fact, now()), ...told].slice(0, kept)
          return feed.append(fact)
        },
        async read(after, options) {
          const answer = await feed.read(after, options)
          if (answer !== 'gap') hear(answer.facts, false)
          return answer
        },
        async snapshot() {
          const answer = await feed.snapshot()
          // One that is taken again, after a gap, tells what is new as a read does.
          hear(answer.facts, !follows)
          follows = true
          return answer
        },
      }
    },
    view: () => ({ node, follows, told, heard }),
  }
}

function momentOf(fact: Fact, at: number): FeedMoment {
  const about = fact.kind === 'user' ? fact.handle : fact.kind === 'key' ? fact.kid : fact.id
  const turn = fact.kind === 'user' ? fact.epoch : fact.kind === 'changed' ? fact.version : 0
  return { key: `${fact.kind} ${about} ${turn}`, kind: fact.kind, about, at }
}

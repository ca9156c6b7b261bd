/**
 * What so many sessions and requests ask of stores, caches and the feed: arithmetic over parameters and over what was
 * measured of one Redis.
 * @module
 */
import type { RedisCosts } from '../compare/redis-costs.ts'

/** Seconds and bytes. */
export interface Parameters {
  readonly sessions: number
  readonly sessionsAUser: number
  readonly requestsASecond: number
  /** Requests a second of a session while somebody uses it. */
  readonly requestsASession: number
  readonly nodes: number
  readonly cacheBytes: number
  /** Memory of one Redis that sessions may fill; the rest is for what it needs beside them. */
  readonly shardBytes: number
  /** The part of its one thread that may be busy. */
  readonly shardLoad: number
  /** How long a session that is in use is not written to the store again. */
  readonly touchWindow: number
  readonly endsADay: number
  /** How many times the average the busiest moment is. */
  readonly peak: number
  readonly accessLifetime: number
  /** How often a node asks the feed in a second. */
  readonly pollsASecond: number
}

export const defaults: Parameters = {
  sessions: 1e8,
  sessionsAUser: 2,
  requestsASecond: 1e6,
  requestsASession: 0.2,
  nodes: 500,
  cacheBytes: 32 * 1_048_576,
  shardBytes: 5e9,
  shardLoad: 0.7,
  touchWindow: 3_600,
  endsADay: 1e6,
  peak: 10,
  accessLifetime: 900,
  pollsASecond: 4,
}

/** One way to run the nodes. */
export interface Condition {
  /** True: the requests of one session all come to one node. */
  readonly affinity: boolean
  /** How long a cache may answer for its store. */
  readonly life: number
}

/** Without a feed `maxStaleness`, with one `maxAge`, as they are unless set. */
export const conditions: readonly Condition[] = [
  { affinity: false, life: 5 },
  { affinity: false, life: 300 },
  { affinity: true, life: 5 },
  { affinity: true, life: 300 },
]

/** Requests a second of one session that one node sees. */
export function rateAtANode({ requestsASession, nodes }: Parameters, { affinity }: Condition): number {
  return affinity ? requestsASession : requestsASession / nodes
}

/**
 * The part of requests that a cache answers whose entries live for `life`, counted from their read: of every round of a
 * miss and the requests that come while the entry lives, the latter.
 */
export function hitRate(rate: number, life: number): number {
  return (rate * life) / (1 + rate * life)
}

/** Sessions that one node holds at once, if it may hold all of them. */
export function heldAtANode(parameters: Parameters, condition: Condition): number {
  const { requestsASecond, nodes } = parameters
  const misses = (requestsASecond / nodes) * (1 - hitRate(rateAtANode(parameters, condition), condition.life))
  return misses * condition.life
}

export interface Shards {
  readonly memoryBytes: number
  readonly forMemory: number
  readonly forWork: number
  readonly needed: number
  readonly readsAShard: number
  readonly touchesASecond: number
}

/** Shards of Redis for sessions and for what is not answered by caches. Touches as if every session were always in use. */
export function shards(parameters: Parameters, costs: RedisCosts, hits: number): Shards {
  const { sessions, sessionsAUser, requestsASecond, shardBytes, shardLoad, touchWindow } = parameters
  const users = sessions / sessionsAUser
  const memoryBytes = users * costs.firstBytes + (sessions - users) * costs.nextBytes
  // A touch comes up to a quarter early.
  const touchesASecond = sessions / (touchWindow * 0.875)
  const reads = requestsASecond * (1 - hits)
  // So many nodes seldom have two commands for one shard at the same moment: each comes in a packet of its own.
  const packet = Math.max(0, costs.aloneMicros - costs.findMicros)
  const work = (reads * costs.aloneMicros + touchesASecond * (costs.touchMicros + packet)) / 1e6
  const forMemory = Math.ceil(memoryBytes / shardBytes)
  const forWork = Math.ceil(work / shardLoad)
  const needed = Math.max(forMemory, forWork)
  return { memoryBytes, forMemory, forWork, needed, readsAShard: reads / needed, touchesASecond }
}

export interface FeedVolume {
  readonly factsASecond: number
  readonly bytesASecond: number
  readonly pollsASecond: number
  readonly heldFacts: number
}

/** What all nodes together read of the feed at the busiest moment. */
export function feedVolume(parameters: Parameters, { factBytes }: Pick<RedisCosts, 'factBytes'>): FeedVolume {
  const { endsADay, peak, nodes, accessLifetime, pollsASecond } = parameters
  const factsASecond = (endsADay / 86_400) * peak
  return {
    factsASecond,
    bytesASecond: factsASecond * factBytes * nodes,
    pollsASecond: pollsASecond * nodes,
    heldFacts: (endsADay / 86_400) * accessLifetime,
  }
}

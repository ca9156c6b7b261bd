/**
 * The part of docs/scale.md that is computed: conditions, hit rates, shards and the volume of the feed.
 * @module
 */
import type { ComparisonResults } from '../compare/files.ts'
import type { RedisCosts } from '../compare/redis-costs.ts'
import { markdownTable, thousands } from '../compare/render.ts'
import {
  type Condition,
  conditions,
  defaults,
  feedVolume,
  heldAtANode,
  hitRate,
  type Parameters,
  rateAtANode,
  shards,
} from './model.ts'
import { simulatedHitRate } from './simulate.ts'

/** Requests of one simulation; twice as many move the third digit. */
const simulatedRequests = 200_000
/** A node is simulated by a model of it: as much smaller in sessions and in memory alike. */
const simulatedSessions = { affinity: 500, without: 50_000 }

export function scalePage({ redis, date }: ComparisonResults, parameters: Parameters = defaults): string {
  if (redis === undefined)
    return 'There was no Redis on the machine of the latest comparison, so there is nothing to reckon with.'
  const feed = feedVolume(parameters, redis)
  const capacity = Math.floor(parameters.cacheBytes / redis.entryBytes)
  const rows = conditions.map((condition) => {
    const rate = rateAtANode(parameters, condition)
    const bounded = simulated(parameters, condition, capacity)
    const needed = shards(parameters, redis, bounded)
    return [
      condition.affinity ? 'with affinity' : 'without',
      condition.life === 5 ? '5 s, no feed' : `${condition.life / 60} min, with a feed`,
      String(rate),
      percent(hitRate(rate, condition.life)),
      percent(simulated(parameters, condition, Number.POSITIVE_INFINITY)),
      thousands(heldAtANode(parameters, condition)),
      percent(bounded),
      `${thousands(parameters.requestsASecond * (1 - bounded))} /s`,
      `${needed.forMemory} · ${needed.forWork}`,
      `${thousands(needed.readsAShard)} /s`,
    ]
  })
  const { memoryBytes, touchesASecond } = shards(parameters, redis, 0)
  return [
    '## What is assumed',
    markdownTable(['', ''], assumptions(parameters), [1]),
    `## What was measured of one Redis, ${date}`,
    markdownTable(
      ['', ''],
      [
        ['a user with one session, with epoch and index', `${thousands(redis.firstBytes)} B`],
        ['each further session of the user', `${thousands(redis.nextBytes)} B`],
        ...costRows(redis),
        ['a fact in the feed', `${thousands(redis.factBytes)} B`],
        ['a session in the near-cache', `${thousands(redis.entryBytes)} B: ${thousands(capacity)} in its memory`],
      ],
      [1],
    ),
    '## What comes of it',
    `All sessions together take ${(memoryBytes / 1e9).toFixed(0)} GB. Touches are ${thousands(touchesASecond)} /s if every session is always in use.`,
    markdownTable(
      [
        ...['requests of a session', 'cache lives', 'λ', 'hits, formula', 'hits, simulated', 'held at a node'],
        ...['hits, memory bounded', 'finds in Redis', 'shards: memory · work', 'finds a shard'],
      ],
      rows,
      [2, 3, 4, 5, 6, 7, 8, 9],
    ),
    '## The feed',
    `At the busiest moment ${thousands(feed.factsASecond)} sessions or users end in a second, and each of ${thousands(parameters.nodes)} nodes reads of it: ${(feed.bytesASecond / 1e6).toFixed(1)} MB/s in all, in at most ${thousands(feed.pollsASecond)} reads a second. A verifier of tokens that live for ${parameters.accessLifetime / 60} minutes holds ${thousands(feed.heldFacts)} facts.`,
  ].join('\n\n')
}

function costRows(redis: RedisCosts): readonly (readonly string[])[] {
  const most = (micros: number) => `${micros.toFixed(1)} µs: ${thousands(1e6 / micros)} /s at most`
  return [
    ['CPU of Redis for a find, many in one packet', most(redis.findMicros)],
    ['CPU of Redis for a find in a packet of its own', most(redis.aloneMicros)],
    ['CPU of Redis for a touch, many in one packet', most(redis.touchMicros)],
  ]
}

function assumptions(parameters: Parameters): readonly (readonly string[])[] {
  return [
    ['sessions', thousands(parameters.sessions)],
    ['sessions of a user', String(parameters.sessionsAUser)],
    ['requests a second', thousands(parameters.requestsASecond)],
    ['requests a second of a session in use', String(parameters.requestsASession)],
    ['sessions in use', thousands(parameters.requestsASecond / parameters.requestsASession)],
    ['nodes', thousands(parameters.nodes)],
    ['memory of a near-cache', `${(parameters.cacheBytes / 1_048_576).toFixed(0)} MiB`],
    ['memory of a shard for sessions', `${(parameters.shardBytes / 1e9).toFixed(0)} GB`],
    ['how busy a shard may be', percent(parameters.shardLoad)],
    ['touch window', `${parameters.touchWindow} s`],
    ['sessions or users ended a day', thousands(parameters.endsADay)],
    ['busiest moment', `${parameters.peak} × the average`],
  ]
}

function simulated(parameters: Parameters, condition: Condition, capacity: number): number {
  const { requestsASecond, requestsASession, nodes } = parameters
  const inUse = requestsASecond / requestsASession
  const atANode = condition.affinity ? inUse / nodes : inUse
  const sessions = Math.min(atANode, condition.affinity ? simulatedSessions.affinity : simulatedSessions.without)
  return simulatedHitRate({
    sessions,
    rate: rateAtANode(parameters, condition),
    life: condition.life,
    capacity: (capacity * sessions) / atANode,
    requests: simulatedRequests,
  })
}

function percent(part: number): string {
  const value = part * 100
  return `${value >= 10 ? value.toFixed(0) : value.toFixed(1)} %`
}

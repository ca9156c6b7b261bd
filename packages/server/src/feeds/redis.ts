/**
 * A feed in one Redis stream, for servers that share a Redis.
 * @module
 */
import { type Clock, systemClock } from '@handstamp/core/clock'
import { type Duration, parseDuration } from '@handstamp/core/duration'
import { AuthError } from '@handstamp/core/errors'
import { checkNames } from '../option-names.ts'
import { commandsOf, createScript, hasOneConnection, type RedisClient } from '../stores/redis/client.ts'
import type { ChangeFeed, Cursor, Fact, Facts } from './feed.ts'

export interface RedisFeedOptions {
  /**
   * The feed's own where `replicas` is set, since who waits for replicas holds up all others on its connection. Listen to
   * the `error` events of this and of `reader` (`client.on('error', …)`): node-redis ends a process in which nobody does.
   */
  readonly client: RedisClient
  /** A connection that nobody else uses, since it waits for facts: `client.duplicate()`, connected. Without it Redis is asked every quarter of a second. */
  readonly reader?: RedisClient
  /** Before the key, `hs:` unless set. */
  readonly prefix?: string
  /** How long facts are kept: no less than the longest access token lives and six minutes more; `2h` unless set. */
  readonly retention?: Duration
  /**
   * Replicas that must have a fact before it counts (WAIT); 0 unless set. A failover loses what no replica has. Not with
   * createClientPool() of node-redis nor a Cluster of ioredis, whose WAIT may ask another connection than the fact took.
   */
  readonly replicas?: number
  readonly clock?: Clock
}

/** By which servers' clocks may differ, in milliseconds. */
const skew = 60_000
const pageSize = 1_000

/** Entries are numbered by the clock of Redis, so by that clock they are old. */
const since = `
local now = redis.call('TIME')
local since = string.format('%.0f', math.max(0, now[1] * 1000 + math.floor(now[2] / 1000) - ARGV[1]))
`

/** KEYS: stream. ARGV: milliseconds to keep entries, fact. */
const append = createScript(`${since}
return redis.call('XADD', KEYS[1], 'MINID', '~', since, '*', 'fact', ARGV[2])
`)

/**
 * KEYS: stream. ARGV: milliseconds for which entries are kept. Answers from where to where to read. An empty stream gets an
 * entry that is no fact, to be the cursor of those who come before the first.
 */
const span = createScript(`${since}
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
return { since, last and last[1] or redis.call('XADD', KEYS[1], '*', 'begin', '') }
`)

/** A cursor is the last entry that was read. If that is gone, so may be others after it: trimmed, flushed, or lost in a failover. */
const readAfter = createScript(`
if #redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1]) == 0 then return false end
return redis.call('XRANGE', KEYS[1], '(' .. ARGV[1], '+', 'COUNT', ARGV[2])
`)

type StreamEntry = readonly [id: string, fields: readonly string[]]

/**
 * Answers a feed in the stream `<prefix>feed`. Redis copies to its replicas later: a failover may lose the last facts,
 * unless `replicas` says how many must have one first.
 *
 * @throws TypeError | RangeError naming the option.
 *
 * @example
 * ```ts
 * import { redisFeed } from '@handstamp/server/feeds/redis'
 * declare const client: import('@handstamp/server/stores/redis').RedisClient
 *
 * const feed = redisFeed({ client })
 * ```
 */
export function redisFeed(options: RedisFeedOptions): ChangeFeed {
  checkNames(options, ['client', 'reader', 'prefix', 'retention', 'replicas', 'clock'], 'redisFeed()')
  const { client, reader, prefix = 'hs:', replicas = 0, clock = systemClock } = options
  if (typeof prefix !== 'string' || !/^[\w:-]{0,64}$/.test(prefix))
    throw new TypeError("redisFeed({ prefix }) has letters, digits, ':', '_' and '-' alone: write 'hs:'")
  if (!Number.isInteger(replicas) || replicas < 0)
    throw new RangeError('redisFeed({ replicas }) must be a whole number: 0 waits for none')
  const command = commandsOf(client, 'redisFeed({ client })')
  if (replicas > 0 && !hasOneConnection(client))
    throw new TypeError(
      'redisFeed({ replicas }) needs one connection: write createClient() or createCluster() of node-redis, or new Redis() of ioredis',
    )
  if (reader === client)
    throw new TypeError('redisFeed({ reader }) needs a connection of its own: write client.duplicate(), connected')
  const retention = parseDuration(options.retention ?? '2h', 'redisFeed({ retention })')
  const kept = String(retention + skew)
  const waitingCommand = reader && commandsOf(reader, 'redisFeed({ reader })')
  const key = `${prefix}feed`

  async function entriesAfter(cursor: Cursor, limit: number): Promise<readonly StreamEntry[] | 'gap'> {
    const answer = await readAfter.run(command, [key], [cursor, String(limit)])
    return Array.isArray(answer) ? (answer as StreamEntry[]) : 'gap'
  }

  /** Only a wake-up: what counts is read by the script. */
  async function nextEntry(after: Cursor, waitMs: number): Promise<void> {
    if (waitingCommand) await waitingCommand(key, 'XREAD', 'BLOCK', String(waitMs), 'STREAMS', key, after)
    else await new Promise((resolve) => setTimeout(resolve, waitMs))
  }

  return {
    keepsFor: retention,

    async append(fact) {
      if (fact.until > clock() + retention)
        throw new AuthError(
          'ERR_FEED_UNAVAILABLE',
          'the feed keeps facts for less long than this one matters: raise redisFeed({ retention })',
        )
      const id = (await append.run(command, [key], [kept, JSON.stringify(fact)])) as string
      if (replicas === 0) return id
      const copies = Number(await command(key, 'WAIT', String(replicas), '1000'))
      if (copies >= replicas) return id
      throw new AuthError('ERR_FEED_UNAVAILABLE', `${copies} replicas have the fact, and ${replicas} must`)
    },

    async read(after, { waitMs, limit }): Promise<Facts | 'gap'> {
      if (!/^\d{1,20}-\d{1,20}$/.test(after)) return 'gap'
      let entries = await entriesAfter(after, limit)
      if (entries.length === 0 && waitMs > 0) {
        await nextEntry(after, waitMs)
        entries = await entriesAfter(after, limit)
      }
      if (entries === 'gap') return 'gap'
      return { facts: entries.map(factIn), cursor: entries.at(-1)?.[0] ?? after, more: entries.length >= limit }
    },

    async snapshot() {
      const [begin, end] = (await span.run(command, [key], [kept])) as [string, string]
      const facts: Fact[] = []
      for (let from = begin; ; ) {
        const entries = (await command(key, 'XRANGE', key, from, end, 'COUNT', String(pageSize))) as StreamEntry[]
        const now = clock()
        for (const entry of entries) {
          const fact = factIn(entry)
          if (entry[1][0] === 'fact' && !(fact.until <= now)) facts.push(fact)
        }
        const last = entries.at(-1)
        if (last === undefined || entries.length < pageSize) return { facts, cursor: end }
        from = `(${last[0]}`
      }
    },
  }
}

/** What cannot be read comes out as a fact of no kind, for the follower to judge. */
function factIn([, fields]: StreamEntry): Fact {
  try {
    return JSON.parse(fields[1] ?? '') as Fact
  } catch {
    return { kind: 'unreadable' } as unknown as Fact
  }
}

/**
 * A feed in one Redis stream, for servers that share a Redis.
 * @module
 */
import { type Clock, systemClock } from '@handstamp/core/clock'
import { type Duration, parseDuration } from '@handstamp/core/duration'
import { AuthError } from '@handstamp/core/errors'
import { checkNames } from '../option-names.ts'
import { commandsOf, createScript, type RedisClient } from '../stores/redis/client.ts'
import type { ChangeFeed, Cursor, Fact, Facts } from './feed.ts'

export interface RedisFeedOptions {
  readonly client: RedisClient
  /** A connection that nobody else uses, since it waits for facts: `client.duplicate()`, connected. Without it Redis is asked every quarter of a second. */
  readonly reader?: RedisClient
  /** Before the key, `hs:` unless set. */
  readonly prefix?: string
  /** How long facts are kept: no less than the longest access token lives; `1d` unless set. */
  readonly retention?: Duration
  /** Replicas that must have a fact before it counts (WAIT); 0 unless set. A failover loses what no replica has. */
  readonly replicas?: number
  readonly clock?: Clock
}

/** The cursor before anything was ever appended. */
const nothing = '0-0'

/** A cursor is the last entry that was read. If that is gone, so may be others after it: trimmed, flushed, or lost in a failover. */
const readAfter = createScript(`
if ARGV[1] == '${nothing}' then
  if redis.call('EXISTS', KEYS[1]) == 1 then return false else return {} end
end
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
  const retention = parseDuration(options.retention ?? '1d', 'redisFeed({ retention })')
  const command = commandsOf(client, 'redisFeed({ client })')
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
    async append(fact) {
      const now = clock()
      if (fact.until > now + retention)
        throw new AuthError(
          'ERR_FEED_UNAVAILABLE',
          'the feed keeps facts for less long than this one matters: raise redisFeed({ retention })',
        )
      const trim = ['MINID', '~', String(Math.max(0, Math.floor(now - 2 * retention)))]
      const id = (await command(key, 'XADD', key, ...trim, '*', 'fact', JSON.stringify(fact))) as string
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
      return { facts: entries.map(factIn), cursor: entries.at(-1)?.[0] ?? after }
    },

    async snapshot() {
      const entries = (await command(key, 'XRANGE', key, '-', '+')) as StreamEntry[]
      const now = clock()
      const facts = entries.map(factIn).filter((fact) => !(fact.until <= now))
      return { facts, cursor: entries.at(-1)?.[0] ?? nothing }
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

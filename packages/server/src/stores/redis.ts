/**
 * Keeps sessions in Redis 6.2 or newer, Valkey, or a Cluster of either, over the client that the application brings.
 * @module
 */
import { type Clock, systemClock } from '@handstamp/core/clock'
import { handleOf, isSessionId } from '@handstamp/core/credential'
import { isExpired, sessionExpiry } from '@handstamp/core/session'
import { frozenJson } from '../json-value.ts'
import { checkNames } from '../option-names.ts'
import { commandsOf, isCluster, isIoRedis, type RedisClient } from './redis/client.ts'
import { joiningReads } from './redis/joined-reads.ts'
import { list, remove, removeByUser, replace, save } from './redis/scripts.ts'
import { read, write } from './redis/value.ts'
import { epochAt, type Found, type Saved, type SessionStore } from './store.ts'

export type { IoRedis, NodeRedisClient, NodeRedisCluster, RedisClient } from './redis/client.ts'

export interface RedisStoreOptions {
  /**
   * Connected: `await createClient({ url }).connect()` of node-redis, or `new Redis(url)` of ioredis; a Cluster of either.
   * Listen to its `error` events (`client.on('error', …)`): node-redis ends a process in which nobody does.
   */
  readonly client: RedisClient
  /** Before every key, `hs:` unless set: letters, digits, and `:_-`. */
  readonly prefix?: string
  /**
   * The finds of one tick travel as one command, and fail together. Unless set, `true` with ioredis, which takes its time
   * over each command, and `false` with node-redis. Not for a Cluster, whose users live apart.
   */
  readonly batch?: boolean
  /** Told once, after the first sign-in, if Redis may evict sessions that have not expired; `console.warn` unless set. */
  readonly onWarning?: (message: string) => void
  readonly clock?: Clock
}

/** Milliseconds by which keys outlive what they hold, since the clocks of server and store may differ. */
const margin = 60_000
/** How long an epoch is kept that no session stands under: for a sign-in that has read it, or its absence. */
const epochRests = 86_400_000

/**
 * Answers a store whose every operation is one round trip: a find is one MGET of session and epoch, every write one
 * script. A user's keys share a hash tag, and so a slot. Redis expires them by itself.
 *
 * Redis must not evict what has not expired: set `maxmemory-policy noeviction`. Under `allkeys-lru` users are signed out
 * at random, though never back in, and a list of sessions may lack some; `onWarning` is told of that. A write that it acknowledged and lost
 * (`appendfsync everysec` and a crash, a failover) signs out whose token it had rotated, and lets live what it had ended.
 *
 * @throws TypeError naming the option.
 *
 * @example
 * ```ts
 * import { redisStore } from '@handstamp/server/stores/redis'
 * declare const client: import('@handstamp/server/stores/redis').RedisClient
 *
 * const store = redisStore({ client })
 * ```
 */
export function redisStore(options: RedisStoreOptions): SessionStore {
  checkNames(options, ['client', 'prefix', 'batch', 'onWarning', 'clock'], 'redisStore()')
  const { client, prefix = 'hs:', clock = systemClock } = options
  if (typeof prefix !== 'string' || !/^[\w:-]{0,64}$/.test(prefix))
    throw new TypeError("redisStore({ prefix }) has letters, digits, ':', '_' and '-' alone: write 'hs:'")
  const alone = commandsOf(client, 'redisStore({ client })')
  // biome-ignore lint/suspicious/noConsole: a store has nobody else to tell
  const { onWarning = (message: string) => console.warn(message) } = options
  if (typeof onWarning !== 'function')
    throw new TypeError('redisStore({ onWarning }) takes a function: (message) => log.warn(message)')
  const { batch = isIoRedis(client) && !isCluster(client) } = options
  if (typeof batch !== 'boolean') throw new TypeError('redisStore({ batch }) is true or false')
  if (batch && isCluster(client))
    throw new TypeError('redisStore({ batch }) is for one server: a Cluster keeps users apart, so leave it out')
  const command = batch ? joiningReads(alone) : alone

  let isLooked = false

  const keysOf = (handle: string) => ({
    epoch: `${prefix}{${handle}}:e`,
    index: `${prefix}{${handle}}:i`,
  })

  function keysOfSession(id: string) {
    const keys = keysOf(handleOf(id))
    const digest = id.slice(handleOf(id).length + 1)
    return { ...keys, digest, session: `${prefix}{${handleOf(id)}}:s:${digest}` }
  }

  /** Some servers do not say, which is no reason to fail. */
  async function lookAtPolicy(key: string): Promise<void> {
    isLooked = true
    const memory = await command(key, 'INFO', 'memory').catch(() => undefined)
    const [policy] = /allkeys-\w+/.exec(String(memory)) ?? []
    if (policy !== undefined)
      onWarning(`Redis has maxmemory-policy ${policy} and signs users out at random when it is full: set noeviction`)
  }

  const isLive = ({ record }: Found, epoch: string | null, now: number): boolean =>
    // One that cannot be read is the reader's to report.
    record.v !== 1 || (String(record.epoch) === epoch && !isExpired(record, now))

  return {
    async find(id) {
      if (!isSessionId(id)) return undefined
      const { session, epoch: epochKey } = keysOfSession(id)
      const [value, epoch] = (await command(session, 'MGET', session, epochKey)) as [string | null, string | null]
      if (value === null) return undefined
      const found = read(id, value)
      return isLive(found, epoch, clock()) ? found : undefined
    },

    async save(id, record, { epoch, cap, full = 'evict' }): Promise<Saved> {
      const { session, epoch: epochKey, index, digest } = keysOfSession(checked(id))
      const text = write(frozenJson(record, 'record'))
      if (!isLooked) void lookAtPolicy(session)
      return (await save.run(
        command,
        [session, epochKey, index],
        [
          ...[epoch === undefined ? '' : String(epoch), text.epoch, '1', text.createdAt, text.expiresAt],
          ...[text.lastSeenAt, text.idleUntil, text.userId, text.json, String(clock()), String(cap), digest],
          ...[whole(sessionExpiry(record) + margin), whole(record.expiresAt + margin), full],
        ],
      )) as Saved
    },

    async replace(id, expectedVersion, record, { as = id } = {}) {
      if (!isSessionId(id) || !isSessionId(as) || handleOf(as) !== handleOf(id)) return false
      const [from, to] = [keysOfSession(id), keysOfSession(as)]
      const text = write(frozenJson(record, 'record'))
      const answer = await replace.run(
        command,
        [from.session, from.epoch, from.index, to.session],
        [
          ...[String(expectedVersion), text.epoch, text.lastSeenAt, text.idleUntil, text.json, String(clock())],
          ...[from.digest, to.digest, String(margin)],
        ],
      )
      return answer === 1
    },

    async delete(id) {
      if (!isSessionId(id)) return false
      const { session, epoch, index, digest } = keysOfSession(id)
      return (await remove.run(command, [session, epoch, index], [String(clock()), digest])) === 1
    },

    async listByUser(handle) {
      const { epoch: epochKey, index } = keysOf(handle)
      const answer = (await list.run(command, [epochKey, index], [])) as (string | null)[]
      const [epoch = null, ...rest] = answer
      const now = clock()
      const sessions = []
      for (let at = 0; at < rest.length; at += 2) {
        const id = `${handle}.${rest[at]}`
        const found = read(id, rest[at + 1] ?? '')
        if (isLive(found, epoch, now)) sessions.push({ ...found, id })
      }
      return { epoch: epoch === null ? undefined : Number(epoch), sessions }
    },

    async deleteByUser(handle, { except } = {}) {
      const { epoch, index } = keysOf(handle)
      const now = clock()
      const left = except !== undefined && isSessionId(except) ? keysOfSession(except).digest : ''
      const answer = await removeByUser.run(
        command,
        [epoch, index],
        [String(now), whole(epochAt(now)), left, whole(now + epochRests), String(margin)],
      )
      return { epoch: Number(answer) }
    },

    /** Redis expires sessions by itself, and each sign-in prunes its user's index. */
    async sweep() {
      return { removed: 0, more: false }
    },
  }
}

function whole(ms: number): string {
  return String(Math.ceil(ms))
}

function checked(id: string): string {
  if (!isSessionId(id)) throw new TypeError('a session id is <handle>.<digest>')
  return id
}

/**
 * Servers of the bench whose sessions are in Redis, all over one connection of node-redis unless they say otherwise.
 * @module
 */
import { redisFeed } from '@handstamp/server/feeds/redis'
import { cached } from '@handstamp/server/stores/cached'
import { type RedisClient, type RedisStoreOptions, redisStore } from '@handstamp/server/stores/redis'
import { RedisStore } from 'connect-redis'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { sessionApplication } from '../rows/applications.ts'
import { betterAuthSession, redisStorage } from '../rows/better-auth.ts'
import { expressSessions } from '../rows/express.ts'
import { answer, type Contender, clients, express, greet, handstamp } from './contender.ts'

type Make = (port: number) => Promise<Contender>

const connected = (port: number) => createClient({ url: `redis://127.0.0.1:${port}` }).connect()
const sessions = (client: RedisClient, options: Pick<RedisStoreOptions, 'batch'> = {}) =>
  handstamp(sessionApplication(redisStore({ client, ...options })))

export const redisContenders: { readonly [name: string]: Make } = {
  redis: async (port) => sessions(await connected(port)),
  redisIo: (port) => sessions(new Redis(port)),
  redisIoPipelined: (port) => sessions(new Redis({ port, enableAutoPipelining: true }), { batch: false }),
  redisBatch: async (port) => sessions(await connected(port), { batch: true }),
  redisIoAlone: (port) => sessions(new Redis(port), { batch: false }),

  async redisCached(port) {
    const client = await connected(port)
    const feed = redisFeed({ client, reader: await client.duplicate().connect() })
    return handstamp(sessionApplication(cached(redisStore({ client }), { feed })))
  },

  /** What any lookup takes: a key made beforehand, and nothing is understood of its value. */
  async redisGet(port) {
    const client = await connected(port)
    const keys = Array.from({ length: clients }, (_, at) => `raw:${at}`)
    for (const key of keys) await client.set(key, 'x'.repeat(300))
    return {
      headers: keys.map((key) => `x-key: ${key}\r\n`),
      listener: (req, res) => {
        client.get(String(req.headers['x-key'])).then(
          (value) => greet(res, value === null ? 'nobody' : 'somebody'),
          () => answer(res, undefined),
        )
      },
    }
  },

  async redisExpress(port) {
    return express(expressSessions(clients, new RedisStore({ client: await connected(port) })))
  },

  async redisBetterAuth(port) {
    const { cookie, getSession } = await betterAuthSession({ storage: redisStorage(await connected(port)) })
    return {
      headers: [`cookie: ${cookie}\r\n`],
      listener: (req, res) => {
        getSession(new Headers({ cookie: req.headers.cookie ?? '' })).then(
          (found) => answer(res, found?.user.email),
          () => answer(res, undefined),
        )
      },
    }
  },
}

import { command, redisIsInstalled, startRedis } from '@handstamp/local-servers/redis'
import type { LocalServer } from '@handstamp/local-servers/server'
import type { Fact } from '@handstamp/server/feeds/feed'
import { redisFeed } from '@handstamp/server/feeds/redis'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { holdFeed } from './hold-feed.ts'

const isInstalled = redisIsInstalled()
let server: LocalServer
let logs = 0

beforeAll(async () => {
  if (isInstalled) server = await startRedis()
})
afterAll(() => server?.stop())

const nodeRedis = () => createClient({ url: `redis://127.0.0.1:${server.port}` }).connect()

holdFeed('Redis over node-redis, with a reader', isInstalled, {
  async open(count) {
    const prefix = `log-${++logs}:`
    const clients = await Promise.all(Array.from({ length: 2 * count }, nodeRedis))
    const feeds = Array.from({ length: count }, (_, at) => {
      const [client, reader] = clients.slice(2 * at)
      if (!client || !reader) throw new Error('no client')
      return redisFeed({ client, reader, prefix })
    })
    return {
      feeds,
      async close() {
        for (const client of clients) client.destroy()
      },
    }
  },
})

holdFeed('Redis over ioredis, without one', isInstalled, {
  async open(count) {
    const prefix = `log-${++logs}:`
    const clients = Array.from({ length: count }, () => new Redis(server.port, '127.0.0.1'))
    return {
      feeds: clients.map((client) => redisFeed({ client, prefix })),
      async close() {
        for (const client of clients) client.disconnect()
      },
    }
  },
})

describe.skipIf(!isInstalled)('a stream that lost something is a gap', () => {
  const until = Date.now() + 60_000
  const fact: Fact = { kind: 'key', kid: 'k', until }
  const now = { waitMs: 0, limit: 10 }

  test.each<[string, (key: string) => readonly string[]]>([
    ['trimmed past a paused reader', (key) => ['XTRIM', key, 'MAXLEN', '1']],
    ['flushed', () => ['FLUSHALL']],
    ['without its last entries, as after a failover', (key) => ['XTRIM', key, 'MAXLEN', '0']],
  ])('%s', async (_, loss) => {
    const client = await nodeRedis()
    const prefix = `lost-${++logs}:`
    const feed = redisFeed({ client, prefix })
    const cursor = await feed.append(fact)
    await feed.append(fact)
    await feed.append(fact)
    expect(await feed.read(cursor, now)).toMatchObject({ facts: [fact, fact] })
    await command(server.port, ...loss(`${prefix}feed`))
    expect(await feed.read(cursor, now)).toBe('gap')
    await feed.append(fact)
    expect(await feed.read(cursor, now)).toBe('gap')
    expect((await feed.snapshot()).facts.length).toBeGreaterThan(0)
    client.destroy()
  })

  test('a fact that would be trimmed before it is past is refused', async () => {
    const client = await nodeRedis()
    const feed = redisFeed({ client, prefix: `short-${++logs}:`, retention: '1m' })
    await expect(feed.append({ ...fact, until: Date.now() + 120_000 })).rejects.toThrow('retention')
    client.destroy()
  })

  test('a replica that is asked for and is not there makes an append fail', async () => {
    const client = await nodeRedis()
    const feed = redisFeed({ client, prefix: `alone-${++logs}:`, replicas: 1 })
    await expect(feed.append(fact)).rejects.toMatchObject({ code: 'ERR_FEED_UNAVAILABLE' })
    client.destroy()
  })
})

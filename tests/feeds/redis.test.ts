import { command, redisIsInstalled, startRedis } from '@handstamp/local-servers/redis'
import type { LocalServer } from '@handstamp/local-servers/server'
import type { Fact } from '@handstamp/server/feeds/feed'
import { redisFeed } from '@handstamp/server/feeds/redis'
import { Cluster, Redis } from 'ioredis'
import { createClient, createClientPool } from 'redis'
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

  test('one that was empty is none: its first fact is read', async () => {
    const client = await nodeRedis()
    const feed = redisFeed({ client, prefix: `empty-${++logs}:` })
    const { facts, cursor } = await feed.snapshot()
    expect(facts).toEqual([])
    expect(await feed.snapshot()).toEqual({ facts, cursor })
    const place = await feed.append(fact)
    expect(await feed.read(cursor, now)).toEqual({ facts: [fact], cursor: place, more: false })
    expect((await feed.snapshot()).facts).toEqual([fact])
    client.destroy()
  })

  test('what is too old to matter is neither kept nor read, and the rest comes in pages', async () => {
    const client = await nodeRedis()
    const prefix = `old-${++logs}:`
    const stream = `${prefix}feed`
    const feed = redisFeed({ client, prefix, retention: '1h' })
    const old = { ...fact, kid: 'old' }
    for (let at = 1; at <= 1_000; at += 1)
      await client.xAdd(stream, String(Date.now() - 3_700_000 + at), { fact: JSON.stringify(old) })
    const { facts, cursor } = await feed.snapshot()
    expect(facts).toEqual([])
    expect(await feed.read(cursor, now)).toMatchObject({ facts: [] })
    for (let at = 0; at < 2_500; at += 1)
      await client.xAdd(stream, '*', { fact: JSON.stringify({ ...fact, kid: `${at}` }) })
    const place = await feed.append(fact)
    const snapshot = await feed.snapshot()
    expect(snapshot.cursor).toBe(place)
    expect(snapshot.facts.map((one) => one.kind === 'key' && one.kid)).toEqual([
      ...Array.from({ length: 2_500 }, (_, at) => `${at}`),
      'k',
    ])
    expect(await client.xLen(stream)).toBeLessThan(2_700)
    client.destroy()
  })

  test('a replica that is asked for and is not there makes an append fail', async () => {
    const client = await nodeRedis()
    const feed = redisFeed({ client, prefix: `alone-${++logs}:`, replicas: 1 })
    await expect(feed.append(fact)).rejects.toMatchObject({ code: 'ERR_FEED_UNAVAILABLE' })
    client.destroy()
  })
})

test('who cannot wait for replicas on one connection is refused', () => {
  const clients = [
    createClientPool({ url: 'redis://127.0.0.1:1' }),
    new Cluster([{ host: '127.0.0.1', port: 1 }], { lazyConnect: true }),
  ]
  for (const client of clients) {
    expect(() => redisFeed({ client, replicas: 1 })).toThrow(TypeError)
    expect(() => redisFeed({ client, replicas: 1 })).toThrow('one connection')
    expect(redisFeed({ client }).keepsFor).toBe(7_200_000)
  }
  expect(() => redisFeed({ client: undefined as never, replicas: 1 })).toThrow('redisFeed({ client })')
})

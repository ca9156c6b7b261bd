import { type RedisCluster, redisIsInstalled, startRedis, startRedisCluster } from '@handstamp/local-servers/redis'
import type { LocalServer } from '@handstamp/local-servers/server'
import { redisStore } from '@handstamp/server/stores/redis'
import { contractRecord } from '@handstamp/server/testing'
import { Cluster, Redis } from 'ioredis'
import { createClient, createCluster } from 'redis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { holdStore } from './hold-store.ts'

/** One server for all, and keys of their own for each store. */
let stores = 0
const prefix = () => `hs-${++stores}:`

const isInstalled = redisIsInstalled()
let server: LocalServer
let cluster: RedisCluster

beforeAll(async () => {
  if (!isInstalled) return
  server = await startRedis()
  cluster = await startRedisCluster()
})
afterAll(async () => {
  await server?.stop()
  await cluster?.stop()
})

holdStore('redis over node-redis', isInstalled, {
  serverClock: true,
  async create({ clock }) {
    const client = await createClient({ url: `redis://127.0.0.1:${server.port}` }).connect()
    return { store: redisStore({ client, clock, prefix: prefix() }), close: () => client.destroy() }
  },
})

holdStore('redis over ioredis', isInstalled, {
  serverClock: true,
  create({ clock }) {
    const client = new Redis(server.port, '127.0.0.1')
    return { store: redisStore({ client, clock, prefix: prefix() }), close: () => client.disconnect() }
  },
})

holdStore('redis over ioredis, one find at a time', isInstalled, {
  serverClock: true,
  create({ clock }) {
    const client = new Redis(server.port, '127.0.0.1')
    return { store: redisStore({ client, clock, prefix: prefix(), batch: false }), close: () => client.disconnect() }
  },
})

holdStore('redis over ioredis with a prefix of its own', isInstalled, {
  serverClock: true,
  create({ clock }) {
    const client = new Redis(server.port, '127.0.0.1', { keyPrefix: prefix() })
    return { store: redisStore({ client, clock }), close: () => client.disconnect() }
  },
})

holdStore('redis over node-redis, in batches', isInstalled, {
  serverClock: true,
  async create({ clock }) {
    const client = await createClient({ url: `redis://127.0.0.1:${server.port}` }).connect()
    return { store: redisStore({ client, clock, prefix: prefix(), batch: true }), close: () => client.destroy() }
  },
})

holdStore('a cluster over node-redis', isInstalled, {
  serverClock: true,
  async create({ clock }) {
    const rootNodes = cluster.nodes.map(({ port }) => ({ url: `redis://127.0.0.1:${port}` }))
    const client = createCluster({ rootNodes })
    await client.connect()
    return { store: redisStore({ client, clock, prefix: prefix() }), close: () => client.destroy() }
  },
})

holdStore('a cluster over ioredis', isInstalled, {
  serverClock: true,
  create({ clock }) {
    const client = new Cluster(cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port })))
    return { store: redisStore({ client, clock, prefix: prefix() }), close: () => client.disconnect() }
  },
})

test('a warning needs somebody who can be called', () => {
  const client = { sendCommand: async () => null }
  expect(() => redisStore({ client, onWarning: 'log' as never })).toThrow(/onWarning/)
})

test.each(['slave', 'all'] as const)(
  'a cluster over ioredis that reads from replicas (%s) is refused',
  (scaleReads) => {
    const client = new Cluster([{ host: '127.0.0.1', port: 1 }], { lazyConnect: true, scaleReads })
    expect(() => redisStore({ client })).toThrow(TypeError)
    expect(() => redisStore({ client })).toThrow('scaleReads')
  },
)

test.skipIf(!isInstalled).each([
  ['allkeys-lru', 1],
  ['noeviction', 0],
] as const)('of %s it is warned of %i times', async (policy, times) => {
  const own = await startRedis({ config: [['maxmemory-policy', policy]] })
  const client = await createClient({ url: `redis://127.0.0.1:${own.port}` }).connect()
  try {
    const warnings: string[] = []
    const store = redisStore({ client, onWarning: (message) => warnings.push(message) })
    for (const record of [contractRecord(), contractRecord()])
      expect(await store.save(record.id, record, { epoch: undefined, cap: 5 })).toBe('saved')
    // Asked on the same connection before this is.
    await client.ping()
    expect(warnings).toHaveLength(times)
    for (const warning of warnings) expect(warning).toContain(policy)
  } finally {
    client.destroy()
    await own.stop()
  }
})

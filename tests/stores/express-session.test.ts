import { redisIsInstalled, startRedis } from '@handstamp/local-servers/redis'
import type { LocalServer } from '@handstamp/local-servers/server'
import { expressSessionStore } from '@handstamp/server/stores/express-session'
import { RedisStore } from 'connect-redis'
import { MemoryStore } from 'express-session'
import { createClient } from 'redis'
import { afterAll, beforeAll } from 'vitest'
import { holdStore } from './hold-store.ts'

let stores = 0
const isInstalled = redisIsInstalled()
let server: LocalServer

beforeAll(async () => {
  if (isInstalled) server = await startRedis()
})
afterAll(() => server?.stop())

holdStore("express-session's MemoryStore", true, {
  serverClock: true,
  create: ({ clock }) => ({ store: expressSessionStore({ store: new MemoryStore(), clock }) }),
})

holdStore('connect-redis', isInstalled, {
  serverClock: true,
  async create({ clock }) {
    const client = await createClient({ url: `redis://127.0.0.1:${server.port}` }).connect()
    stores += 1
    const store = new RedisStore({ client, prefix: `sess-${stores}:` })
    return { store: expressSessionStore({ store, clock }), close: () => client.destroy() }
  },
})

import { memcachedIsInstalled, startMemcached } from '@handstamp/local-servers/memcached'
import type { LocalServer } from '@handstamp/local-servers/server'
import { memcachedStore } from '@handstamp/server/stores/memcached'
import { Memcache } from 'memcache'
import { afterAll, beforeAll } from 'vitest'
import { holdStore } from './hold-store.ts'

let stores = 0
const prefix = () => `hs-${++stores}:`

const isInstalled = memcachedIsInstalled()
let server: LocalServer

beforeAll(async () => {
  if (isInstalled) server = await startMemcached()
})
afterAll(() => server?.stop())

holdStore('memcached', isInstalled, {
  serverClock: true,
  maxRecordBytes: 500_000,
  maxSessions: 16,
  create({ clock }) {
    const client = new Memcache({ nodes: [`127.0.0.1:${server.port}`] })
    return { store: memcachedStore({ client, clock, prefix: prefix() }), close: () => client.disconnect() }
  },
})

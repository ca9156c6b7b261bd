/**
 * The stores under load, each opened as an application opens it: by a driver that comes back when its server does.
 * @module
 */
import { fileStore } from '@handstamp/server/stores/file'
import { memcachedStore } from '@handstamp/server/stores/memcached'
import { redisStore } from '@handstamp/server/stores/redis'
import { migrate, type SqlDialect, sqlStore } from '@handstamp/server/stores/sql'
import type { SessionStore } from '@handstamp/server/stores/store'
import { Redis } from 'ioredis'
import { Memcache } from 'memcache'
import { createClient } from 'redis'
import { open } from './sql-places.ts'

/** `at` is a URL, a file for SQLite, or a directory. */
export interface LoadPlace {
  readonly driver: 'node-redis' | 'ioredis' | 'memcached' | 'files' | SqlDialect
  readonly at: string
}

interface OpenStore {
  readonly store: SessionStore
  close(): Promise<unknown> | unknown
}

export async function openStore({ driver, at }: LoadPlace, clock: () => number): Promise<OpenStore> {
  switch (driver) {
    case 'node-redis': {
      const client = createClient({ url: at, socket: { reconnectStrategy: 100 } })
      client.on('error', () => {})
      await client.connect()
      return { store: redisStore({ client, clock }), close: () => client.destroy() }
    }
    case 'ioredis': {
      const client = new Redis(at, { retryStrategy: () => 100 })
      client.on('error', () => {})
      return { store: redisStore({ client, clock }), close: () => client.disconnect() }
    }
    case 'memcached': {
      const client = new Memcache({ nodes: [new URL(at).host] })
      client.on('error', () => {})
      return { store: memcachedStore({ client, clock }), close: () => client.disconnect() }
    }
    case 'files':
      return { store: fileStore({ directory: at, clock }), close: () => {} }
    default: {
      const { database, close } = await open({ dialect: driver, at })
      await migrate(database)
      return { store: sqlStore({ database, clock }), close }
    }
  }
}

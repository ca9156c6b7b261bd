/**
 * The stores that are compared, each opened over its driver from where its data is, and counting what it is asked.
 * @module
 */
import { DatabaseSync } from 'node:sqlite'
import { memoryStore, type SessionStore } from '@handstamp/server'
import type { ChangeFeed } from '@handstamp/server/feeds/feed'
import { redisFeed } from '@handstamp/server/feeds/redis'
import { cached } from '@handstamp/server/stores/cached'
import { fileStore } from '@handstamp/server/stores/file'
import { memcachedStore } from '@handstamp/server/stores/memcached'
import { redisStore } from '@handstamp/server/stores/redis'
import { mysql, postgres, sqlite, sqlStore } from '@handstamp/server/stores/sql'
import { Memcache } from 'memcache'
import { createPool } from 'mysql2/promise'
import { Pool } from 'pg'
import { createClient } from 'redis'
import type { StoreKind } from './lines.ts'

/** `at`: a port, a folder, a file or a URL. */
export async function openStore(kind: StoreKind, at: string): Promise<SessionStore> {
  switch (kind) {
    case 'memory':
      return memoryStore()
    case 'file':
      return fileStore({ directory: at })
    case 'sqlite':
      return sqlStore({ database: sqlite(new DatabaseSync(at)) })
    case 'postgres':
      return sqlStore({ database: postgres(new Pool({ connectionString: at, max: 10 })) })
    case 'mariadb':
      return sqlStore({ database: mysql(createPool({ uri: at, connectionLimit: 10 })) })
    case 'memcached':
      return memcachedStore({ client: new Memcache({ nodes: [`127.0.0.1:${at}`] }) })
    case 'redis':
      return redisStore({ client: await openRedis(at) })
  }
}

export async function openCached(
  port: string,
  feed: ChangeFeed,
  counted: (store: SessionStore) => SessionStore,
): Promise<SessionStore> {
  const client = await openRedis(port)
  return cached(counted(redisStore({ client })), { feed })
}

export async function openFeed(port: string): Promise<ReturnType<typeof redisFeed>> {
  return redisFeed({ client: await openRedis(port), reader: await openRedis(port) })
}

function openRedis(port: string) {
  return createClient({ url: `redis://127.0.0.1:${port}` }).connect()
}

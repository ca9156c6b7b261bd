/**
 * `--store postgres://…`: PostgreSQL over pg, and a table of it as the change feed.
 * @module
 */
import { postgresIsInstalled, postgresUrl, startPostgres } from '@handstamp/local-servers/postgres'
import { migrate as migrateFeed, postgresFeed } from '@handstamp/server/feeds/postgres'
import { migrate, postgres, sqlStore } from '@handstamp/server/stores/sql'
import { Pool } from 'pg'
import { countedDatabase } from './counted.ts'
import type { LocalStore, OpenStore, StoreSetting } from './stores.ts'

export const local: LocalStore = {
  isInstalled: postgresIsInstalled,
  async start() {
    const server = await startPostgres()
    return { address: postgresUrl(server), stop: server.stop }
  },
  install: 'apt-get install postgresql',
}

export async function prepare(address: string): Promise<void> {
  const pool = openPool(address)
  try {
    await migrate(postgres(pool))
    await migrateFeed(pool)
  } finally {
    await pool.end()
  }
}

export async function open({ address, told }: StoreSetting): Promise<OpenStore> {
  const pool = openPool(address)
  return {
    store: sqlStore({ database: countedDatabase(postgres(pool), told) }),
    feed: postgresFeed({ pool, listener: pool }),
    close: () => pool.end(),
  }
}

function openPool(connectionString: string): Pool {
  const pool = new Pool({ connectionString, max: 10 })
  // Whoever asks is told that it does not answer; nobody listens here.
  return pool.on('error', () => {})
}

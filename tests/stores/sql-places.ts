/**
 * The databases that the SQL store is tested on, opened by name: also by another process, which gets the place as text.
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mariadbIsInstalled, mariadbUrl, startMariadb } from '@handstamp/local-servers/mariadb'
import { postgresIsInstalled, postgresUrl, startPostgres } from '@handstamp/local-servers/postgres'
import type { LocalServer } from '@handstamp/local-servers/server'
import { mysql, postgres, type SqlDatabase, type SqlDialect, sqlite } from '@handstamp/server/stores/sql'
import { createPool } from 'mysql2/promise'
import { Pool } from 'pg'

/** Where a database is: a file for SQLite, a URL for the others. */
export interface Place {
  readonly dialect: SqlDialect
  readonly at: string
}

export interface OpenDatabase {
  readonly database: SqlDatabase
  close(): Promise<void>
}

export interface Site {
  readonly name: string
  readonly dialect: SqlDialect
  readonly isInstalled: boolean
  start(): Promise<{ readonly place: Place; readonly server?: LocalServer; stop(): Promise<void> }>
}

// Missing from Node before 22.13.
const nodeSqlite = await import('node:sqlite').catch(() => undefined)

export async function open({ dialect, at }: Place, connections = 10): Promise<OpenDatabase> {
  if (dialect === 'sqlite') {
    if (!nodeSqlite) throw new Error('this Node has no node:sqlite')
    const file = new nodeSqlite.DatabaseSync(at)
    return { database: sqlite(file), close: async () => file.close() }
  }
  if (dialect === 'postgres') {
    const pool = new Pool({ connectionString: at, max: connections })
    pool.on('error', () => {})
    return { database: postgres(pool), close: () => pool.end() }
  }
  const pool = createPool({ uri: at, connectionLimit: connections })
  return { database: mysql(pool), close: () => pool.end() }
}

export const sites: readonly Site[] = [
  {
    name: 'SQLite',
    dialect: 'sqlite',
    isInstalled: nodeSqlite !== undefined,
    async start() {
      const folder = mkdtempSync(join(tmpdir(), 'sqlite-'))
      const stop = async (): Promise<void> => rmSync(folder, { recursive: true, force: true })
      return { place: { dialect: 'sqlite', at: join(folder, 'sessions.db') }, stop }
    },
  },
  {
    name: 'PostgreSQL',
    dialect: 'postgres',
    isInstalled: postgresIsInstalled(),
    async start() {
      const server = await startPostgres()
      return { place: { dialect: 'postgres', at: postgresUrl(server) }, server, stop: server.stop }
    },
  },
  {
    name: 'MariaDB',
    dialect: 'mysql',
    isInstalled: mariadbIsInstalled(),
    async start() {
      const server = await startMariadb()
      return { place: { dialect: 'mysql', at: mariadbUrl(server) }, server, stop: server.stop }
    },
  },
]

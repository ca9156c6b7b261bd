/**
 * Where sessions are while they are compared: servers and folders of our own, and how many bytes each holds.
 * @module
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { mariadbIsInstalled, mariadbUrl, startMariadb } from '@handstamp/local-servers/mariadb'
import { memcachedIsInstalled, startMemcached } from '@handstamp/local-servers/memcached'
import { postgresIsInstalled, postgresUrl, startPostgres } from '@handstamp/local-servers/postgres'
import { command, redisIsInstalled, startRedis } from '@handstamp/local-servers/redis'
import { migrate, mysql, postgres, type SqlDatabase, sqlite } from '@handstamp/server/stores/sql'
import { createPool } from 'mysql2/promise'
import { Pool } from 'pg'
import type { StoreKind } from './lines.ts'

export interface Place {
  /** What a driver needs to get there. */
  readonly at: string
  /** All that the store keeps, in bytes. */
  bytes(): Promise<number>
  stop(): Promise<void>
}

/** A place that is started, or the words why there is none. */
export async function startPlace(kind: StoreKind): Promise<Place | string> {
  switch (kind) {
    case 'memory':
      return { at: '', bytes: async () => 0, stop: async () => {} }
    case 'file':
      return inFolder((folder) => ({ at: join(folder, 'sessions'), bytes: async () => sizeOf(folder) }))
    case 'sqlite':
      return startSqlite()
    case 'postgres':
      return postgresIsInstalled() ? startOnPostgres() : 'postgres is not installed'
    case 'mariadb':
      return mariadbIsInstalled() ? startOnMariadb() : 'mariadbd is not installed'
    case 'memcached':
      return memcachedIsInstalled() ? startOnMemcached() : 'memcached is not installed'
    case 'redis':
      return redisIsInstalled() ? startOnRedis() : 'redis-server is not installed'
  }
}

function inFolder(make: (folder: string) => Omit<Place, 'stop'>): Place {
  const folder = mkdtempSync(join(tmpdir(), 'handstamp-compare-'))
  mkdirSync(join(folder, 'sessions'), { mode: 0o700 })
  return { ...make(folder), stop: async () => rmSync(folder, { recursive: true, force: true }) }
}

async function startSqlite(): Promise<Place> {
  const place = inFolder((folder) => {
    const at = join(folder, 'sessions', 'sessions.db')
    return {
      at,
      async bytes() {
        const database = new DatabaseSync(at)
        database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
        database.close()
        return statSync(at).size
      },
    }
  })
  const database = new DatabaseSync(place.at)
  await migrate(sqlite(database))
  database.close()
  return place
}

async function startOnPostgres(): Promise<Place> {
  const server = await startPostgres()
  const pool = new Pool({ connectionString: postgresUrl(server), max: 1 })
  pool.on('error', () => {})
  const database = postgres(pool)
  const sizes =
    "SELECT sum(pg_total_relation_size(oid)) AS bytes FROM pg_class WHERE relname LIKE 'handstamp%' AND relkind = 'r'"
  return ofDatabase(
    database,
    postgresUrl(server),
    () => numberOf(database, sizes),
    async () => {
      await pool.end()
      await server.stop()
    },
  )
}

async function startOnMariadb(): Promise<Place> {
  const server = await startMariadb()
  const pool = createPool({ uri: mariadbUrl(server), connectionLimit: 1 })
  const database = mysql(pool)
  async function bytes(): Promise<number> {
    await pool.query('ANALYZE TABLE handstamp_user, handstamp_session')
    return numberOf(
      database,
      "SELECT SUM(data_length + index_length) AS bytes FROM information_schema.tables WHERE table_schema = 'handstamp'",
    )
  }
  return ofDatabase(database, mariadbUrl(server), bytes, async () => {
    await pool.end()
    await server.stop()
  })
}

async function ofDatabase(
  database: SqlDatabase,
  at: string,
  bytes: () => Promise<number>,
  stop: () => Promise<void>,
): Promise<Place> {
  await migrate(database)
  return { at, bytes, stop }
}

async function numberOf(database: SqlDatabase, text: string): Promise<number> {
  const { rows } = await database.query(text, [])
  return Number(rows[0]?.bytes)
}

async function startOnRedis(): Promise<Place> {
  const server = await startRedis()
  const bytes = async () => Number(/used_memory:(\d+)/.exec(await command(server.port, 'INFO', 'memory'))?.[1])
  return { at: String(server.port), bytes, stop: server.stop }
}

async function startOnMemcached(): Promise<Place> {
  const server = await startMemcached()
  const bytes = async () => Number(/STAT bytes (\d+)/.exec(await stats(server.port))?.[1])
  return { at: String(server.port), bytes, stop: server.stop }
}

function stats(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write('stats\r\nquit\r\n'))
    let answer = ''
    socket.on('data', (chunk) => (answer += chunk.toString()))
    socket.on('error', reject)
    socket.on('end', () => resolve(answer))
  })
}

/** What the files and folders take on the disk, in its blocks. */
function sizeOf(folder: string): number {
  const own = statSync(folder).blocks * 512
  return readdirSync(folder, { withFileTypes: true }).reduce((total, entry) => {
    const path = join(folder, entry.name)
    return total + (entry.isDirectory() ? sizeOf(path) : statSync(path).blocks * 512)
  }, own)
}

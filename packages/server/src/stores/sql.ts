/**
 * Keeps sessions in SQLite, PostgreSQL, MySQL or MariaDB, over the driver that the application brings.
 * @module
 */
import { isBase64url } from '@handstamp/core/base64url'
import { type Clock, systemClock } from '@handstamp/core/clock'
import { handleOf, isSessionId } from '@handstamp/core/credential'
import { isExpired } from '@handstamp/core/session'
import { checkNames } from '../option-names.ts'
import { asked, type SqlDatabase, type SqlQuery } from './sql/database.ts'
import { read, valuesOf, write } from './sql/row.ts'
import { checkedPrefix } from './sql/schema.ts'
import { statementsOf } from './sql/statements.ts'
import { epochAt, type Found, type Saved, type SessionStore } from './store.ts'

export type { SqlDatabase, SqlDialect, SqlQuery, SqlResult, SqlValue } from './sql/database.ts'
export { type MysqlConnection, type MysqlPool, mysql } from './sql/mysql.ts'
export { type PostgresAnswer, type PostgresClient, type PostgresPool, postgres } from './sql/postgres.ts'
export { ddl, migrate, type TableOptions } from './sql/schema.ts'
export { type SqliteDatabase, type SqliteStatement, sqlite } from './sql/sqlite.ts'

export interface SqlStoreOptions {
  /** `sqlite(…)`, `postgres(…)` or `mysql(…)` of a driver, or one of your own. */
  readonly database: SqlDatabase
  /** Before the name of every table, `handstamp_` unless set. */
  readonly prefix?: string
  readonly clock?: Clock
}

/** Sessions of one sweep, whatever its limit: rows that are locked meanwhile. */
const largestBatch = 1_000

/**
 * Answers a store in the tables that `migrate()` makes. A find is one statement, and so are a replace and a delete;
 * sign-in, renewal and sign-out everywhere are transactions that hold the user's row: an INSERT that compares the epoch
 * without a lock leaves a session behind that a sign-out everywhere at the same time does not see.
 *
 * The row of a user stays when the last session has gone: handle and epoch.
 *
 * @throws TypeError naming the option.
 *
 * @example
 * ```ts
 * import { migrate, postgres, sqlStore } from '@handstamp/server/stores/sql'
 * declare const pool: import('@handstamp/server/stores/sql').PostgresPool
 *
 * const database = postgres(pool)
 * await migrate(database)
 * const store = sqlStore({ database })
 * ```
 */
export function sqlStore(options: SqlStoreOptions): SessionStore {
  checkNames(options, ['database', 'prefix', 'clock'], 'sqlStore()')
  const { database, clock = systemClock } = options
  if (typeof database?.query !== 'function' || typeof database.transaction !== 'function')
    throw new TypeError(
      'sqlStore({ database }) is a SqlDatabase: write postgres(pool), mysql(pool) or sqlite(database)',
    )
  const sql = statementsOf(database.dialect, checkedPrefix(options.prefix, 'sqlStore({ prefix })'))

  const query: SqlQuery = (text, parameters) => asked(() => database.query(text, parameters))
  const transaction: SqlDatabase['transaction'] = (work) => asked(() => database.transaction(work))

  async function epochOf(ask: SqlQuery, statement: string, handle: string): Promise<number | undefined> {
    const { rows } = await ask(statement, [handle])
    return rows[0] && Number(rows[0].epoch)
  }

  const isLive = ({ record }: Found, now: number): boolean =>
    // One that cannot be read is the reader's to report.
    record.v !== 1 || !isExpired(record, now)

  return {
    async find(id) {
      if (!isSessionId(id)) return undefined
      const { rows } = await query(sql.find, keyOf(id))
      const found = rows[0] && read(id, rows[0])
      return found && isLive(found, clock()) ? found : undefined
    },

    async save(id, record, { epoch, cap, full }): Promise<Saved> {
      const [handle, digest] = keyOf(checked(id))
      const written = write(record)
      return transaction(async (ask) => {
        if (epoch === undefined) {
          if ((await ask(sql.makeUser, [handle, written.epoch])).affected === 0) return 'epoch'
        } else if ((await epochOf(ask, sql.lockUser, handle)) !== epoch || written.epoch !== epoch) return 'epoch'
        const now = clock()
        const { rows } = await ask(sql.held, [handle])
        const live = rows.filter((row) => Number(row.epoch) === written.epoch && Number(row.ends_at) > now)
        if (live.some((row) => row.digest === digest)) return 'exists'
        if (full === 'refuse' && live.length >= cap) return 'full'
        live.sort((one, other) => Number(one.last_seen_at) - Number(other.last_seen_at))
        const excess = live.slice(0, Math.max(0, live.length - cap + 1))
        for (const row of rows)
          if (excess.includes(row) || !live.includes(row)) await ask(sql.remove, [handle, row.digest as string])
        await ask(sql.insert, [handle, digest, ...valuesOf(written)])
        return 'saved'
      })
    },

    async replace(id, expectedVersion, record, { as = id } = {}) {
      if (!isSessionId(id) || !isSessionId(as) || handleOf(as) !== handleOf(id)) return false
      if (!Number.isSafeInteger(expectedVersion)) return false
      const [handle, digest] = keyOf(id)
      const [, nextDigest] = keyOf(as)
      const { epoch, lastSeenAt, idleUntil, record: text } = write(record)
      const update = (ask: SqlQuery) =>
        ask(sql.replace, [
          ...[nextDigest, lastSeenAt, idleUntil, idleUntil, text],
          ...[handle, digest, expectedVersion, epoch, clock(), handle],
        ])
      if (as === id) return (await update(query)).affected === 1
      // A sign-in counts the sessions of a user and ends some: so nothing moves meanwhile.
      return transaction(async (ask) => {
        if ((await epochOf(ask, sql.lockUser, handle)) !== epoch) return false
        if ((await ask(sql.isTaken, [handle, nextDigest])).rows.length > 0) return false
        return (await update(ask)).affected === 1
      })
    },

    async delete(id) {
      if (!isSessionId(id)) return false
      const key = keyOf(id)
      if ((await query(sql.endLive, [...key, clock(), key[0]])).affected === 1) return true
      // What is past by this clock may not be so by another server's.
      await query(sql.remove, key)
      return false
    },

    async listByUser(handle) {
      const { rows } = await query(sql.list, [handle])
      const now = clock()
      const sessions = rows
        .filter((row) => row.digest !== null)
        .map((row) => ({ ...read(`${handle}.${row.digest}`, row), id: `${handle}.${row.digest}` }))
        .filter((found) => isLive(found, now))
      return { epoch: rows[0] && Number(rows[0].user_epoch), sessions }
    },

    async deleteByUser(handle, { except } = {}) {
      if (handle.length !== 16 || !isBase64url(handle)) throw new TypeError('a handle is 16 characters of base64url')
      return transaction(async (ask) => {
        await ask(sql.lockOrMakeUser, [handle])
        const now = clock()
        const old = (await epochOf(ask, sql.epoch, handle)) ?? 0
        const epoch = Math.max(epochAt(now), old + 1)
        await ask(sql.raiseEpoch, [epoch, handle])
        if (except !== undefined && isSessionId(except) && handleOf(except) === handle)
          await ask(sql.keep, [epoch, ...keyOf(except), old, now])
        await ask(sql.removeOthers, [handle, epoch])
        return { epoch }
      })
    },

    async sweep({ before, limit }) {
      const batch = Math.min(Math.floor(limit), largestBatch)
      if (!(batch >= 1)) return { removed: 0, more: false }
      const removed = (await query(sql.sweep(batch), [before])).affected
      return { removed, more: removed === batch }
    },
  }
}

function keyOf(id: string): readonly [handle: string, digest: string] {
  const handle = handleOf(id)
  return [handle, id.slice(handle.length + 1)]
}

function checked(id: string): string {
  if (!isSessionId(id)) throw new TypeError('a session id is <handle>.<digest>')
  return id
}

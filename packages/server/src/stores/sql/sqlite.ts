/**
 * SQLite over node:sqlite or better-sqlite3, whose calls are synchronous.
 * @module
 */
import { isSqliteBusy, pause, type SqlDatabase, type SqlQuery, type SqlValue } from './database.ts'

/** node:sqlite: `new DatabaseSync(file)`; better-sqlite3: `new Database(file)`. */
export interface SqliteDatabase {
  exec(text: string): unknown
  prepare(text: string): SqliteStatement
}

export interface SqliteStatement {
  all(...parameters: SqlValue[]): unknown[]
  run(...parameters: SqlValue[]): { readonly changes: number | bigint }
}

/** Milliseconds for which a statement waits for another connection that writes; the store asks four times. */
const patience = 500
const keptStatements = 64

/**
 * Answers the database on one connection, which nobody else may use: statements and transactions take turns, as one
 * that came between those of a transaction would be part of it. It is set to write ahead (WAL), so that readers wait
 * for nobody, and to have on the disk what it acknowledged. Several processes may each have one to the same file, on one host.
 *
 * @throws TypeError for what is no database.
 *
 * @example
 * ```ts
 * import { sqlite, sqlStore } from '@handstamp/server/stores/sql'
 * declare const database: import('@handstamp/server/stores/sql').SqliteDatabase
 *
 * const store = sqlStore({ database: sqlite(database) })
 * ```
 */
export function sqlite(database: SqliteDatabase): SqlDatabase {
  if (typeof database?.prepare !== 'function' || typeof database.exec !== 'function')
    throw new TypeError('sqlite() takes a database: write new DatabaseSync(file) of node:sqlite')
  const statements = new Map<string, SqliteStatement>()
  let last: Promise<unknown> = Promise.resolve()
  let isSet = false

  function prepared(text: string): SqliteStatement {
    let statement = statements.get(text)
    if (statement === undefined) {
      statement = database.prepare(text)
      if (statements.size >= keptStatements) statements.clear()
      statements.set(text, statement)
    }
    return statement
  }

  const query: SqlQuery = async (text, parameters) => {
    if (/^\s*SELECT/i.test(text)) {
      const rows = prepared(text).all(...parameters) as Record<string, unknown>[]
      return { rows, affected: rows.length }
    }
    return { rows: [], affected: Number(prepared(text).run(...parameters).changes) }
  }

  async function transaction<T>(work: (query: SqlQuery) => Promise<T>): Promise<T> {
    database.exec('BEGIN IMMEDIATE')
    try {
      const answer = await work(query)
      database.exec('COMMIT')
      return answer
    } catch (error) {
      try {
        database.exec('ROLLBACK')
      } catch {} // SQLite has done it by itself.
      throw error
    }
  }

  /** A wait inside SQLite would stop all of this process, also the connection that it waits for: so there it is short. */
  function set(): void {
    if (!isSet) database.exec('PRAGMA busy_timeout = 5; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    isSet = true
  }

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const answer = last.then(() => {
      set()
      return work()
    })
    last = answer.catch(() => {})
    return answer
  }

  /** Who finds the file locked gives up its turn, as others may only want to read. */
  async function patiently<T>(work: () => Promise<T>): Promise<T> {
    for (const giveUpAt = performance.now() + patience; ; ) {
      try {
        return await inTurn(work)
      } catch (error) {
        if (!isSqliteBusy(error) || performance.now() > giveUpAt) throw error
        await pause(1 + Math.random() * 9)
      }
    }
  }

  return {
    dialect: 'sqlite',
    query: (text, parameters) => patiently(() => query(text, parameters)),
    transaction: (work) => patiently(() => transaction(work)),
  }
}

/**
 * A SQL database as the store sees it: texts with parameters, transactions, and which of its refusals mean what.
 * @module
 */
import { AuthError, type AuthErrorCode, isAuthError, safeCause } from '@handstamp/core/errors'

export type SqlDialect = 'sqlite' | 'postgres' | 'mysql'

export type SqlValue = string | number | null

export interface SqlResult {
  readonly rows: readonly Readonly<Record<string, unknown>>[]
  /** Rows that a write found, also where it left them as they were. */
  readonly affected: number
}

/** One statement; `?` or, for PostgreSQL, `$1` stand for the parameters. */
export type SqlQuery = (text: string, parameters: readonly SqlValue[]) => Promise<SqlResult>

/** The application's database: made of its driver by `postgres()`, `mysql()` or `sqlite()`, or by hand for another one. */
export interface SqlDatabase {
  readonly dialect: SqlDialect
  /** By itself, in no transaction; the primary, never a replica. */
  readonly query: SqlQuery
  /**
   * All statements of `work` take effect or, where it rejects, none. READ COMMITTED suffices; SQLite must lock at the
   * beginning (BEGIN IMMEDIATE), and no statement from outside may come in between.
   */
  transaction<T>(work: (query: SqlQuery) => Promise<T>): Promise<T>
}

/** How often it is begun anew what the database rolled back for the sake of others, or had no connection for. */
const repeats = 3

/**
 * Answers what the work answers, begun anew where the database says that nothing of it was done: rolled back as a whole
 * (a deadlock, a failed serialization), or not let in (too many connections). What it refuses otherwise comes out as an
 * AuthError, since drivers put values into their messages.
 */
export async function asked<T>(
  work: () => Promise<T>,
  unavailable: AuthErrorCode = 'ERR_STORE_UNAVAILABLE',
): Promise<T> {
  for (let repeat = 0; ; repeat += 1) {
    try {
      return await work()
    } catch (error) {
      if (repeat === repeats || !(isRolledBack(error) || isNotLetIn(error))) throw refusal(error, unavailable)
      await pause(Math.random() * 10 * 2 ** repeat)
    }
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function refusal(error: unknown, unavailable: AuthErrorCode): AuthError {
  if (isAuthError(error)) return error
  const cause = safeCause(error)
  if (isTableMissing(error))
    return new AuthError(unavailable, 'a table is missing: run migrate() of the store or the feed once', { cause })
  if (isTooLarge(error)) return new AuthError('ERR_STORE_LIMIT', 'the database takes no record of this size', { cause })
  if (isRolledBack(error))
    return new AuthError('ERR_STORE_CONFLICT', `the database rolled a change back ${repeats + 1} times`, { cause })
  return new AuthError(unavailable, 'the database refuses', { cause })
}

/** Codes of PostgreSQL (SQLSTATE), of mysql2 and, as numbers, of SQLite, whichever driver reports them. */
const rolledBack = new Set<unknown>(['40001', '40P01', 'ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT', 'ER_CHECKREAD'])
const notLetIn = new Set<unknown>(['53300', 'ER_CON_COUNT_ERROR', 'ER_TOO_MANY_USER_CONNECTIONS'])
const tableMissing = new Set<unknown>(['42P01', 'ER_NO_SUCH_TABLE'])
const tooLarge = new Set<unknown>(['54000', 'ER_NET_PACKET_TOO_LARGE', 'ER_DATA_TOO_LONG'])
const sqliteTooBig = 18

function isRolledBack(error: unknown): boolean {
  return rolledBack.has(codeOf(error)) || isSqliteBusy(error)
}

function isNotLetIn(error: unknown): boolean {
  return notLetIn.has(codeOf(error))
}

function isTableMissing(error: unknown): boolean {
  return tableMissing.has(codeOf(error)) || (error instanceof Error && /^no such table/.test(error.message))
}

function isTooLarge(error: unknown): boolean {
  return tooLarge.has(codeOf(error)) || sqliteCodeOf(error) === sqliteTooBig || codeOf(error) === 'SQLITE_TOOBIG'
}

/** Another connection writes (SQLITE_BUSY), or another one of this process (SQLITE_LOCKED). */
export function isSqliteBusy(error: unknown): boolean {
  const code = sqliteCodeOf(error)
  return code === 5 || code === 6 || /^SQLITE_(?:BUSY|LOCKED)/.test(String(codeOf(error)))
}

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown } | null | undefined)?.code
}

/** Without what SQLite adds to it above the lowest byte. */
function sqliteCodeOf(error: unknown): number | undefined {
  const code = (error as { readonly errcode?: unknown } | null | undefined)?.errcode
  return typeof code === 'number' ? code & 0xff : undefined
}

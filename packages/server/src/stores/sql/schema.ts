/**
 * The tables, and how they come to be.
 * @module
 */
import { asked, type SqlDatabase, type SqlDialect } from './database.ts'

export interface TableOptions {
  /** Before the name of every table, `handstamp_` unless set: letters, digits and `_`. */
  readonly prefix?: string
}

const defaultPrefix = 'handstamp_'

/** Of all installations, so that two of one database do not migrate at once. */
const migrationLock = 7_301_451_829

/** @throws TypeError for a prefix that is none: it becomes part of statements. */
export function checkedPrefix(prefix: string | undefined, option: string): string {
  if (prefix === undefined) return defaultPrefix
  if (typeof prefix !== 'string' || !/^[A-Za-z_][A-Za-z0-9_]{0,40}$/.test(prefix))
    throw new TypeError(`${option} has letters, digits and '_' alone, at most 41: write '${defaultPrefix}'`)
  return prefix
}

/** Columns of keys and of texts that are ASCII by how they are made; of whole numbers; of milliseconds, whole or not. */
const types: Readonly<Record<SqlDialect, (length: number) => { key: string; text: string }>> = {
  sqlite: () => ({ key: 'TEXT', text: 'TEXT' }),
  postgres: () => ({ key: 'TEXT COLLATE "C"', text: 'TEXT' }),
  // By byte: most other collations of MySQL take digests for equal that differ in case.
  mysql: (length) => ({
    key: `VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_bin`,
    text: 'MEDIUMTEXT CHARACTER SET ascii COLLATE ascii_bin',
  }),
}

function statements(dialect: SqlDialect, prefix: string): readonly string[] {
  const [handle, digest] = [types[dialect](16), types[dialect](43)]
  const [users, sessions, index] = [`${prefix}user`, `${prefix}session`, `${prefix}session_ends_at`]
  const isMysql = dialect === 'mysql'
  const end = isMysql ? ') ENGINE = InnoDB' : ')'
  return [
    `CREATE TABLE IF NOT EXISTS ${users} (
  handle ${handle.key} NOT NULL PRIMARY KEY,
  epoch BIGINT NOT NULL
${end}`,
    `CREATE TABLE IF NOT EXISTS ${sessions} (
  handle ${handle.key} NOT NULL,
  digest ${digest.key} NOT NULL,
  epoch BIGINT NOT NULL,
  version BIGINT NOT NULL,
  created_at DOUBLE PRECISION NOT NULL,
  last_seen_at DOUBLE PRECISION NOT NULL,
  idle_expires_at DOUBLE PRECISION NOT NULL,
  expires_at DOUBLE PRECISION NOT NULL,
  ends_at DOUBLE PRECISION NOT NULL,
  user_id ${handle.text} NOT NULL,
  record ${handle.text} NOT NULL,
  PRIMARY KEY (handle, digest)${isMysql ? `,\n  KEY ${index} (ends_at)` : ''}
${end}`,
    ...(isMysql ? [] : [`CREATE INDEX IF NOT EXISTS ${index} ON ${sessions} (ends_at)`]),
  ]
}

/**
 * The statements that make the tables where they are missing, to be printed or run by a tool of one's own.
 *
 * @throws TypeError naming the option.
 *
 * @example
 * ```ts
 * import { ddl } from '@handstamp/server/stores/sql'
 *
 * console.log(ddl('postgres'))
 * ```
 */
export function ddl(dialect: SqlDialect, options: TableOptions = {}): string {
  if (!Object.hasOwn(types, dialect)) throw new TypeError("ddl() knows 'sqlite', 'postgres' and 'mysql'")
  return statements(dialect, checkedPrefix(options.prefix, 'ddl({ prefix })'))
    .map((statement) => `${statement};\n`)
    .join('\n')
}

/**
 * Makes the tables that are missing and touches no others. Every process may do so as it starts.
 *
 * @throws TypeError naming the option.
 *
 * @example
 * ```ts
 * import { migrate, postgres } from '@handstamp/server/stores/sql'
 * declare const pool: import('@handstamp/server/stores/sql').PostgresPool
 *
 * await migrate(postgres(pool))
 * ```
 */
export function migrate(database: SqlDatabase, options: TableOptions = {}): Promise<void> {
  return run(database, statements(database.dialect, checkedPrefix(options.prefix, 'migrate({ prefix })')))
}

/** Runs statements that make what is missing. */
export function run(database: SqlDatabase, texts: readonly string[]): Promise<void> {
  return asked(() =>
    database.transaction(async (query) => {
      // CREATE … IF NOT EXISTS of PostgreSQL fails where another one is just doing the same.
      if (database.dialect === 'postgres') await query('SELECT pg_advisory_xact_lock($1)', [migrationLock])
      for (const text of texts) await query(text, [])
    }),
  )
}

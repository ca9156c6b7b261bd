/**
 * The statements of the store in each dialect. Their order of locks is the same everywhere: the user's row, then sessions.
 * @module
 */
import type { SqlDialect } from './database.ts'

export interface Statements {
  /** Handle, digest. */
  readonly find: string
  /** Handle. */
  readonly list: string
  /** Handle, epoch. Finds no row where there is one already. */
  readonly makeUser: string
  /** Handle. */
  readonly lockUser: string
  /** Handle. Locks the row, made with the epoch 0 where there is none. */
  readonly lockOrMakeUser: string
  /** Handle. */
  readonly epoch: string
  /** Epoch, handle. */
  readonly raiseEpoch: string
  /** Handle. */
  readonly held: string
  /** Handle, digest, and the columns of {@link Written} in order. */
  readonly insert: string
  /** Next digest, last seen, idle expiry twice, record; handle, digest, version, epoch, now, handle. */
  readonly replace: string
  /** Handle, digest. */
  readonly isTaken: string
  /** Handle, digest, now, handle. */
  readonly endLive: string
  /** Handle, digest. */
  readonly remove: string
  /** Epoch; handle, digest, epoch before, now. */
  readonly keep: string
  /** Handle, epoch. */
  readonly removeOthers: string
  /** Time. */
  sweep(limit: number): string
}

interface Words {
  readonly greatest: string
  readonly least: string
  readonly forUpdate: string
  makeUser(users: string): string
  lockOrMakeUser(users: string): string
  sweep(sessions: string, limit: number): string
}

const words: Readonly<Record<SqlDialect, Words>> = {
  sqlite: {
    greatest: 'MAX',
    least: 'MIN',
    forUpdate: '',
    makeUser: (users) => `INSERT INTO ${users} (handle, epoch) VALUES (?, ?) ON CONFLICT (handle) DO NOTHING`,
    lockOrMakeUser: (users) => `INSERT INTO ${users} (handle, epoch) VALUES (?, 0) ON CONFLICT (handle) DO NOTHING`,
    sweep: (sessions, limit) =>
      `DELETE FROM ${sessions} WHERE rowid IN (SELECT rowid FROM ${sessions} WHERE ends_at < ? ORDER BY ends_at LIMIT ${limit})`,
  },
  postgres: {
    greatest: 'GREATEST',
    least: 'LEAST',
    forUpdate: ' FOR UPDATE',
    makeUser: (users) => `INSERT INTO ${users} (handle, epoch) VALUES (?, ?) ON CONFLICT (handle) DO NOTHING`,
    lockOrMakeUser: (users) =>
      `INSERT INTO ${users} (handle, epoch) VALUES (?, 0) ON CONFLICT (handle) DO UPDATE SET epoch = ${users}.epoch`,
    sweep: (sessions, limit) =>
      `WITH past AS (SELECT handle, digest FROM ${sessions} WHERE ends_at < ? ORDER BY ends_at LIMIT ${limit} FOR UPDATE SKIP LOCKED)
DELETE FROM ${sessions} s USING past WHERE s.handle = past.handle AND s.digest = past.digest`,
  },
  mysql: {
    greatest: 'GREATEST',
    least: 'LEAST',
    forUpdate: ' FOR UPDATE',
    makeUser: (users) => `INSERT IGNORE INTO ${users} (handle, epoch) VALUES (?, ?)`,
    // Takes the exclusive lock at once: who takes the shared one first, as INSERT IGNORE does, deadlocks with its like.
    lockOrMakeUser: (users) =>
      `INSERT INTO ${users} (handle, epoch) VALUES (?, 0) ON DUPLICATE KEY UPDATE epoch = ${users}.epoch`,
    sweep: (sessions, limit) => `DELETE FROM ${sessions} WHERE ends_at < ? ORDER BY ends_at LIMIT ${limit}`,
  },
}

const columns = [
  ...['s.epoch', 's.version', 's.created_at', 's.last_seen_at', 's.idle_expires_at', 's.expires_at'],
  ...['s.user_id', 's.record'],
].join(', ')

/** Answers the statements for tables with this prefix. */
export function statementsOf(dialect: SqlDialect, prefix: string): Statements {
  const [users, sessions] = [`${prefix}user`, `${prefix}session`]
  const { greatest, least, forUpdate, makeUser, lockOrMakeUser, sweep } = words[dialect]
  const placed = dialect === 'postgres' ? numbered : (text: string) => text
  const one = 'WHERE handle = ? AND digest = ?'
  const ofLiveUser = `epoch = (SELECT u.epoch FROM ${users} u WHERE u.handle = ?)`
  return {
    find: placed(
      `SELECT ${columns} FROM ${sessions} s JOIN ${users} u ON u.handle = s.handle AND u.epoch = s.epoch WHERE s.handle = ? AND s.digest = ?`,
    ),
    list: placed(
      `SELECT u.epoch AS user_epoch, s.digest, ${columns} FROM ${users} u LEFT JOIN ${sessions} s ON s.handle = u.handle AND s.epoch = u.epoch WHERE u.handle = ?`,
    ),
    makeUser: placed(makeUser(users)),
    lockUser: placed(`SELECT epoch FROM ${users} WHERE handle = ?${forUpdate}`),
    lockOrMakeUser: placed(lockOrMakeUser(users)),
    epoch: placed(`SELECT epoch FROM ${users} WHERE handle = ?`),
    raiseEpoch: placed(`UPDATE ${users} SET epoch = ? WHERE handle = ?`),
    held: placed(`SELECT digest, epoch, last_seen_at, ends_at FROM ${sessions} WHERE handle = ?`),
    insert: placed(
      `INSERT INTO ${sessions} (handle, digest, version, epoch, created_at, last_seen_at, idle_expires_at, expires_at, ends_at, user_id, record)
VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    replace: placed(
      `UPDATE ${sessions} SET version = version + 1, digest = ?, last_seen_at = ${greatest}(last_seen_at, ?),
ends_at = ${least}(expires_at, ${greatest}(idle_expires_at, ?)), idle_expires_at = ${greatest}(idle_expires_at, ?), record = ?
${one} AND version = ? AND epoch = ? AND ends_at > ? AND ${ofLiveUser}`,
    ),
    isTaken: placed(`SELECT 1 AS taken FROM ${sessions} ${one}`),
    endLive: placed(`DELETE FROM ${sessions} ${one} AND ends_at > ? AND ${ofLiveUser}`),
    remove: placed(`DELETE FROM ${sessions} ${one}`),
    keep: placed(`UPDATE ${sessions} SET epoch = ?, version = version + 1 ${one} AND epoch = ? AND ends_at > ?`),
    removeOthers: placed(`DELETE FROM ${sessions} WHERE handle = ? AND epoch <> ?`),
    sweep: (limit) => placed(sweep(sessions, limit)),
  }
}

/** `?` as PostgreSQL writes it. */
function numbered(text: string): string {
  let count = 0
  return text.replaceAll('?', () => `$${++count}`)
}

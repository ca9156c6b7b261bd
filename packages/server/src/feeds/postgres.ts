/**
 * A feed in a table of PostgreSQL 13 or newer, for servers that share a database.
 * @module
 */
import { encodeBase64url } from '@handstamp/core/base64url'
import { type Clock, systemClock } from '@handstamp/core/clock'
import { type Duration, parseDuration } from '@handstamp/core/duration'
import { AuthError } from '@handstamp/core/errors'
import { randomBytes } from '@handstamp/core/secret'
import { checkNames } from '../option-names.ts'
import { asked, type SqlValue } from '../stores/sql/database.ts'
import { type PostgresPool, postgres } from '../stores/sql/postgres.ts'
import { checkedPrefix, run, type TableOptions } from '../stores/sql/schema.ts'
import type { ChangeFeed, Cursor, Fact, Facts } from './feed.ts'
import { type PostgresListener, wakeUps } from './postgres/wake-ups.ts'

export type { PostgresAnswer, PostgresClient, PostgresPool } from '../stores/sql/postgres.ts'
export type { TableOptions } from '../stores/sql/schema.ts'
export type { PostgresListener, PostgresListeningClient } from './postgres/wake-ups.ts'

export interface PostgresFeedOptions {
  /** Of the primary, since a replica has not heard the latest: `new Pool({ connectionString })` of pg. */
  readonly pool: PostgresPool
  /** A pool of which one connection is taken to LISTEN; `pool` itself may be one. Without it the table is read every quarter of a second. */
  readonly listener?: PostgresListener
  /** Before the names of the tables, `handstamp_` unless set. */
  readonly prefix?: string
  /** How long a fact is kept for readers that pause, `10m` unless set; one that still matters is kept in any case. */
  readonly retention?: Duration
  readonly clock?: Clock
}

/** A place in the log: a number that may come again, and a mark that does not. */
interface Place {
  readonly sequence: number
  readonly mark: string
}

/** By which servers' clocks may differ. */
const skew = 60_000
const trimEvery = 100

/**
 * Answers a feed in two tables that `migrate()` makes. An append takes its number from the one row of the second, which
 * it holds until it is committed: so numbers come in the order of commits, a reader that sees one has seen all before it,
 * and what was acknowledged is in every read from then on, whatever other transactions are open (decision 12).
 *
 * @throws TypeError | RangeError naming the option.
 *
 * @example
 * ```ts
 * import { migrate, postgresFeed } from '@handstamp/server/feeds/postgres'
 * declare const pool: import('@handstamp/server/feeds/postgres').PostgresPool
 *
 * await migrate(pool)
 * const feed = postgresFeed({ pool })
 * ```
 */
export function postgresFeed(options: PostgresFeedOptions): ChangeFeed {
  checkNames(options, ['pool', 'listener', 'prefix', 'retention', 'clock'], 'postgresFeed()')
  const { pool, listener, clock = systemClock } = options
  const prefix = checkedPrefix(options.prefix, 'postgresFeed({ prefix })')
  const retention = parseDuration(options.retention ?? '10m', 'postgresFeed({ retention })')
  const { query } = postgres(pool)
  const channel = `${prefix}feed`
  const sql = statementsOf(prefix)
  const woken = wakeUps(listener, channel)
  let appends = 0

  async function ask(text: string, parameters: readonly SqlValue[]) {
    return (await asked(() => query(text, parameters), 'ERR_FEED_UNAVAILABLE')).rows
  }

  async function factsAfter(place: Place, limit: number): Promise<Facts | 'gap'> {
    const rows = await ask(sql.read, [place.sequence, place.mark, limit])
    if (rows[0]?.known !== true) return 'gap'
    const entries = rows.filter((row) => row.sequence !== null)
    const last = entries.at(-1)
    return { facts: entries.map(factIn), cursor: cursorOf(last ? placeIn(last) : place) }
  }

  return {
    async append(fact) {
      const now = clock()
      const mark = encodeBase64url(randomBytes(12))
      const [row] = await ask(sql.append, [mark, now, fact.until, JSON.stringify(fact), channel])
      if (row === undefined) throw new AuthError('ERR_FEED_UNAVAILABLE', 'the log is empty: run migrate() once')
      if (appends++ % trimEvery === 0) await ask(sql.trim, [now - skew, now - retention]).catch(() => {})
      return cursorOf({ sequence: Number(row.sequence), mark })
    },

    async read(after, { waitMs, limit }): Promise<Facts | 'gap'> {
      const place = placeOf(after)
      if (place === undefined) return 'gap'
      for (const endsAt = performance.now() + waitMs; ; ) {
        const count = woken.count()
        const answer = await factsAfter(place, limit)
        const left = endsAt - performance.now()
        if (answer === 'gap' || answer.facts.length > 0 || left <= 0) return answer
        await woken.next(count, left)
      }
    },

    async snapshot() {
      const rows = await ask(sql.snapshot, [clock()])
      if (rows[0] === undefined) throw new AuthError('ERR_FEED_UNAVAILABLE', 'the log is empty: run migrate() once')
      return { facts: rows.filter((row) => row.fact !== null).map(factIn), cursor: cursorOf(placeIn(rows[0])) }
    },

    async close() {
      woken.close()
    },
  }
}

/**
 * The statements that make the tables where they are missing, to be printed or run by a tool of one's own.
 *
 * @throws TypeError naming the option.
 *
 * @example
 * ```ts
 * import { ddl } from '@handstamp/server/feeds/postgres'
 *
 * console.log(ddl())
 * ```
 */
export function ddl(options: TableOptions = {}): string {
  return tables(checkedPrefix(options.prefix, 'ddl({ prefix })'))
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
 * import { migrate } from '@handstamp/server/feeds/postgres'
 * declare const pool: import('@handstamp/server/feeds/postgres').PostgresPool
 *
 * await migrate(pool)
 * ```
 */
export function migrate(pool: PostgresPool, options: TableOptions = {}): Promise<void> {
  return run(postgres(pool), tables(checkedPrefix(options.prefix, 'migrate({ prefix })')))
}

function tables(prefix: string): readonly string[] {
  const [log, head] = [`${prefix}feed`, `${prefix}feed_head`]
  return [
    `CREATE TABLE IF NOT EXISTS ${log} (
  sequence BIGINT NOT NULL PRIMARY KEY,
  mark TEXT NOT NULL,
  appended_at DOUBLE PRECISION NOT NULL,
  until DOUBLE PRECISION NOT NULL,
  fact TEXT NOT NULL
)`,
    `CREATE TABLE IF NOT EXISTS ${head} (
  one SMALLINT NOT NULL PRIMARY KEY CHECK (one = 1),
  sequence BIGINT NOT NULL
)`,
    // The entry before the first, for the cursors of those who come before it: the log is never empty.
    `INSERT INTO ${log} (sequence, mark, appended_at, until, fact)
SELECT COALESCE((SELECT sequence FROM ${head}), 0), gen_random_uuid()::text, 0, 0, 'null'
WHERE NOT EXISTS (SELECT 1 FROM ${log})`,
    `INSERT INTO ${head} (one, sequence) SELECT 1, MAX(sequence) FROM ${log} ON CONFLICT (one) DO NOTHING`,
  ]
}

function statementsOf(prefix: string) {
  const [log, head] = [`${prefix}feed`, `${prefix}feed_head`]
  return {
    /** Mark, now, until, fact, channel. */
    append: `WITH head AS (UPDATE ${head} SET sequence = sequence + 1 WHERE one = 1 RETURNING sequence)
INSERT INTO ${log} (sequence, mark, appended_at, until, fact)
SELECT sequence, $1, $2, $3, $4 FROM head RETURNING sequence, pg_notify($5, '')`,
    /**
     * Sequence and mark of the cursor, limit. Is its entry not there, what came after it may be gone as well, or another
     * log has its name.
     */
    read: `SELECT here.known, entry.*
FROM (SELECT EXISTS (SELECT 1 FROM ${log} WHERE sequence = $1 AND mark = $2) AS known) here LEFT JOIN LATERAL
  (SELECT sequence, mark, fact FROM ${log} WHERE sequence > $1 ORDER BY sequence LIMIT $3) entry ON TRUE
ORDER BY entry.sequence`,
    /** Now. */
    snapshot: `SELECT last.sequence, last.mark, entry.fact
FROM (SELECT sequence, mark FROM ${log} ORDER BY sequence DESC LIMIT 1) last
LEFT JOIN ${log} entry ON entry.until > $1 ORDER BY entry.sequence`,
    /** Past before, followed by others before: a reader that keeps up has its cursor behind them. The last one stays. */
    trim: `DELETE FROM ${log} WHERE sequence IN (SELECT sequence FROM ${log} WHERE until < $1
  AND sequence < (SELECT MAX(sequence) FROM ${log} WHERE appended_at < $2)
  ORDER BY sequence LIMIT 1000 FOR UPDATE SKIP LOCKED)`,
  }
}

function placeIn(row: Readonly<Record<string, unknown>>): Place {
  return { sequence: Number(row.sequence), mark: String(row.mark) }
}

function cursorOf({ sequence, mark }: Place): Cursor {
  return `${sequence}:${mark}`
}

function placeOf(cursor: Cursor): Place | undefined {
  const [, sequence, mark] = /^(\d{1,15}):([\w-]{16,36})$/.exec(cursor) ?? []
  return sequence === undefined || mark === undefined ? undefined : { sequence: Number(sequence), mark }
}

/** What cannot be read comes out as a fact of no kind, for the follower to judge. */
function factIn({ fact }: Readonly<Record<string, unknown>>): Fact {
  try {
    return JSON.parse(String(fact)) as Fact
  } catch {
    return { kind: 'unreadable' } as unknown as Fact
  }
}

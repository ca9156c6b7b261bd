/**
 * PostgreSQL over a pool of pg.
 * @module
 */
import type { SqlDatabase, SqlQuery, SqlValue } from './database.ts'

/** pg: `new Pool()`. */
export interface PostgresPool {
  query(text: string, values: SqlValue[]): Promise<PostgresAnswer>
  connect(onClient: (error: Error | undefined, client: PostgresClient | undefined) => void): void
}

export interface PostgresClient {
  query(text: string, values: SqlValue[]): Promise<PostgresAnswer>
  on(event: 'error', listener: (error: Error) => void): unknown
  off(event: 'error', listener: (error: Error) => void): unknown
  /** `true`: it is of no use any more. */
  release(destroy?: boolean): void
}

export interface PostgresAnswer {
  readonly rows: readonly unknown[]
  readonly rowCount: number | null
}

/**
 * Answers the database behind a pool of pg. Have a listener for its errors, as every user of pg must: without one a
 * restart of the server ends the process. `pool.on('error', …)`
 *
 * @throws TypeError for what is no pool.
 *
 * @example
 * ```ts
 * import { postgres, sqlStore } from '@handstamp/server/stores/sql'
 * declare const pool: import('@handstamp/server/stores/sql').PostgresPool
 *
 * const store = sqlStore({ database: postgres(pool) })
 * ```
 */
export function postgres(pool: PostgresPool): SqlDatabase {
  if (typeof pool?.connect !== 'function' || typeof pool.query !== 'function')
    throw new TypeError('postgres() takes a pool of pg: write new Pool({ connectionString })')
  return {
    dialect: 'postgres',
    query: queryOf(pool),

    async transaction(work) {
      const client = await lent(pool)
      let isSound = false
      try {
        await client.query('BEGIN ISOLATION LEVEL READ COMMITTED', [])
        const answer = await work(queryOf(client))
        await client.query('COMMIT', [])
        isSound = true
        return answer
      } catch (error) {
        isSound = await client.query('ROLLBACK', []).then(
          () => true,
          () => false,
        )
        throw error
      } finally {
        client.off('error', ignore)
        client.release(!isSound)
      }
    },
  }
}

/**
 * A connection that breaks says so to nobody else while it is lent out, and would end the process. It can break before a
 * promise of it is heard: where its server says that it is ready and that it shuts down in one breath.
 */
function lent(pool: PostgresPool): Promise<PostgresClient> {
  return new Promise((resolve, reject) => {
    pool.connect((error, client) => {
      if (client === undefined) return reject(error)
      client.on('error', ignore)
      resolve(client)
    })
  })
}

function queryOf(connection: Pick<PostgresClient, 'query'>): SqlQuery {
  return async (text, parameters) => {
    const { rows, rowCount } = await connection.query(text, [...parameters])
    return { rows: rows as readonly Record<string, unknown>[], affected: rowCount ?? 0 }
  }
}

function ignore(): void {}

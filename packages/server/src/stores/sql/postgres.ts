/**
 * PostgreSQL over a pool of pg.
 * @module
 */
import type { SqlDatabase, SqlQuery, SqlValue } from './database.ts'
import { type LendingPool, lent } from './lent.ts'

/** pg: `new Pool()`. */
export interface PostgresPool extends LendingPool<PostgresClient> {
  query(text: string, values: SqlValue[]): Promise<PostgresAnswer>
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
      const client = await lent(pool, (one) => one.on('error', ignore))
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

function queryOf(connection: Pick<PostgresClient, 'query'>): SqlQuery {
  return async (text, parameters) => {
    const { rows, rowCount } = await connection.query(text, [...parameters])
    return { rows: rows as readonly Record<string, unknown>[], affected: rowCount ?? 0 }
  }
}

function ignore(): void {}

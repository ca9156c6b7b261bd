/**
 * MySQL 8 and MariaDB 10.3 or newer over a pool of mysql2.
 * @module
 */
import type { SqlDatabase, SqlQuery, SqlValue } from './database.ts'

/** mysql2/promise: `createPool()`. */
export interface MysqlPool {
  execute(text: string, values: SqlValue[]): Promise<[unknown, unknown]>
  getConnection(): Promise<MysqlConnection>
}

export interface MysqlConnection {
  execute(text: string, values: SqlValue[]): Promise<[unknown, unknown]>
  query(text: string): Promise<[unknown, unknown]>
  release(): void
  destroy(): void
}

/**
 * Answers the database behind a pool of mysql2/promise. Every statement is prepared by the server, so that no value
 * ever becomes a part of its text.
 *
 * @throws TypeError for what is no such pool.
 *
 * @example
 * ```ts
 * import { mysql, sqlStore } from '@handstamp/server/stores/sql'
 * declare const pool: import('@handstamp/server/stores/sql').MysqlPool
 *
 * const store = sqlStore({ database: mysql(pool) })
 * ```
 */
export function mysql(pool: MysqlPool): SqlDatabase {
  if (typeof pool?.getConnection !== 'function' || typeof pool.execute !== 'function')
    throw new TypeError('mysql() takes a pool of mysql2/promise: write createPool({ uri })')
  return {
    dialect: 'mysql',
    query: queryOf(pool),

    async transaction(work) {
      const connection = await pool.getConnection()
      try {
        // At REPEATABLE READ gaps are locked beside rows, and sign-ins of different users deadlock.
        await connection.query('SET TRANSACTION ISOLATION LEVEL READ COMMITTED')
        await connection.query('START TRANSACTION')
        const answer = await work(queryOf(connection))
        await connection.query('COMMIT')
        connection.release()
        return answer
      } catch (error) {
        await connection.query('ROLLBACK').then(
          () => connection.release(),
          () => connection.destroy(),
        )
        throw error
      }
    },
  }
}

function queryOf(connection: Pick<MysqlPool, 'execute'>): SqlQuery {
  return async (text, parameters) => {
    const [answer] = await connection.execute(text, [...parameters])
    if (Array.isArray(answer)) return { rows: answer, affected: answer.length }
    return { rows: [], affected: (answer as { readonly affectedRows: number }).affectedRows }
  }
}

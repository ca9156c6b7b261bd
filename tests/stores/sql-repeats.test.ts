import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { handleOf } from '@handstamp/core/credential'
import { postgresIsInstalled, postgresUrl, startPostgres } from '@handstamp/local-servers/postgres'
import type { LocalServer } from '@handstamp/local-servers/server'
import { migrate, postgres, type SqlDatabase, sqlite, sqlStore } from '@handstamp/server/stores/sql'
import { contractRecord } from '@handstamp/server/testing'
import { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

describe('what the database did not do', () => {
  /** A database that fails so often, each time with this error, before it answers that there is nothing. */
  function failing(times: number, error: object) {
    let asked = 0
    async function query() {
      asked += 1
      if (asked <= times) throw Object.assign(new Error(`values: 'secret'`), error)
      return { rows: [], affected: 0 }
    }
    const database: SqlDatabase = { dialect: 'postgres', query, transaction: (work) => work(query) }
    return { store: sqlStore({ database }), asked: () => asked }
  }

  const undone = [
    { code: '40001' },
    { code: '40P01' },
    { code: '53300' },
    { code: 'ER_LOCK_DEADLOCK' },
    { code: 'ER_LOCK_WAIT_TIMEOUT' },
    { code: 'ERR_SQLITE_ERROR', errcode: 517 },
    { code: 'SQLITE_BUSY' },
  ]
  const record = contractRecord()

  test.each(undone)('is asked for again, three times: %o', async (error) => {
    const { store, asked } = failing(3, error)
    expect(await store.find(record.id)).toBeUndefined()
    expect(asked()).toBe(4)
    const saving = failing(3, error)
    expect(await saving.store.save(record.id, record, { epoch: undefined, cap: 1 })).toBe('epoch')
  })

  test.each(undone)('is an error that holds no value after that: %o', async (error) => {
    const { store, asked } = failing(4, error)
    const refusal = await Promise.resolve(store.find(record.id)).catch((reason: unknown) => reason)
    const isLetIn = error.code !== '53300'
    expect(refusal).toMatchObject({ code: isLetIn ? 'ERR_STORE_CONFLICT' : 'ERR_STORE_UNAVAILABLE' })
    expect(asked()).toBe(4)
    expect(`${(refusal as Error).stack} ${JSON.stringify((refusal as Error).cause)}`).not.toContain('secret')
  })

  test.each([{ code: 'ECONNRESET' }, { code: '57P01' }, { code: '23505' }, {}])(
    'and what it may have done is asked for once: %o',
    async (error) => {
      const { store, asked } = failing(1, error)
      const refusal = await store.deleteByUser(handleOf(record.id)).catch((reason: unknown) => reason)
      expect(refusal).toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
      expect(asked()).toBe(1)
    },
  )

  test.each([{ code: 'ER_NET_PACKET_TOO_LARGE' }, { code: 'ER_DATA_TOO_LONG' }])('too much: %o', async (error) => {
    const saving = failing(1, error).store.save(record.id, record, { epoch: undefined, cap: 1 })
    await expect(saving).rejects.toMatchObject({ code: 'ERR_STORE_LIMIT' })
  })

  test('a record of more than 16 MB is refused before it is sent', async () => {
    const { store, asked } = failing(0, {})
    const saving = store.save(record.id, { ...record, user: 'x'.repeat(2 ** 24) }, { epoch: undefined, cap: 1 })
    await expect(saving).rejects.toMatchObject({ code: 'ERR_STORE_LIMIT' })
    expect(asked()).toBe(0)
  })
})

describe.skipIf(!postgresIsInstalled())('a deadlock with a stranger', () => {
  let server: LocalServer
  let pool: Pool

  beforeAll(async () => {
    server = await startPostgres()
    pool = new Pool({ connectionString: postgresUrl(server) })
    pool.on('error', () => {})
  })
  afterAll(async () => {
    await pool.end()
    await server.stop()
  })

  test('is broken, and the sign-out everywhere begins anew', async () => {
    const inner = postgres(pool)
    let transactions = 0
    const transaction: SqlDatabase['transaction'] = (work) => {
      transactions += 1
      return inner.transaction(work)
    }
    await migrate(inner)
    const store = sqlStore({ database: { ...inner, transaction } })
    const record = contractRecord({ createdAt: Date.now() })
    await store.save(record.id, record, { epoch: undefined, cap: 1 })
    transactions = 0
    const stranger = await pool.connect()
    await stranger.query('BEGIN')
    await stranger.query('SELECT 1 FROM handstamp_session FOR UPDATE')
    const revoking = store.deleteByUser(handleOf(record.id))
    await delay(200)
    // The one that has waited for a second looks for a circle, and gives way: that is the store.
    await stranger.query('SELECT 1 FROM handstamp_user FOR UPDATE')
    await stranger.query('COMMIT')
    stranger.release()
    expect((await revoking).epoch).toBeGreaterThan(record.epoch)
    expect(transactions).toBe(2)
    expect(await store.find(record.id)).toBeUndefined()
  })
})

test('SQLite has on the disk what it acknowledged, whatever its driver was built to do', async () => {
  const file = new DatabaseSync(':memory:')
  file.exec('PRAGMA synchronous = NORMAL')
  await sqlite(file).query('SELECT 1', [])
  expect(file.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 })
  file.close()
})

describe('options', () => {
  const database: SqlDatabase = {
    dialect: 'sqlite',
    query: async () => ({ rows: [], affected: 0 }),
    transaction: (work) => work(async () => ({ rows: [], affected: 0 })),
  }

  test.each(['', '1a', 'a b', 'a;--', 'a.b', '"', 'ä', 'x'.repeat(42)])('a prefix that is none: %j', (prefix) => {
    expect(() => sqlStore({ database, prefix })).toThrow(/prefix/)
    expect(() => migrate(database, { prefix })).toThrow(/prefix/)
  })

  test('what is no database is named', () => {
    expect(() => sqlStore({ database: {} as SqlDatabase })).toThrow('sqlStore({ database })')
    expect(() => sqlite({} as never)).toThrow('sqlite()')
    expect(() => postgres({} as never)).toThrow('postgres()')
  })
})

import { setTimeout as delay } from 'node:timers/promises'
import { postgresIsInstalled, postgresUrl, startPostgres } from '@handstamp/local-servers/postgres'
import type { LocalServer } from '@handstamp/local-servers/server'
import type { Fact } from '@handstamp/server/feeds/feed'
import {
  ddl,
  migrate,
  type PostgresFeedOptions,
  type PostgresPool,
  postgresFeed,
} from '@handstamp/server/feeds/postgres'
import { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { holdFeed } from './hold-feed.ts'

const isInstalled = postgresIsInstalled()
let server: LocalServer
let logs = 0

beforeAll(async () => {
  if (isInstalled) server = await startPostgres()
})
afterAll(() => server?.stop())

function newPool(): Pool {
  const pool = new Pool({ connectionString: postgresUrl(server) })
  pool.on('error', () => {})
  return pool
}

async function newLog(pool: Pool): Promise<string> {
  const prefix = `Log_${++logs}_`
  await migrate(pool, { prefix })
  return prefix
}

for (const listens of [true, false]) {
  holdFeed(`PostgreSQL, ${listens ? 'woken' : 'polled'}`, isInstalled, {
    async open(count) {
      const pools = Array.from({ length: count }, newPool)
      const prefix = await newLog(pools[0] as Pool)
      const feeds = pools.map((pool) => postgresFeed({ pool, prefix, ...(listens ? { listener: pool } : {}) }))
      return {
        feeds,
        async close() {
          for (const feed of feeds) await feed.close?.()
          for (const pool of pools) await pool.end()
        },
      }
    },
  })
}

describe.skipIf(!isInstalled)('a feed in PostgreSQL', () => {
  const key = (kid: string, until = Date.now() + 60_000): Fact => ({ kind: 'key', kid, until })
  const now = { waitMs: 0, limit: 100 }
  let pool: Pool
  let other: Pool

  beforeAll(() => {
    pool = newPool()
    other = newPool()
  })
  afterAll(async () => {
    await pool.end()
    await other.end()
  })

  async function feedOf(options: Partial<PostgresFeedOptions> = {}) {
    const prefix = await newLog(pool)
    return { prefix, feed: postgresFeed({ pool, prefix, ...options }) }
  }

  test('two writers, the first commits last: no reader passes it', async () => {
    const { prefix, feed } = await feedOf()
    const { cursor } = await feed.snapshot()
    const slow = await other.connect()
    await slow.query('BEGIN')
    const append = postgresFeed({
      pool: { query: (text, values) => slow.query(text, values), connect: unused },
      prefix,
    })
    await append.append(key('slow'))
    let isAcknowledged = false
    const quick = feed.append(key('quick')).then(() => {
      isAcknowledged = true
    })
    await delay(100)
    expect(isAcknowledged).toBe(false)
    expect(await feed.read(cursor, now)).toEqual({ facts: [], cursor })
    await slow.query('COMMIT')
    slow.release()
    await quick
    expect(await feed.read(cursor, now)).toMatchObject({ facts: [{ kid: 'slow' }, { kid: 'quick' }] })
  })

  test('a writer that gives up leaves no hole and stops nobody', async () => {
    const { prefix, feed } = await feedOf()
    const { cursor } = await feed.snapshot()
    const broken = await other.connect()
    await broken.query('BEGIN')
    const append = postgresFeed({
      pool: { query: (text, values) => broken.query(text, values), connect: unused },
      prefix,
    })
    await append.append(key('never'))
    await broken.query('ROLLBACK')
    broken.release()
    await feed.append(key('next'))
    expect(await feed.read(cursor, now)).toMatchObject({ facts: [{ kid: 'next' }] })
  })

  test('what is acknowledged is read, however long another transaction stays open', async () => {
    const { feed } = await feedOf()
    const { cursor } = await feed.snapshot()
    const older = await other.connect()
    await older.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
    await older.query('SELECT pg_current_xact_id()')
    await older.query('CREATE TEMPORARY TABLE held (n INT) ON COMMIT DROP')
    const place = await feed.append(key('revoked'))
    expect(await feed.read(cursor, now)).toMatchObject({ facts: [{ kid: 'revoked' }], cursor: place })
    expect((await feed.snapshot()).facts).toMatchObject([{ kid: 'revoked' }])
    await older.query('ROLLBACK')
    older.release()
  })

  test('a reader that never rests sees all of many writers, once and in one order', async () => {
    const { prefix, feed } = await feedOf()
    let { cursor } = await feed.snapshot()
    const seen: string[] = []
    let isOver = false
    const reading = (async () => {
      for (let last = false; !last; ) {
        last = isOver
        const answer = await feed.read(cursor, now)
        if (answer === 'gap') throw new Error('a gap')
        seen.push(...answer.facts.map((fact) => (fact.kind === 'key' ? fact.kid : '')))
        cursor = answer.cursor
      }
    })()
    const writers = [postgresFeed({ pool, prefix }), postgresFeed({ pool: other, prefix })]
    await Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        for (let n = 0; n < 50; n += 1) await writers[writer % 2]?.append(key(`${writer}:${n}`))
      }),
    )
    isOver = true
    await reading
    expect(seen).toHaveLength(400)
    expect(new Set(seen).size).toBe(400)
    const again = await feed.snapshot()
    expect(again.facts.map((fact) => (fact.kind === 'key' ? fact.kid : ''))).toEqual(seen)
  })

  test.each<[string, readonly string[]]>([
    ['trimmed past a paused reader', ['DELETE FROM $feed WHERE sequence < 3']],
    ['emptied', ['TRUNCATE $feed']],
    ['emptied with its head', ['TRUNCATE $feed', 'TRUNCATE $feed_head']],
    ['made anew', ['DROP TABLE $feed', 'DROP TABLE $feed_head']],
    ['set back, as after a failover', ['DELETE FROM $feed', 'UPDATE $feed_head SET sequence = 0']],
  ])('a log that was %s is a gap', async (_, losses) => {
    const { feed, prefix } = await feedOf()
    const cursor = await feed.append(key('a'))
    await feed.append(key('b'))
    await feed.append(key('c'))
    expect(await feed.read(cursor, now)).toMatchObject({ facts: [{ kid: 'b' }, { kid: 'c' }] })
    for (const loss of losses) await pool.query(loss.replaceAll('$', prefix))
    await migrate(pool, { prefix })
    expect(await feed.read(cursor, now)).toBe('gap')
    await feed.append(key('d'))
    expect(await feed.read(cursor, now)).toBe('gap')
    expect((await feed.snapshot()).facts.length).toBeGreaterThan(0)
  })

  test('the same numbers in another history are a gap', async () => {
    const { feed, prefix } = await feedOf()
    await feed.append(key('a'))
    const cursor = await feed.append(key('lost in the failover'))
    await pool.query(`DELETE FROM ${prefix}feed WHERE sequence = 2`)
    await pool.query(`UPDATE ${prefix}feed_head SET sequence = 1`)
    await feed.append(key('other'))
    expect(await feed.read(cursor, now)).toBe('gap')
  })

  test('facts that are past go, those that matter stay, and a reader that keeps up sees no gap', async () => {
    let time = Date.now()
    const { feed, prefix } = await feedOf({ clock: () => time, retention: '10m' })
    const count = async () => Number((await pool.query(`SELECT COUNT(*) AS n FROM ${prefix}feed`)).rows[0]?.n)
    await feed.append(key('matters', time + 86_400_000))
    for (let n = 0; n < 50; n += 1) await feed.append(key(`short ${n}`, time + 1_000))
    let { cursor } = await feed.snapshot()
    time += 3_600_000
    for (let n = 0; n < 60; n += 1) {
      await feed.append(key(`later ${n}`, time + 1_000))
      const answer = await feed.read(cursor, now)
      if (answer === 'gap') throw new Error('a gap')
      cursor = answer.cursor
    }
    expect(await count()).toBe(62)
    expect((await feed.snapshot()).facts).toHaveLength(61)
  })

  test('a fact wakes who waits for it, also after its connection was lost', async () => {
    const prefix = await newLog(pool)
    let reads = 0
    const counted: PostgresPool = {
      query(text, values) {
        reads += 1
        return pool.query(text, values)
      },
      connect: unused,
    }
    const feed = postgresFeed({ pool: counted, prefix, listener: pool })
    let { cursor } = await feed.snapshot()
    /** Two where it is woken, more where it looks by itself every quarter of a second. */
    async function readsUntilSeen() {
      reads = 0
      const waiting = feed.read(cursor, { waitMs: 20_000, limit: 1 })
      await delay(700)
      cursor = await postgresFeed({ pool: other, prefix }).append(key('wake'))
      expect(await waiting).toMatchObject({ facts: [{ kid: 'wake' }] })
      return reads
    }
    await feed.read(cursor, { waitMs: 300, limit: 1 })
    await expect.poll(readsUntilSeen, { timeout: 20_000 }).toBe(2)
    await other.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN "${prefix}%'`)
    await delay(100)
    expect(await readsUntilSeen()).toBeGreaterThan(2)
    await expect.poll(readsUntilSeen, { timeout: 20_000 }).toBe(2)
    await feed.close?.()
  })

  test('without tables it says what to do', async () => {
    const feed = postgresFeed({ pool, prefix: 'nowhere_' })
    const refusal = { code: 'ERR_FEED_UNAVAILABLE', message: expect.stringContaining('migrate()') }
    await expect(feed.append(key('k'))).rejects.toMatchObject(refusal)
    await expect(feed.snapshot()).rejects.toMatchObject(refusal)
  })

  test('many may migrate at once, and the statements that are printed make the same', async () => {
    await Promise.all(Array.from({ length: 8 }, () => migrate(pool, { prefix: 'at_once_' })))
    await pool.query(ddl({ prefix: 'printed_' }))
    for (const prefix of ['at_once_', 'printed_']) {
      const feed = postgresFeed({ pool, prefix })
      await feed.append(key('k'))
      expect((await feed.snapshot()).facts).toHaveLength(1)
    }
    expect(() => postgresFeed({ pool, prefix: 'x; --' })).toThrow(TypeError)
  })
})

function unused(): never {
  throw new Error('no transaction is asked for')
}

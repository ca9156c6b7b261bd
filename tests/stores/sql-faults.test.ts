import { setTimeout as delay } from 'node:timers/promises'
import { handleOf } from '@handstamp/core/credential'
import { isAuthError } from '@handstamp/core/errors'
import type { SessionRecord } from '@handstamp/core/session'
import type { LocalServer } from '@handstamp/local-servers/server'
import { ddl, migrate, type SqlDatabase, sqlStore } from '@handstamp/server/stores/sql'
import { contractRecord } from '@handstamp/server/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type OpenDatabase, open, type Place, sites } from './sql-places.ts'

const prefix = 'faults_'
const recordOfNow = (changes: Partial<SessionRecord> = {}) => contractRecord({ createdAt: Date.now(), ...changes })

describe.each(sites)('$name', ({ dialect, isInstalled, start }) => {
  let place: Place
  let server: LocalServer | undefined
  let stop: () => Promise<void>
  let one: OpenDatabase
  let other: OpenDatabase

  beforeAll(async () => {
    if (!isInstalled) return
    ;({ place, server, stop } = await start())
    one = await open(place)
    other = await open(place)
    await migrate(one.database, { prefix })
  })
  afterAll(async () => {
    await one?.close()
    await other?.close()
    await stop?.()
  })

  const storeOn = ({ database }: { readonly database: SqlDatabase }) => sqlStore({ database, prefix })
  const run = (text: string) => one.database.query(text.replaceAll('$', prefix), [])

  async function signedIn(changes?: Partial<SessionRecord>) {
    const record = recordOfNow(changes)
    expect(await storeOn(one).save(record.id, record, { epoch: undefined, cap: 100 })).toBe('saved')
    return record
  }

  describe.skipIf(!isInstalled)('races and losses', () => {
    test.each([true, false])('nobody signs in past a sign-out everywhere (epoch known: %s)', async (isKnown) => {
      const first = recordOfNow()
      if (isKnown) await storeOn(one).save(first.id, first, { epoch: undefined, cap: 100 })
      const late = recordOfNow({ userId: first.userId, epoch: first.epoch })
      const barrier = barrierAt(one.database, /^INSERT INTO \w+session/)
      const epoch = isKnown ? first.epoch : undefined
      const saving = sqlStore({ database: barrier.database, prefix }).save(late.id, late, { epoch, cap: 100 })
      await barrier.reached
      const revoking = storeOn(other).deleteByUser(handleOf(late.id))
      await delay(200)
      barrier.open()
      await Promise.all([saving, revoking])
      expect((await storeOn(other).listByUser(handleOf(late.id))).sessions).toEqual([])
      expect(await storeOn(one).find(late.id)).toBeUndefined()
      const rows = await run(`SELECT digest FROM $session WHERE handle = '${handleOf(late.id)}'`)
      expect(rows.affected).toBe(0)
    })

    test('a lost epoch signs out, and a new sign-in brings nothing old back', async () => {
      const old = await signedIn()
      await run(`DELETE FROM $user WHERE handle = '${handleOf(old.id)}'`)
      expect(await storeOn(one).find(old.id)).toBeUndefined()
      expect(await storeOn(one).replace(old.id, 1, old)).toBe(false)
      await delay(2)
      const next = await signedIn({ userId: old.userId })
      expect(await storeOn(one).find(old.id)).toBeUndefined()
      expect((await storeOn(one).listByUser(handleOf(old.id))).sessions.map(({ id }) => id)).toEqual([next.id])
    })

    test('what one server deleted, no touch of another revives', async () => {
      const record = await signedIn()
      const found = await storeOn(other).find(record.id)
      expect(await storeOn(one).delete(record.id)).toBe(true)
      expect(await storeOn(other).replace(record.id, found?.version ?? 0, record)).toBe(false)
      expect(await storeOn(other).find(record.id)).toBeUndefined()
    })

    test('digests that differ in case alone are two sessions', async () => {
      const record = await signedIn()
      const [handle = '', digest = ''] = record.id.split('.')
      // The last letter has bits that must be nought: it stays.
      const id = `${handle}.${swapCase(digest.slice(0, -1))}${digest.slice(-1)}`
      const twin = { ...record, id, user: 'twin' }
      expect(await storeOn(one).save(id, twin, { epoch: record.epoch, cap: 100 })).toBe('saved')
      expect((await storeOn(one).find(record.id))?.record.user).toEqual(record.user)
      expect(await storeOn(one).delete(id)).toBe(true)
      expect((await storeOn(one).find(record.id))?.record.id).toBe(record.id)
    })

    test('two servers that renew and sign in at once keep to the cap', async () => {
      const first = await signedIn()
      const { userId, epoch } = first
      const cap = 3
      const another = () => recordOfNow({ userId, epoch })
      let current = first.id
      await Promise.all([
        ...Array.from({ length: 10 }, async (_, at) => {
          const next = another()
          await storeOn(at % 2 ? one : other).save(next.id, next, { epoch, cap })
        }),
        (async () => {
          for (let renewals = 0; renewals < 10; renewals += 1) {
            const found = await storeOn(other).find(current)
            if (found === undefined) return
            const { id: as } = another()
            if (await storeOn(other).replace(current, found.version, found.record, { as })) current = as
          }
        })(),
      ])
      expect((await storeOn(one).listByUser(handleOf(first.id))).sessions).toHaveLength(cap)
    })

    test.each(["' OR '1'='1", "'; DROP TABLE faults_session; --", "\\' OR 1=1 -- ", '%', '_', 'a\0b', '"`$1?'])(
      'text is never a part of a statement: %j',
      async (text) => {
        const kept = await signedIn()
        const hostile = await signedIn({ userId: text + Math.random(), user: { [text]: text }, userAgent: text })
        expect((await storeOn(one).find(hostile.id))?.record).toMatchObject({ userAgent: text, user: { [text]: text } })
        expect(await storeOn(one).find(text)).toBeUndefined()
        expect(await storeOn(one).delete(text)).toBe(false)
        // PostgreSQL knows no NUL in a text and says so.
        const listed = storeOn(one).listByUser(text)
        if (text.includes('\0')) await listed.catch(() => {})
        else expect(await listed).toEqual({ epoch: undefined, sessions: [] })
        await expect(storeOn(one).deleteByUser(text)).rejects.toThrow(TypeError)
        expect((await storeOn(one).find(kept.id))?.record.id).toBe(kept.id)
      },
    )

    test.each(['{', '[]', 'null', '7', ''])('a damaged record is for the reader to refuse: %j', async (text) => {
      const { id } = await signedIn()
      const digest = id.split('.')[1]
      await run(`UPDATE $session SET record = '${text}' WHERE digest = '${digest}'`)
      const found = await storeOn(one).find(id)
      expect(found?.record.id).toBe(id)
      expect(found?.record.v).not.toBe(1)
      expect((await storeOn(one).listByUser(handleOf(id))).sessions).toHaveLength(1)
    })

    test('without tables it says what to do, and nothing of what was asked', async () => {
      const store = sqlStore({ database: one.database, prefix: 'nowhere_' })
      const record = recordOfNow()
      const save = () => store.save(record.id, record, { epoch: undefined, cap: 1 })
      for (const call of [() => store.find(record.id), save]) {
        const error = await failureOf(call)
        expect(isAuthError(error) && error.message).toContain('migrate()')
        expect(isAuthError(error) && JSON.stringify([error, error.cause, error.stack])).not.toContain(
          record.id.slice(17),
        )
      }
    })

    test('the statements that are printed make the tables that migrate() makes', async () => {
      for (const statement of ddl(dialect, { prefix: 'printed_' }).split(';\n')) {
        if (statement.trim() !== '') await one.database.query(statement, [])
      }
      await migrate(one.database, { prefix: 'printed_' })
      const record = recordOfNow()
      const store = sqlStore({ database: one.database, prefix: 'printed_' })
      expect(await store.save(record.id, record, { epoch: undefined, cap: 1 })).toBe('saved')
      expect((await store.find(record.id))?.version).toBe(1)
    })

    test('a transaction that fails leaves nothing, and the connections go on', async () => {
      const { database } = one
      const handle = 'A'.repeat(16)
      for (let round = 0; round < 15; round += 1) {
        const failing = database.transaction(async (query) => {
          await query(`INSERT INTO ${prefix}user (handle, epoch) VALUES ('${handle}', 1)`, [])
          throw new Error('stop')
        })
        await expect(failing).rejects.toThrow('stop')
      }
      expect((await storeOn(one).listByUser(handle)).epoch).toBeUndefined()
    })

    test('sweeps of two servers at once take every session that is past, and once', async () => {
      for (let more = 0; more < 30; more += 1) await signedIn({ idleUntil: Date.now() - 1_000 })
      const batches = await Promise.all(
        Array.from({ length: 12 }, (_, at) => storeOn(at % 2 ? one : other).sweep({ before: Date.now(), limit: 5 })),
      )
      let removed = batches.reduce((sum, batch) => sum + batch.removed, 0)
      for (let batch = { removed: 0, more: true }; batch.more; removed += batch.removed)
        batch = await storeOn(one).sweep({ before: Date.now(), limit: 5 })
      expect(removed).toBe(30)
    })
  })

  // SQLite has no server that could be killed.
  const testOfServer = dialect === 'sqlite' ? undefined : test.skipIf(!isInstalled)
  testOfServer?.('a server that is killed: refused meanwhile, then all is there', async () => {
    const kept = await signedIn()
    const acknowledged: string[] = []
    const failures: unknown[] = []
    let isOver = false
    const working = Array.from({ length: 6 }, async (_, at) => {
      while (!isOver) {
        const record = recordOfNow()
        const store = storeOn(at % 2 ? one : other)
        try {
          if ((await store.save(record.id, record, { epoch: undefined, cap: 5 })) === 'saved')
            acknowledged.push(record.id)
        } catch (error) {
          failures.push(error)
          await delay(20)
        }
      }
    })
    await delay(300)
    server?.signal('SIGKILL')
    await delay(300)
    const lost = await failureOf(() => storeOn(one).find(kept.id))
    expect(isAuthError(lost) && lost.code).toBe('ERR_STORE_UNAVAILABLE')
    await server?.restart()
    await expect.poll(() => failureOf(() => storeOn(one).find(kept.id))).toBeUndefined()
    expect(await storeOn(one).find(kept.id)).toBeDefined()
    await delay(300)
    isOver = true
    await Promise.all(working)
    expect(failures.length).toBeGreaterThan(0)
    expect(failures.every((error) => isAuthError(error) && error.code === 'ERR_STORE_UNAVAILABLE')).toBe(true)
    for (const id of acknowledged) expect(await storeOn(other).find(id)).toBeDefined()
  })
})

async function failureOf(call: () => unknown): Promise<unknown> {
  try {
    await call()
    return undefined
  } catch (error) {
    return error
  }
}

/** The same database, whose statement waits, the first time that it comes, until the barrier opens. */
function barrierAt(database: SqlDatabase, statement: RegExp) {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  let arrive = (): void => {}
  const reached = new Promise<void>((resolve) => (arrive = resolve))
  const transaction: SqlDatabase['transaction'] = (work) =>
    database.transaction((query) =>
      work(async (text, parameters) => {
        if (!statement.test(text)) return query(text, parameters)
        arrive()
        await opened
        return query(text, parameters)
      }),
    )
  return { database: { ...database, transaction }, reached, open: () => open() }
}

function swapCase(text: string): string {
  return text.replace(/[a-z]/gi, (letter) => (letter < 'a' ? letter.toLowerCase() : letter.toUpperCase()))
}

import { handleOf, sessionIdOf } from '@handstamp/core/credential'
import { randomBytes } from '@handstamp/core/secret'
import type { SessionRecord } from '@handstamp/core/session'
import { redisIsInstalled, startRedis } from '@handstamp/local-servers/redis'
import type { LocalServer } from '@handstamp/local-servers/server'
import { redisStore } from '@handstamp/server/stores/redis'
import { contractRecord } from '@handstamp/server/testing'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const isInstalled = redisIsInstalled()
const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

describe.skipIf(!isInstalled)('what Redis lets expire by itself', () => {
  let server: LocalServer
  let client: Awaited<ReturnType<typeof connected>>

  const connected = () => createClient({ url: `redis://127.0.0.1:${server.port}` }).connect()

  beforeAll(async () => {
    server = await startRedis()
    client = await connected()
  })
  afterAll(async () => {
    client.destroy()
    await server.stop()
  })

  /** A session of a user of its own, for 90 days, and then another of the same user for an hour. */
  async function longThenShort() {
    const store = redisStore({ client })
    const now = Date.now()
    const lasting = (length: number) => ({ createdAt: now, expiresAt: now + length, idleUntil: now + length })
    const long = contractRecord(lasting(90 * day))
    const short = { ...long, ...lasting(hour), id: anotherId(long) }
    expect(await store.save(long.id, long, { epoch: undefined, cap: 9 })).toBe('saved')
    expect(await store.save(short.id, short, { epoch: long.epoch, cap: 9 })).toBe('saved')
    return { store, long, short }
  }

  const anotherId = ({ id }: SessionRecord): string => sessionIdOf(handleOf(id), randomBytes(32))

  const keyOf = (id: string): string => `hs:{${handleOf(id)}}:s:${id.slice(handleOf(id).length + 1)}`

  /** The moment at which Redis drops the key. */
  async function dropOf(key: string): Promise<number> {
    const left = await client.pTTL(key)
    expect(left, `${key} expires`).toBeGreaterThan(0)
    return Date.now() + left
  }

  /** A key may outlive its session by a minute; two moments that are noted apart may differ by a little more. */
  const leeway = 5_000

  async function expectSession({ id, expiresAt, idleUntil }: SessionRecord): Promise<void> {
    const beyond = (await dropOf(keyOf(id))) - Math.min(expiresAt, idleUntil)
    expect(beyond).toBeGreaterThanOrEqual(-leeway)
    expect(beyond).toBeLessThanOrEqual(minute + leeway)
  }

  /** Epoch and index live on as long as the longest session. */
  async function expectUser({ id, expiresAt }: SessionRecord): Promise<void> {
    for (const name of ['e', 'i']) {
      const beyond = (await dropOf(`hs:{${handleOf(id)}}:${name}`)) - expiresAt
      expect(beyond, name).toBeGreaterThanOrEqual(-leeway)
      expect(beyond, name).toBeLessThanOrEqual(minute + leeway)
    }
  }

  test('a session of an hour takes nothing from that of 90 days', async () => {
    const { long, short } = await longThenShort()
    await expectSession(long)
    await expectSession(short)
    await expectUser(long)
  })

  test.each([false, true])('nor does one that is replaced, and moved: %s', async (moves) => {
    const { store, long, short } = await longThenShort()
    const as = moves ? anotherId(short) : short.id
    const touched = { ...short, id: as, lastSeenAt: Date.now() }
    expect(await store.replace(short.id, 1, touched, { as })).toBe(true)
    await expectSession(long)
    await expectSession(touched)
    await expectUser(long)
    expect(await client.exists(keyOf(short.id))).toBe(moves ? 0 : 1)
  })

  test('the index that loses its only session, and gains it under another id, expires as before', async () => {
    const { store, long, short } = await longThenShort()
    expect(await store.delete(short.id)).toBe(true)
    const moved = { ...long, id: anotherId(long) }
    expect(await store.replace(long.id, 1, moved, { as: moved.id })).toBe(true)
    await expectUser(moved)
  })

  test('a session that is touched is kept until its new end', async () => {
    const { store, long } = await longThenShort()
    const now = Date.now()
    const brief = { ...long, id: anotherId(long), idleUntil: now + hour }
    expect(await store.save(brief.id, brief, { epoch: long.epoch, cap: 9 })).toBe('saved')
    await expectSession(brief)
    const touched = { ...brief, lastSeenAt: now, idleUntil: now + 30 * day }
    expect(await store.replace(brief.id, 1, touched)).toBe(true)
    await expectSession(touched)
    await expectUser(long)
  })

  test('all but one signed out: the one of 90 days stays for as long', async () => {
    const { store, long, short } = await longThenShort()
    await store.deleteByUser(handleOf(long.id), { except: long.id })
    await expectSession(long)
    await expectUser(long)
    expect(await client.exists(keyOf(short.id))).toBe(0)
  })

  test('all but that of an hour signed out: it is kept for no longer', async () => {
    const { store, long, short } = await longThenShort()
    await store.deleteByUser(handleOf(long.id), { except: short.id })
    await expectSession(short)
    await expectUser(long)
    expect(await client.exists(keyOf(long.id))).toBe(0)
  })

  test('an epoch under which nobody is left rests for a day, or longer where it stood for longer', async () => {
    const { store, long } = await longThenShort()
    await store.deleteByUser(handleOf(long.id))
    expect(await dropOf(`hs:{${handleOf(long.id)}}:e`)).toBeGreaterThan(long.expiresAt - leeway)
    const nobody = contractRecord()
    await store.deleteByUser(handleOf(nobody.id))
    const rests = (await dropOf(`hs:{${handleOf(nobody.id)}}:e`)) - Date.now()
    expect(rests).toBeGreaterThan(day - leeway)
    expect(rests).toBeLessThan(day + leeway)
  })
})

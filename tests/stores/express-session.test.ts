import { handleOf } from '@handstamp/core/credential'
import { redisIsInstalled, startRedis } from '@handstamp/local-servers/redis'
import type { LocalServer } from '@handstamp/local-servers/server'
import { expressSessionStore } from '@handstamp/server/stores/express-session'
import { contractRecord } from '@handstamp/server/testing'
import { RedisStore } from 'connect-redis'
import { MemoryStore } from 'express-session'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { holdStore } from './hold-store.ts'

let stores = 0
const isInstalled = redisIsInstalled()
let server: LocalServer

beforeAll(async () => {
  if (isInstalled) server = await startRedis()
})
afterAll(() => server?.stop())

holdStore("express-session's MemoryStore", true, {
  serverClock: true,
  create: ({ clock }) => ({ store: expressSessionStore({ store: new MemoryStore(), clock }) }),
})

holdStore('connect-redis', isInstalled, {
  serverClock: true,
  async create({ clock }) {
    const client = await createClient({ url: `redis://127.0.0.1:${server.port}` }).connect()
    stores += 1
    const store = new RedisStore({ client, prefix: `sess-${stores}:` })
    return { store: expressSessionStore({ store, clock }), close: () => client.destroy() }
  },
})

describe('a store of express-session', () => {
  const day = 86_400_000

  test('is told by the cookie when the item may go', async () => {
    const kept = new Map<string, { readonly cookie: { readonly expires: Date; readonly originalMaxAge: number } }>()
    const store = expressSessionStore({
      store: {
        get: (sid, callback) => callback(null, kept.get(sid)),
        set(sid, session, callback) {
          kept.set(sid, session as never)
          callback()
        },
      },
      clock: () => 1_000,
    })
    const record = contractRecord({ createdAt: 1_000, expiresAt: 90 * day, idleUntil: 90 * day })
    await store.save(record.id, record, { epoch: undefined, cap: 9 })
    const [[sid, session] = []] = [...kept]
    expect(sid).toMatch(/^handstamp-[\da-f]{24}$/)
    expect(session?.cookie.expires).toEqual(new Date(90 * day + 60_000))
    expect(session?.cookie.originalMaxAge).toBe(90 * day + 59_000)
  })

  test('that answers ENOENT has none; any other error is one', async () => {
    let error: unknown = Object.assign(new Error('no file'), { code: 'ENOENT' })
    const failing = { get: (_: string, callback: (error: unknown) => void) => callback(error), set() {} }
    const store = expressSessionStore({ store: failing })
    const { id } = contractRecord()
    expect(await store.find(id)).toBeUndefined()
    error = new Error('down')
    await expect(store.find(id)).rejects.toThrow('down')
    await expect(store.deleteByUser(handleOf(id))).rejects.toThrow('down')
  })

  test('whose session was not written by Handstamp is one that cannot be read', async () => {
    const store = expressSessionStore({
      store: { get: (_, callback) => callback(null, { cookie: {}, handstamp: { epoch: 1 } }), set() {} },
    })
    const { id } = contractRecord()
    expect(await store.find(id)).toEqual({ record: { id }, version: 0 })
  })

  test('says that it cannot compare and swap; what is no store is refused in words', () => {
    const store = expressSessionStore({ store: new MemoryStore() })
    expect(store.compareAndSwap).toBe(false)
    expect(() => expressSessionStore({ store: {} as never })).toThrow(/new RedisStore\(\{ client \}\)/)
  })
})

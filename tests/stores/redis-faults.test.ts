import { handleOf, sessionIdOf } from '@handstamp/core/credential'
import { userHandle } from '@handstamp/core/secret'
import {
  command,
  type RedisCluster,
  redisIsInstalled,
  startRedis,
  startRedisCluster,
} from '@handstamp/local-servers/redis'
import type { LocalServer } from '@handstamp/local-servers/server'
import { createAuth, session } from '@handstamp/server'
import { redisFeed } from '@handstamp/server/feeds/redis'
import { cached } from '@handstamp/server/stores/cached'
import { redisStore } from '@handstamp/server/stores/redis'
import type { SessionStore } from '@handstamp/server/stores/store'
import { contractRecord, faultStore } from '@handstamp/server/testing'
import { createClient, createCluster } from 'redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newKeyPair } from '../wire/key-pair.ts'
import { schemaOf } from '../wire/served-auth.ts'
import { fireAuth, origin, refresh, signIn, whoIs } from './fire-application.ts'

const isInstalled = redisIsInstalled()
const keys = newKeyPair()
const signing = { keys: [keys.jwk], secrets: [keys.secret] }
let server: LocalServer
let stores = 0

beforeAll(async () => {
  if (isInstalled) server = await startRedis()
})
afterAll(() => server?.stop())

const nodeRedis = (port = server.port) =>
  createClient({ url: `redis://127.0.0.1:${port}` })
    .on('error', () => {})
    .connect()

/** A store with keys of its own. */
async function open(clock: () => number = Date.now, prefix = `faults-${++stores}:`) {
  const client = await nodeRedis()
  return { store: redisStore({ client, clock, prefix }), client, prefix, close: () => client.destroy() }
}

describe.skipIf(!isInstalled)('Redis', () => {
  test('1: a sign-in that read its epoch before everybody was signed out comes to nothing', async () => {
    const { store, close } = await open()
    const record = contractRecord({ createdAt: Date.now() })
    const handle = handleOf(record.id)
    expect(await store.save(record.id, record, { epoch: undefined, cap: 9 })).toBe('saved')
    const { epoch } = await store.listByUser(handle)
    const late = { ...record, epoch: epoch ?? 0, id: `${handle}.${'A'.repeat(43)}` }
    await store.deleteByUser(handle)
    expect(await store.save(late.id, late, { epoch, cap: 9 })).toBe('epoch')
    expect((await store.listByUser(handle)).sessions).toEqual([])
    close()
  })

  test('2: epoch and index lost, signed in again: the old credential is nobody’s', async () => {
    const { store, close, client, prefix } = await open()
    const auth = fireAuth({ store, ...signing })
    const old = await signIn(auth, 'ada')
    const handle = handleOf(old.id)
    expect(await client.del([`${prefix}{${handle}}:e`, `${prefix}{${handle}}:i`])).toBe(2)
    expect((await refresh(auth, old.refresh_token)).ok).toBe(false)
    const anew = await signIn(auth, 'ada')
    expect(await refresh(auth, old.refresh_token)).toMatchObject({ ok: false, reason: 'invalid_grant' })
    expect((await refresh(auth, anew.refresh_token)).ok).toBe(true)
    close()
  })

  test('3: under eviction, signing out everywhere leaves nobody', async () => {
    const small = await startRedis({
      config: [
        ['maxmemory', '12mb'],
        ['maxmemory-policy', 'allkeys-lru'],
      ],
    })
    const client = await nodeRedis(small.port)
    const store = redisStore({ client })
    const handles = Array.from({ length: 40 }, (_, at) => userHandle(`user ${at}`))
    const ids: string[] = []
    const user = { id: 'ada', note: 'x'.repeat(4_000) }
    const fill = async (handle: string): Promise<void> => {
      for (let at = 0; at < 75; at += 1) {
        const { epoch } = await store.listByUser(handle)
        const id = sessionIdOf(handle, crypto.getRandomValues(new Uint8Array(32)))
        const record = contractRecord({ id, user, createdAt: Date.now() })
        const saved = { ...record, id, epoch: epoch ?? record.epoch }
        if ((await store.save(id, saved, { epoch, cap: 1_000 })) === 'saved') ids.push(id)
      }
    }
    await Promise.all(handles.map(fill))
    expect(Number(/evicted_keys:(\d+)/.exec(await command(small.port, 'INFO', 'stats'))?.[1])).toBeGreaterThan(100)
    for (const handle of handles) await store.deleteByUser(handle)
    const live = await Promise.all(ids.map((id) => store.find(id)))
    expect(live.filter(Boolean)).toEqual([])
    client.destroy()
    await small.stop()
  })

  test('5: killed between the fact and the write: nobody takes it for live, and the second try ends it', async () => {
    const { store, close, client, prefix } = await open()
    const dying = faultStore(store, ({ method }) => (method === 'deleteByUser' ? 'hang' : undefined))
    const server = (own: SessionStore) =>
      fireAuth({ store: own, ...signing, feed: redisFeed({ client, prefix }), limits: { storeTimeout: 100 } })
    const [killed, other] = [server(dying), server(store)]
    const ada = await signIn(other, 'ada')
    expect(await whoIs(other, ada.access_token)).toBe('ada')
    await expect(killed.sessions.revokeAll('ada')).rejects.toMatchObject({ code: 'ERR_STORE_TIMEOUT' })
    await expect.poll(() => whoIs(other, ada.access_token), { timeout: 2_000 }).toBe('revoked')
    await other.sessions.revokeAll('ada')
    expect((await refresh(other, ada.refresh_token)).ok).toBe(false)
    const anew = await signIn(other, 'ada')
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(await whoIs(other, anew.access_token)).toBe('ada')
    for (const auth of [killed, other]) await auth.close()
    close()
  })

  test('11: nothing writes to what was deleted', async () => {
    const { store, close } = await open()
    const record = contractRecord({ createdAt: Date.now() })
    await store.save(record.id, record, { epoch: undefined, cap: 9 })
    const found = await store.find(record.id)
    if (!found) throw new Error('not there')
    expect(await store.delete(record.id)).toBe(true)
    for (let version = 0; version < 4; version += 1)
      expect(await store.replace(record.id, version, found.record)).toBe(false)
    expect(await store.find(record.id)).toBeUndefined()
    close()
  })

  test.each(['apply-then-hang', 'apply-then-reject'] as const)(
    '12: a write that was applied and not answered (%s): one live token, good for its owner',
    async (fault) => {
      const { store, close } = await open()
      const faulty = faultStore(store)
      const auth = fireAuth({ store: faulty, ...signing, limits: { storeTimeout: 100 } })
      const { id, refresh_token: token } = await signIn(auth, 'ada')
      faulty.plan(({ method }) => (method === 'replace' ? fault : undefined))
      await expect(refresh(auth, token)).rejects.toMatchObject({ code: 'temporarily_unavailable' })
      faulty.plan()
      const again = await refresh(auth, token)
      expect(again.ok && (await refresh(auth, again.tokens.refresh_token)).ok).toBe(true)
      expect((await store.find(id))?.record.rotation?.g).toBe(1)
      close()
    },
  )

  test.each([30_000, -30_000])('13: two servers %i ms apart, two tabs: never a theft', async (skew) => {
    let passed = 0
    const prefix = `skew-${++stores}:`
    const clocks = [0, skew].map((apart) => () => Date.now() + passed + apart)
    const opened = await Promise.all(clocks.map((clock) => open(clock, prefix)))
    const events: string[] = []
    const [one, two] = opened.map(({ store }, at) =>
      fireAuth({ store, ...signing, clock: clocks[at], events: ({ type }) => events.push(type) }),
    )
    if (!one || !two) throw new Error('no servers')
    let { refresh_token: token } = await signIn(one, 'ada')
    for (let round = 0; round < 40; round += 1) {
      passed += 80_000
      const [first, second] = round % 2 ? [one, two] : [two, one]
      const answer = await refresh(first, token)
      passed += (round * 211) % 9_000
      const other = await refresh(second, token)
      if (!answer.ok || !other.ok) throw new Error(`round ${round} signs out`)
      expect(other.tokens.refresh_token).toBe(answer.tokens.refresh_token)
      token = answer.tokens.refresh_token
    }
    expect(events.filter((type) => type === 'refresh.rotated')).toHaveLength(40)
    expect(events).not.toContain('refresh.reuse')
    for (const { close } of opened) close()
  })

  test('14: spent two generations ago ends the session; forged or from the future changes nothing', async () => {
    let passed = 0
    const { store, close } = await open(() => Date.now() + passed)
    const auth = fireAuth({ store, ...signing, clock: () => Date.now() + passed })
    const { id, refresh_token: first } = await signIn(auth, 'ada')
    let token = first
    for (let at = 0; at < 2; at += 1) {
      passed += 60_000
      const answer = await refresh(auth, token)
      if (!answer.ok) throw new Error(answer.reason)
      token = answer.tokens.refresh_token
    }
    const before = await store.find(id)
    const [head, handle, body = ''] = token.split('.')
    const bytes = Buffer.from(body, 'base64url')
    const changed = (change: (copy: Buffer) => void): string => {
      const copy = Buffer.from(bytes)
      change(copy)
      return `${head}.${handle}.${copy.toString('base64url')}`
    }
    for (const hostile of [
      changed((copy) => copy.fill(1, 36)),
      changed((copy) => copy.writeUInt32BE(9, 32)),
      changed((copy) => copy.writeUInt32BE(1, 32)),
    ]) {
      expect(await refresh(auth, hostile)).toEqual({ ok: false, reason: 'invalid_grant' })
      expect(await store.find(id)).toEqual(before)
    }
    expect(await refresh(auth, first)).toEqual({ ok: false, reason: 'invalid_grant' })
    expect(await store.find(id)).toBeUndefined()
    expect(await refresh(auth, token)).toEqual({ ok: false, reason: 'invalid_grant' })
    close()
  })

  test('16: everybody signed out while a password is being verified: it is verified once more', async () => {
    const { store, close } = await open()
    let password = 'old'
    const paused = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const auth = createAuth({
      origin,
      strategy: session({ store }),
      transport: 'cookie',
      user: schemaOf<{ readonly id: string }>('id'),
      credentials: schemaOf<{ readonly password: string }>('password'),
      verifyCredentials: async (given: { readonly password: string }) => {
        const right = given.password === password
        begun.resolve()
        await paused.promise
        return right ? { id: 'ada' } : null
      },
      limits: { signIn: false },
    })
    const answer = auth.handler(
      new Request(`${origin}/auth/sign-in`, {
        method: 'POST',
        headers: { origin, 'content-type': 'application/json' },
        body: JSON.stringify({ password: 'old' }),
      }),
    )
    await begun.promise
    password = 'new'
    await auth.sessions.revokeAll('ada')
    paused.resolve()
    expect((await answer)?.status).toBe(401)
    expect(await auth.sessions.list('ada')).toEqual([])
    close()
  })

  test('18: digests that differ in case alone are two sessions', async () => {
    const { store, close } = await open()
    const record = contractRecord({ createdAt: Date.now() })
    const handle = handleOf(record.id)
    const ids = ['A', 'a'].map((letter) => `${handle}.${letter.repeat(43).slice(0, 42)}A`)
    let epoch: number | undefined
    for (const id of ids) {
      await store.save(id, { ...record, id }, { epoch, cap: 9 })
      epoch = record.epoch
    }
    expect(await store.delete(ids[0] ?? '')).toBe(true)
    expect(await store.find(ids[0] ?? '')).toBeUndefined()
    expect((await store.find(ids[1] ?? ''))?.record.id).toBe(ids[1])
    close()
  })

  test('a record of a later layout is nobody’s and harms nobody (R22)', async () => {
    const { store, close, client, prefix } = await open()
    const auth = fireAuth({ store: cached(store), ...signing })
    const [one, other] = [await signIn(auth, 'ada'), await signIn(auth, 'ada')]
    const key = `${prefix}{${handleOf(one.id)}}:s:${one.id.split('.')[1]}`
    const value = (await client.get(key)) ?? ''
    await client.set(key, value.replace(/^1:/, '2:'))
    expect(await refresh(auth, one.refresh_token)).toEqual({ ok: false, reason: 'invalid_grant' })
    expect((await auth.sessions.list('ada')).map(({ id }) => id)).toEqual([other.id])
    await client.set(key, value.replace('"v":1', '"v":2'))
    expect(await refresh(auth, one.refresh_token)).toEqual({ ok: false, reason: 'invalid_grant' })
    expect((await refresh(auth, other.refresh_token)).ok).toBe(true)
    // The version that knows it finds it as it was.
    await client.set(key, value)
    expect((await refresh(auth, one.refresh_token)).ok).toBe(true)
    expect(await auth.sessions.revokeAll('ada')).toBe(2)
    close()
  })

  test('a session of a later layout stays on the list where sign-ins make room (R22)', async () => {
    const { store, close, client, prefix } = await open()
    // No two sign-ins in one millisecond, so that it is known who has been idle longest.
    let now = Date.now()
    const auth = fireAuth({ store, ...signing, sessionsPerUser: 2, clock: () => ++now })
    const { id } = await signIn(auth, 'ada')
    const key = `${prefix}{${handleOf(id)}}:s:${id.split('.')[1]}`
    const value = (await client.get(key)) ?? ''
    await client.set(key, value.replace(/^1:/, '2:'))
    const others = [await signIn(auth, 'ada'), await signIn(auth, 'ada'), await signIn(auth, 'ada')]
    await client.set(key, value)
    const left = [id, ...others.slice(1).map((other) => other.id)]
    expect((await auth.sessions.list('ada')).map((one) => one.id).sort()).toEqual(left.sort())
    close()
  })

  test('new keys and secrets, published before they are used, sign nobody out (R22)', async () => {
    const { store, close } = await open()
    const next = newKeyPair()
    const begun = Date.now()
    const old = { ...keys.jwk, activeFrom: begun - 1_000 }
    const both = [old, { ...next.jwk, activeFrom: begun + 400_000 }]
    const phases = [
      { keys: [old], secrets: [keys.secret] },
      { keys: both, secrets: [keys.secret, next.secret] },
      { keys: both, secrets: [next.secret, keys.secret] },
    ]
    let passed = 0
    const servers = phases.map((phase) => fireAuth({ store, ...phase, clock: () => Date.now() + passed }))
    const pairs = [
      [servers[0], servers[1]],
      [servers[1], servers[2]],
    ]
    let tokens = (await signIn(servers[0] as never, 'ada')) as { refresh_token: string; access_token: string }
    for (const pair of pairs)
      for (let round = 0; round < 6; round += 1) {
        passed += 60_000
        const [from, to] = round % 2 ? pair : [...pair].reverse()
        if (!from || !to) throw new Error('no server')
        const answer = await refresh(from, tokens.refresh_token)
        // A lost answer, asked for again of the other.
        const again = await refresh(to, tokens.refresh_token)
        if (!answer.ok || !again.ok) throw new Error(`signed out in round ${round}`)
        expect(again.tokens.refresh_token).toBe(answer.tokens.refresh_token)
        for (const server of pair) expect(await whoIs(server as never, answer.tokens.access_token)).toBe('ada')
        tokens = answer.tokens
      }
    close()
  })
})

describe.skipIf(!isInstalled)('a Cluster of six, while slots move (17)', () => {
  let cluster: RedisCluster
  beforeAll(async () => {
    if (isInstalled) cluster = await startRedisCluster()
  })
  afterAll(() => cluster?.stop())

  test('every script does what it says, or fails and may be tried again', async () => {
    const client = createCluster({ rootNodes: cluster.nodes.map(({ port }) => ({ url: `redis://127.0.0.1:${port}` })) })
    client.on('error', () => {})
    await client.connect()
    const store = redisStore({ client })
    const auth = fireAuth({ store, ...signing, sessionsPerUser: 4 })
    const names = Array.from({ length: 6 }, (_, at) => `user ${at}`)
    const moving = { on: true }
    let [failures, rounds] = [0, 0]

    async function insist<T>(work: () => Promise<T>): Promise<T> {
      for (let attempt = 0; ; attempt += 1) {
        try {
          return await work()
        } catch (error) {
          if (attempt > 200) throw error
          failures += 1
          await new Promise((resolve) => setTimeout(resolve, 25))
        }
      }
    }

    const working = Promise.all(
      names.map(async (name) => {
        while (moving.on) {
          await insist(() => auth.sessions.revokeAll(name))
          const tokens = []
          for (let at = 0; at < 6; at += 1) tokens.push(await insist(() => signIn(auth, name)))
          const last = tokens.at(-1)
          if (!last) throw new Error('nobody')
          const answer = await insist(() => refresh(auth, last.refresh_token))
          expect(answer.ok, name).toBe(true)
          const { sessions } = await insist(() => store.listByUser(userHandle(name)))
          expect(sessions.length).toBeLessThanOrEqual(4)
          expect(sessions.map(({ id }) => id)).toContain(last.id)
          await insist(() => auth.sessions.revoke(last.id))
          expect(await insist(async () => store.find(last.id))).toBeUndefined()
          await insist(() => auth.sessions.revokeAll(name))
          for (const { id } of tokens) expect(await insist(async () => store.find(id))).toBeUndefined()
          rounds += 1
        }
      }),
    )
    working.catch(() => {})
    try {
      for (const name of names) await moveSlot(cluster, `{${userHandle(name)}}`)
      for (const name of names) await moveSlot(cluster, `{${userHandle(name)}}`)
    } finally {
      moving.on = false
    }
    await working
    console.log(`a reshard: ${rounds} rounds, ${failures} calls that were tried again`)
    expect(rounds).toBeGreaterThan(0)
    client.destroy()
  })
})

/** To the next primary, key by key, with its user's keys apart meanwhile. */
async function moveSlot({ nodes }: RedisCluster, tag: string): Promise<void> {
  const primaries = nodes.slice(0, 3)
  const ask = async (port: number, ...words: string[]) => command(port, ...words)
  const slot = /:(\d+)/.exec(await ask(primaries[0]?.port ?? 0, 'CLUSTER', 'KEYSLOT', tag))?.[1] ?? ''
  const ids = await Promise.all(
    primaries.map(async ({ port }) => (await ask(port, 'CLUSTER', 'MYID')).split('\r\n')[1] ?? ''),
  )
  const owners = await Promise.all(
    primaries.map(async ({ port }, at) => ownsSlot(await ask(port, 'CLUSTER', 'NODES'), ids[at] ?? '', Number(slot))),
  )
  const from = owners.indexOf(true)
  const to = (from + 1) % 3
  const [source, target] = [primaries[from]?.port ?? 0, primaries[to]?.port ?? 0]
  await ask(target, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', ids[from] ?? '')
  await ask(source, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', ids[to] ?? '')
  for (;;) {
    const keys = (await ask(source, 'CLUSTER', 'GETKEYSINSLOT', slot, '2')).match(/^hs:.*$/gm) ?? []
    if (keys.length === 0) break
    for (const key of keys)
      await ask(source, 'MIGRATE', '127.0.0.1', String(target), key.trim(), '0', '2000').catch(() => {})
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  for (const port of [target, source, ...primaries.map((node) => node.port)])
    await ask(port, 'CLUSTER', 'SETSLOT', slot, 'NODE', ids[to] ?? '')
}

function ownsSlot(nodes: string, id: string, slot: number): boolean {
  const line = nodes.split('\n').find((one) => one.includes(`${id} `) && one.includes('myself')) ?? ''
  return (line.match(/ (\d+)(?:-(\d+))?(?= |\r|$)/g) ?? []).some((range) => {
    const [first = 0, last = first] = range.trim().split('-').map(Number)
    return slot >= first && slot <= last
  })
}

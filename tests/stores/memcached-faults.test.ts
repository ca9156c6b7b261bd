import { spawn } from 'node:child_process'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { handleOf } from '@handstamp/core/credential'
import type { SessionRecord } from '@handstamp/core/session'
import { memcachedIsInstalled, startMemcached } from '@handstamp/local-servers/memcached'
import type { LocalServer } from '@handstamp/local-servers/server'
import { createAuth, session } from '@handstamp/server'
import { type MemcachedClient, memcachedStore } from '@handstamp/server/stores/memcached'
import type { SessionStore } from '@handstamp/server/stores/store'
import { contractRecord, signedInRequest } from '@handstamp/server/testing'
import { Memcache } from 'memcache'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Job } from './memcached-child.ts'

const isInstalled = memcachedIsInstalled()
const day = 86_400_000

describe.skipIf(!isInstalled)('memcached', () => {
  let server: LocalServer
  const closing: (() => Promise<unknown>)[] = []

  beforeAll(async () => {
    server = await startMemcached()
  })
  afterAll(() => server.stop())
  afterEach(async () => {
    for (const close of closing.splice(0)) await close()
  })

  function clientOf(...servers: readonly LocalServer[]): Memcache {
    const client = new Memcache({ nodes: servers.map(({ port }) => `127.0.0.1:${port}`), timeout: 2_000 })
    closing.push(() => client.disconnect())
    return client
  }

  async function started(options?: { readonly megabytes: number }): Promise<LocalServer> {
    const own = await startMemcached(options)
    closing.push(() => own.stop())
    return own
  }

  const record = (changes: Partial<SessionRecord> = {}) => contractRecord({ createdAt: Date.now(), ...changes })

  async function signIn(store: SessionStore, changes: Partial<SessionRecord> = {}): Promise<SessionRecord> {
    const one = record(changes)
    const { epoch } = await store.listByUser(handleOf(one.id))
    const saved = { ...one, epoch: epoch ?? one.epoch }
    expect(await store.save(one.id, saved, { epoch, cap: 100 })).toBe('saved')
    return saved
  }

  /** Asks the server itself. */
  async function say(words: string, to = server): Promise<string> {
    const socket: Socket = connect(to.port, '127.0.0.1')
    socket.write(`${words}\r\nmn\r\n`)
    let answer = ''
    for await (const chunk of socket) {
      answer += chunk
      if (answer.endsWith('MN\r\n')) break
    }
    return answer.slice(0, -'MN\r\n'.length)
  }

  const keyOf = (id: string) => `hs:${handleOf(id)}`

  test('two sessions of 90 days are found after they are saved, and the item is kept for as long', async () => {
    const store = memcachedStore({ client: clientOf(server) })
    const ninety = { expiresAt: Date.now() + 90 * day, idleUntil: Date.now() + 90 * day }
    const first = await signIn(store, ninety)
    await signIn(store, { ...ninety, userId: first.userId })
    expect((await store.listByUser(handleOf(first.id))).sessions).toHaveLength(2)
    const left = Number(/t(\d+)/.exec(await say(`mg ${keyOf(first.id)} t`))?.[1])
    expect(left).toBeGreaterThanOrEqual(90 * 86_400)
    expect(left).toBeLessThan(90 * 86_400 + 120)
  })

  test('what ends after 2038 has no time on the wire, and so is not gone at once', async () => {
    const store = memcachedStore({ client: clientOf(server) })
    const far = Date.UTC(2038, 0, 20)
    const { id } = await signIn(store, { expiresAt: far, idleUntil: far })
    expect((await store.find(id))?.record.expiresAt).toBe(far)
    expect(await say(`mg ${keyOf(id)} t`)).toBe('HD t-1\r\n')
  })

  test('the item of a user who was only signed out everywhere stays for a day', async () => {
    const store = memcachedStore({ client: clientOf(server) })
    const { id } = record()
    await store.deleteByUser(handleOf(id))
    const left = Number(/t(\d+)/.exec(await say(`mg ${keyOf(id)} t`))?.[1])
    expect(left).toBeGreaterThanOrEqual(86_400)
    expect(left).toBeLessThan(86_400 + 120)
  })

  test('a find is one command, and a write three in two round trips', async () => {
    const store = memcachedStore({ client: clientOf(server) })
    const { id } = await signIn(store)
    const commands = async () => {
      const stats = await say('stats')
      const count = (name: string) => Number(new RegExp(`STAT ${name} (\\d+)`).exec(stats)?.[1])
      return { reads: count('cmd_get'), writes: count('cmd_set') }
    }
    const before = await commands()
    const found = await store.find(id)
    const between = await commands()
    expect(between).toEqual({ ...before, reads: before.reads + 1 })
    expect(await store.replace(id, found?.version ?? 0, found?.record ?? record())).toBe(true)
    expect(await commands()).toEqual({ reads: between.reads + 2, writes: between.writes + 1 })
  })

  test('an item that is gone signs its user out, and nothing of before comes back with the next sign-in', async () => {
    const store = memcachedStore({ client: clientOf(server) })
    const old = await signIn(store)
    const found = await store.find(old.id)
    await say(`delete ${keyOf(old.id)}`)
    expect(await store.find(old.id)).toBeUndefined()
    const next = await signIn(store, { userId: old.userId, createdAt: Date.now() + 1 })
    expect(next.epoch).toBeGreaterThan(old.epoch)
    expect(await store.find(old.id)).toBeUndefined()
    expect(await store.replace(old.id, found?.version ?? 0, old)).toBe(false)
    expect((await store.listByUser(handleOf(old.id))).sessions.map(({ id }) => id)).toEqual([next.id])
  })

  test('400 steps each of a counter raised by four processes are 1,600', async () => {
    const store = memcachedStore({ client: clientOf(server) })
    const { id } = await signIn(store, { user: { count: 0 } })
    const job = { work: 'count', port: server.port, record: { ...record(), id }, times: 400, cap: 16 } as const
    await Promise.all(Array.from({ length: 4 }, () => run(job)))
    expect((await store.find(id))?.record.user).toEqual({ count: 1_600 })
  })

  test('40 sign-ins of four processes leave as many as the cap, and sixteen whatever the cap', async () => {
    const store = memcachedStore({ client: clientOf(server) })
    for (const [cap, left] of [
      [5, 5],
      [100, 16],
    ] as const) {
      const first = await signIn(store)
      const job = { work: 'signIn', port: server.port, record: first, times: 10, cap } as const
      await Promise.all(Array.from({ length: 4 }, () => run(job)))
      expect((await store.listByUser(handleOf(first.id))).sessions).toHaveLength(left)
    }
  })

  test('a touch that meets a delete between its read and its write is refused', async () => {
    const client = clientOf(server)
    const [here, there] = [memcachedStore({ client }), memcachedStore({ client: clientOf(server) })]
    for (const end of ['delete', 'deleteByUser'] as const) {
      const { id } = await signIn(here)
      const found = await here.find(id)
      if (found === undefined) throw new Error('the session is there')
      const touched = { ...found.record, lastSeenAt: found.record.lastSeenAt + 1 }
      const [node] = client.hash.getNodesByKey(keyOf(id))
      const command = node?.command.bind(node)
      let isFirst = true
      Object.assign(node ?? {}, {
        async command(line: string, options?: object) {
          if (isFirst && line.startsWith('cas ')) {
            isFirst = false
            await (end === 'delete' ? there.delete(id) : there.deleteByUser(handleOf(id)))
          }
          return command?.(line, options)
        },
      })
      expect(await here.replace(id, found.version, touched)).toBe(false)
      expect(isFirst).toBe(false)
      expect(await here.find(id)).toBeUndefined()
    }
  })

  test('a write that is overtaken each time ends with ERR_STORE_CONFLICT', async () => {
    const real = memcachedStore({ client: clientOf(server) })
    const { id } = await signIn(real)
    let tries = 0
    const store = memcachedStore({
      client: {
        get: async () => undefined,
        gets: async () => undefined,
        async add() {
          tries += 1
          return false
        },
        cas: async () => false,
      },
    })
    await expect(store.deleteByUser(handleOf(id))).rejects.toMatchObject({ code: 'ERR_STORE_CONFLICT' })
    expect(tries).toBe(32)
  })

  test('with two megabytes users are evicted whole: all of their sessions or none, and none that was ended', async () => {
    const small = await started({ megabytes: 2 })
    const store = memcachedStore({ client: clientOf(small) })
    const users: { readonly ids: string[]; readonly ended: boolean }[] = []
    for (let user = 0; user < 600; user += 1) {
      const first = await signIn(store, { user: { text: 'x'.repeat(1_500) } })
      const ids = [first.id]
      for (let more = 0; more < 3; more += 1) {
        const { epoch } = await store.listByUser(handleOf(first.id))
        if (epoch !== first.epoch) throw new Error('evicted between two sign-ins')
        ids.push((await signIn(store, { userId: first.userId, user: first.user })).id)
      }
      const ended = user % 3 === 0
      if (ended) await store.deleteByUser(handleOf(first.id))
      users.push({ ids, ended })
    }
    let whole = 0
    for (const { ids, ended } of users) {
      const found = await Promise.all(ids.map((id) => store.find(id)))
      const live = found.filter((one) => one !== undefined).length
      expect([0, ended ? 0 : ids.length]).toContain(live)
      if (live > 0) whole += 1
    }
    expect(Number(/evictions (\d+)/.exec(await say('stats', small))?.[1])).toBeGreaterThan(0)
    expect(whole).toBeGreaterThan(0)
    expect(whole).toBeLessThan(400)
  })

  test('a record of a megabyte is ERR_STORE_LIMIT before the wire, and the sessions of before stay', async () => {
    const store = memcachedStore({ client: clientOf(server) })
    const { id, userId, epoch } = await signIn(store)
    const big = record({ userId, epoch, user: { text: 'x'.repeat(1_048_576) } })
    const before = await say('stats')
    await expect(store.save(big.id, big, { epoch, cap: 9 })).rejects.toMatchObject({ code: 'ERR_STORE_LIMIT' })
    expect(/cmd_set \d+/.exec(await say('stats'))?.[0]).toBe(/cmd_set \d+/.exec(before)?.[0])
    const found = await store.find(id)
    const grown = { ...record(), ...found?.record, user: big.user }
    await expect(store.replace(id, found?.version ?? 0, grown)).rejects.toMatchObject({ code: 'ERR_STORE_LIMIT' })
    expect(await store.find(id)).toEqual(found)
  })

  test('a value that the server itself refuses is ERR_STORE_LIMIT as well', async () => {
    const node = { isConnected: () => true, reconnect: async () => {} }
    const command = async (line: string) => {
      if (line.startsWith('mg')) return 'EN'
      if (line.startsWith('get')) return { values: undefined, foundKeys: [] }
      throw new Error('SERVER_ERROR object too large for cache')
    }
    const store = memcachedStore({ client: { hash: { getNodesByKey: () => [{ ...node, command }] } } })
    await expect(store.deleteByUser(handleOf(record().id))).rejects.toMatchObject({ code: 'ERR_STORE_LIMIT' })
  })

  test('no id, handle or user id reaches the wire as it is', async () => {
    const keys: string[] = []
    const store = memcachedStore({
      client: {
        async get(key) {
          keys.push(key)
          return undefined
        },
        async gets(key) {
          keys.push(key)
          return undefined
        },
        add: async () => true,
        cas: async () => true,
      },
    })
    const hostile = ['x'.repeat(251), 'a b', 'a\r\nflush_all\r\n', 'k\u00e9y\u{1f511}', '\0', '../..', '']
    for (const text of hostile) {
      expect(await store.find(text)).toBeUndefined()
      expect(await store.find(`${text}.${'A'.repeat(43)}`)).toBeUndefined()
      expect(await store.delete(text)).toBe(false)
      await expect(store.listByUser(text)).rejects.toThrow(TypeError)
      await expect(store.deleteByUser(text)).rejects.toThrow(TypeError)
      await expect(store.save(text, record(), { epoch: undefined, cap: 9 })).rejects.toThrow(TypeError)
      expect(keys).toEqual([])
      if (text === '') continue
      const one = record({ userId: text })
      await store.save(one.id, one, { epoch: undefined, cap: 9 })
      await store.find(one.id)
      expect(keys.splice(0).every((key) => /^[\x21-\x7e]{1,250}$/.test(key))).toBe(true)
    }
  })

  test('a prefix that could end a key, or a client that is none, is refused in words', () => {
    const client = clientOf(server)
    for (const prefix of ['a b', 'a\r\n', 'k\u00e9y', 'x'.repeat(65), 7 as unknown as string]) {
      expect(() => memcachedStore({ client, prefix })).toThrow(/memcachedStore\(\{ prefix \}\)/)
    }
    for (const none of [undefined, null, {}, { get() {}, set() {} }]) {
      expect(() => memcachedStore({ client: none as unknown as MemcachedClient })).toThrow(/new Memcache\(/)
    }
  })

  test('an item that is damaged signs nobody in, is reported, and goes with the next sign-in', async () => {
    const events: string[] = []
    const store = memcachedStore({ client: clientOf(server) })
    const auth = createAuth({
      origin: 'https://app.example',
      strategy: session({ store }),
      transport: 'cookie',
      user: z.object({ id: z.string() }),
      events: ({ type }) => events.push(type),
    })
    const user = { id: record().userId }
    const request = await signedInRequest(auth, user)
    const listed = await auth.sessions.list(user.id)
    const key = keyOf(listed[0]?.id ?? '')
    for (const text of ['', '{', '[]', 'null', 'hs1:', 'hs1:{}', 'hs1:null', '\x00\x01', 'hs1:{"sessions":[null]}']) {
      await say(`set ${key} 0 0 ${text.length}\r\n${text}`)
      events.length = 0
      expect(await auth.authenticate(request)).toMatchObject({ ok: false, reason: 'unknown' })
      expect(events).toContain('store.corrupt')
    }
    expect((await auth.authenticate(await signedInRequest(auth, user))).ok).toBe(true)
    expect((await auth.authenticate(request)).ok).toBe(false)
    await auth.close()
  })

  test('one of two servers is lost: its users are signed out, those of the other are not', async () => {
    const [one, other] = [await started(), await started()]
    const client = clientOf(one, other)
    client.on('error', () => {})
    const store = memcachedStore({ client })
    const sessions: SessionRecord[] = []
    for (let n = 0; n < 40; n += 1) sessions.push(await signIn(store))
    const isOn = (place: LocalServer, { id }: SessionRecord) =>
      client.hash.getNodesByKey(keyOf(id))[0]?.port === place.port
    expect(sessions.some((session) => isOn(one, session)) && sessions.some((session) => isOn(other, session))).toBe(
      true,
    )

    one.signal('SIGKILL')
    const answers = await Promise.allSettled(sessions.map(async ({ id }) => store.find(id)))
    answers.forEach((answer, at) => {
      const isLost = isOn(one, sessions[at] ?? record())
      expect(answer.status).toBe(isLost ? 'rejected' : 'fulfilled')
      if (!isLost) expect(answer).toHaveProperty('value.record.id', sessions[at]?.id)
    })

    await one.restart()
    for (const session of sessions) {
      expect((await store.find(session.id)) === undefined).toBe(isOn(one, session))
      await signIn(store, { userId: session.userId })
    }
  })

  test('killed amid traffic, it is out of reach and never empty; afterwards it is back', async () => {
    const own = await started()
    const client = clientOf(own)
    client.on('error', () => {})
    const store = memcachedStore({ client })
    const bystander = memcachedStore({ client: clientOf(server) })
    const stays = await signIn(bystander)
    const large = 'x'.repeat(60_000)
    const sessions = await Promise.all(
      Array.from({ length: 20 }, (_, n) => signIn(store, { user: { n, text: large } })),
    )

    let [answered, rejected, absent] = [0, 0, 0]
    let isDown = false
    const reading = sessions.map(async ({ id }, n) => {
      while (rejected < 500) {
        try {
          const found = await store.find(id)
          if (found === undefined) absent += 1
          else if ((found.record.user as { n: number }).n !== n) throw new RangeError('the session of another user')
          answered += 1
          if (answered === 200 && !isDown) {
            isDown = true
            own.signal('SIGKILL')
          }
        } catch (error) {
          if (error instanceof RangeError) throw error
          rejected += 1
          await new Promise((resolve) => setTimeout(resolve, 1))
        }
      }
    })
    await Promise.all(reading)
    expect(answered).toBeGreaterThanOrEqual(200)
    expect(absent).toBe(0)
    await expect(store.deleteByUser(handleOf(sessions[0]?.id ?? ''))).rejects.toThrow()

    await own.restart()
    for (const { id, userId } of sessions) {
      expect(await store.find(id)).toBeUndefined()
      const next = await signIn(store, { userId })
      expect((await store.find(next.id))?.record.userId).toBe(userId)
    }
    expect((await bystander.find(stays.id))?.record.id).toBe(stays.id)
  })

  test('an answer that broke off is not the beginning of the next one', async () => {
    const whole = memcachedStore({ client: clientOf(server) })
    const [ada, grace] = [await signIn(whole), await signIn(whole)]
    let isCut = true
    const proxy = createServer((socket) => {
      const upstream = connect(server.port, '127.0.0.1')
      socket.pipe(upstream).on('error', () => {})
      socket.on('error', () => {}).on('close', () => upstream.destroy())
      upstream.on('data', (chunk) => {
        if (isCut) socket.end(chunk.subarray(0, 100))
        else socket.write(chunk)
        isCut = false
      })
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    closing.push(() => new Promise((resolve) => proxy.close(resolve)))
    const client = clientOf({ ...server, port: (proxy.address() as AddressInfo).port })
    const store = memcachedStore({ client })
    await expect(store.find(ada.id)).rejects.toThrow()
    expect((await store.find(grace.id))?.record.userId).toBe(grace.userId)
    expect((await store.find(ada.id))?.record.userId).toBe(ada.userId)
  })

  test('a server that does not answer is waited for no longer than the deadline: 503, nobody signed out', async () => {
    const own = await started()
    const client = clientOf(own)
    client.on('error', () => {})
    const auth = createAuth({
      origin: 'https://app.example',
      strategy: session({ store: memcachedStore({ client }) }),
      transport: 'cookie',
      user: z.object({ id: z.string() }),
      limits: { storeTimeout: 200 },
    })
    const request = await signedInRequest(auth, { id: record().userId })
    own.signal('SIGSTOP')
    // Its threads do not stop all at once.
    const answer = () =>
      auth.authenticate(request).then(
        () => 'answered',
        ({ code }) => code,
      )
    await expect.poll(answer).toBe('ERR_STORE_TIMEOUT')
    own.signal('SIGCONT')
    await expect.poll(async () => (await auth.authenticate(request).catch(() => undefined))?.ok).toBe(true)
    await auth.close()
  })
})

function run(job: Job): Promise<void> {
  return new Promise((resolve, reject) => {
    const program = join(import.meta.dirname, 'memcached-child.ts')
    const child = spawn(process.execPath, ['--conditions=handstamp-source', program, JSON.stringify(job)], {
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let errors = ''
    child.stderr.on('data', (text: Buffer) => (errors += text))
    child.once('error', reject)
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`ended with ${code}: ${errors}`))))
  })
}

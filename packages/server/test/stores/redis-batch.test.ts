import { userHandle } from '@handstamp/core/secret'
import { describe, expect, test, vi } from 'vitest'
import { redisStore } from '../../src/stores/redis.ts'

const ids = ['a', 'b', 'c'].map((user) => `${userHandle(user)}.${user.repeat(42)}A`)

function client(answer: (keys: readonly string[]) => readonly (string | null)[]) {
  const sent: string[][] = []
  return {
    sent,
    async sendCommand(words: string[]) {
      sent.push(words)
      return answer(words.slice(1))
    },
  }
}

/** A session that lives, of the user and digest that its key names. */
function valueUnder(key: string): string {
  if (key.endsWith(':e')) return '7'
  const json = JSON.stringify({ v: 1, user: { key }, transport: 'cookie', authTime: 1 })
  return `1:1:7:1:9999999999999:1:9999999999999:u:${json}`
}

describe('redisStore({ batch: true })', () => {
  test('joins the finds of one tick, and gives each its own', async () => {
    const redis = client((keys) => keys.map(valueUnder))
    const store = redisStore({ client: redis, batch: true })
    const found = await Promise.all(ids.map((id) => store.find(id)))
    expect(redis.sent.map((words) => words.length)).toEqual([7])
    expect(found.map((one) => one?.record.id)).toEqual(ids)
    const keys = found.map((one) => (one?.record.user as { key?: string } | undefined)?.key?.slice(-43))
    expect(keys).toEqual(ids.map((id) => id.slice(-43)))
  })

  test('asks again for those that come later', async () => {
    const redis = client((keys) => keys.map(valueUnder))
    const store = redisStore({ client: redis, batch: true })
    for (const id of ids) expect(await store.find(id)).toBeDefined()
    expect(redis.sent).toHaveLength(3)
  })

  test('lets all of a tick fail, and none of the next', async () => {
    let isDown = true
    const redis = client((keys) => {
      if (isDown) throw new Error('gone')
      return keys.map(valueUnder)
    })
    const store = redisStore({ client: redis, batch: true })
    const answers = await Promise.allSettled(ids.map((id) => store.find(id)))
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    isDown = false
    expect(await store.find(ids[0] ?? '')).toBeDefined()
  })

  test('ends where the server turns out to be a Cluster, and nobody is refused for it', async () => {
    const slotOf = (key: string) => key.slice(key.indexOf('{'), key.indexOf('}'))
    const redis = client((keys) => {
      if (new Set(keys.map(slotOf)).size > 1) throw new Error("CROSSSLOT Keys in request don't hash to the same slot")
      return keys.map(valueUnder)
    })
    const store = redisStore({ client: redis, batch: true })
    for (const commands of [4, 3]) {
      redis.sent.length = 0
      const found = await Promise.all(ids.map((id) => store.find(id)))
      expect(found.map((one) => one?.record.id)).toEqual(ids)
      expect(redis.sent).toHaveLength(commands)
    }
  })

  test('goes on where the timers of a test are faked', async () => {
    const store = redisStore({ client: client((keys) => keys.map(valueUnder)), batch: true })
    vi.useFakeTimers()
    try {
      expect(await store.find(ids[0] ?? '')).toBeDefined()
    } finally {
      vi.useRealTimers()
    }
  })

  test('is what ioredis gets unless told otherwise, and node-redis and a Cluster do not', async () => {
    const redis = client((keys) => keys.map(valueUnder))
    const sentBy = async (store: ReturnType<typeof redisStore>) => {
      redis.sent.length = 0
      await Promise.all(ids.map((id) => store.find(id)))
      return redis.sent.length
    }
    const ofIoRedis = { call: (...words: string[]) => redis.sendCommand(words) }
    const cluster = {
      slots: [],
      sendCommand: (_: string | undefined, _readonly: boolean | undefined, words: string[]) => redis.sendCommand(words),
    }
    expect(await sentBy(redisStore({ client: ofIoRedis }))).toBe(1)
    expect(await sentBy(redisStore({ client: ofIoRedis, batch: false }))).toBe(3)
    expect(await sentBy(redisStore({ client: redis }))).toBe(3)
    expect(await sentBy(redisStore({ client: cluster }))).toBe(3)
    expect(await sentBy(redisStore({ client: { ...ofIoRedis, isCluster: true } as typeof ofIoRedis }))).toBe(3)
  })

  test('is not for a Cluster, nor anything but true or false', () => {
    const redis = client(() => [])
    const ofIoRedis = { isCluster: true, call: async () => [] }
    expect(() => redisStore({ client: { ...redis, slots: [] }, batch: true })).toThrow(/batch.*Cluster/)
    expect(() => redisStore({ client: ofIoRedis, batch: true })).toThrow(/batch.*Cluster/)
    expect(() => redisStore({ client: redis, batch: 1 as unknown as boolean })).toThrow(/batch/)
    expect(() => redisStore({ client: ofIoRedis })).not.toThrow()
  })
})

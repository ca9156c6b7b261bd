import { userHandle } from '@handstamp/core/secret'
import { describe, expect, test } from 'vitest'
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

describe('the finds of redisStore()', () => {
  test('of one tick are one command, and each gets its own', async () => {
    const redis = client((keys) => keys.map(valueUnder))
    const store = redisStore({ client: redis })
    const found = await Promise.all(ids.map((id) => store.find(id)))
    expect(redis.sent.map((words) => words.length)).toEqual([7])
    expect(found.map((one) => one?.record.id)).toEqual(ids)
    const keys = found.map((one) => (one?.record.user as { key?: string } | undefined)?.key?.slice(-43))
    expect(keys).toEqual(ids.map((id) => id.slice(-43)))
  })

  test('that come later are asked for again', async () => {
    const redis = client((keys) => keys.map(valueUnder))
    const store = redisStore({ client: redis })
    for (const id of ids) expect(await store.find(id)).toBeDefined()
    expect(redis.sent).toHaveLength(3)
  })

  test('of one tick fail together, and none of the next', async () => {
    let isDown = true
    const redis = client((keys) => {
      if (isDown) throw new Error('gone')
      return keys.map(valueUnder)
    })
    const store = redisStore({ client: redis })
    const answers = await Promise.allSettled(ids.map((id) => store.find(id)))
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    isDown = false
    expect(await store.find(ids[0] ?? '')).toBeDefined()
  })

  test('go one by one where that is asked for, and to a Cluster', async () => {
    const redis = client((keys) => keys.map(valueUnder))
    const cluster = {
      slots: [],
      sendCommand: (_: string | undefined, _readonly: boolean | undefined, words: string[]) => redis.sendCommand(words),
    }
    for (const store of [redisStore({ client: redis, batch: false }), redisStore({ client: cluster })]) {
      redis.sent.length = 0
      await Promise.all(ids.map((id) => store.find(id)))
      expect(redis.sent.map((words) => words.length)).toEqual([3, 3, 3])
    }
  })

  test('are not joined for a Cluster, nor by anything but true or false', () => {
    const redis = client(() => [])
    const ofIoRedis = { isCluster: true, call: async () => [] }
    expect(() => redisStore({ client: { ...redis, slots: [] }, batch: true })).toThrow(/batch.*Cluster/)
    expect(() => redisStore({ client: ofIoRedis, batch: true })).toThrow(/batch.*Cluster/)
    expect(() => redisStore({ client: redis, batch: 1 as unknown as boolean })).toThrow(/batch/)
    expect(() => redisStore({ client: ofIoRedis })).not.toThrow()
  })
})

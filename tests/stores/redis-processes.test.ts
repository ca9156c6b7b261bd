import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { redisIsInstalled, startRedis } from '@handstamp/local-servers/redis'
import { redisStore } from '@handstamp/server/stores/redis'
import { contractRecord } from '@handstamp/server/testing'
import { createClient } from 'redis'
import { expect, test } from 'vitest'
import type { Job } from './redis-child.ts'

test.skipIf(!redisIsInstalled())(
  '9: 400 steps each, in four processes on Redis, of a counter raised by compare-and-swap are 1,600',
  async () => {
    const server = await startRedis()
    const url = `redis://127.0.0.1:${server.port}`
    const client = await createClient({ url }).connect()
    const store = redisStore({ client })
    const record = contractRecord({ createdAt: Date.now(), user: { count: 0 } })
    expect(await store.save(record.id, record, { epoch: undefined, cap: 5 })).toBe('saved')
    await Promise.all(Array.from({ length: 4 }, () => run({ url, id: record.id, times: 400 })))
    const found = await store.find(record.id)
    expect(found?.record.user).toEqual({ count: 1_600 })
    expect(found?.version).toBe(1_601)
    client.destroy()
    await server.stop()
  },
)

async function run(job: Job): Promise<void> {
  const program = join(import.meta.dirname, 'redis-child.ts')
  const child = spawn(process.execPath, ['--conditions=handstamp-source', program, JSON.stringify(job)], {
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`a process ended with ${code}`)
}

import { redisIsInstalled, startRedis } from '@handstamp/local-servers/redis'
import { nodeRequest } from '@handstamp/server/adapters/node'
import { redisStore } from '@handstamp/server/stores/redis'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { describe, expect, test } from 'vitest'
import { sessionApplication, signedIn } from '../rows/applications.ts'
import { incoming } from '../rows/incoming.ts'
import { user } from '../rows/subject.ts'

describe.skipIf(!redisIsInstalled())('commands that Redis is sent', () => {
  test('are one for all finds of a tick, in batches', async () => {
    const server = await startRedis()
    const client = await createClient({ url: `redis://127.0.0.1:${server.port}` }).connect()
    try {
      const auth = sessionApplication(redisStore({ client, batch: true }))
      const [name, value] = await signedIn(auth, user)
      await client.configResetStat()
      const requests = Array.from({ length: 50 }, () => nodeRequest(incoming(name, value), auth.origin))
      const results = await Promise.all(requests.map((request) => auth.authenticate(request)))
      expect(results.every(({ ok }) => ok)).toBe(true)
      expect(await commandsSince(client)).toEqual({ mget: 1 })
    } finally {
      client.destroy()
      await server.stop()
    }
  })

  test.each(['node-redis', 'ioredis'])('are one for a request that is alone, over %s', async (driver) => {
    const server = await startRedis()
    const counting = await createClient({ url: `redis://127.0.0.1:${server.port}` }).connect()
    const client =
      driver === 'ioredis'
        ? new Redis(server.port)
        : await createClient({ url: `redis://127.0.0.1:${server.port}` }).connect()
    try {
      const auth = sessionApplication(redisStore({ client }))
      const [name, value] = await signedIn(auth, user)
      await counting.configResetStat()
      for (let request = 0; request < 100; request += 1) {
        expect(await auth.authenticate(nodeRequest(incoming(name, value), auth.origin))).toMatchObject({ ok: true })
      }
      expect(await commandsSince(counting)).toEqual({ mget: 100 })
    } finally {
      counting.destroy()
      if ('destroy' in client) client.destroy()
      else client.disconnect()
      await server.stop()
    }
  })
})

/** How often each command was sent since the numbers were reset, but for those that count. */
async function commandsSince(client: { info(section: string): Promise<string> }): Promise<Record<string, number>> {
  const lines = (await client.info('commandstats')).matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)
  const counts = [...lines].map(([, command = '', calls]) => [command, Number(calls)] as const)
  return Object.fromEntries(counts.filter(([command]) => !/^(?:info|config|client|hello)/.test(command)))
}

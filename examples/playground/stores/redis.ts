/**
 * `--store redis://…`: Redis over node-redis, and its stream as the change feed.
 * @module
 */
import { redisIsInstalled, startRedis } from '@handstamp/local-servers/redis'
import { redisFeed } from '@handstamp/server/feeds/redis'
import { redisStore } from '@handstamp/server/stores/redis'
import { createClient } from 'redis'
import type { LocalStore, OpenStore, StoreSetting } from './stores.ts'

export const local: LocalStore = {
  isInstalled: redisIsInstalled,
  async start() {
    const { port, stop } = await startRedis()
    return { address: `redis://127.0.0.1:${port}`, stop }
  },
  install: 'apt-get install redis-server',
}

export async function prepare(address: string): Promise<void> {
  const client = createClient({ url: address, socket: { reconnectStrategy: false, connectTimeout: 3_000 } })
  client.on('error', () => {})
  await client.connect()
  await client.ping()
  client.destroy()
}

export async function open({ address, told }: StoreSetting): Promise<OpenStore> {
  const client = createClient({ url: address })
  const reader = client.duplicate()
  // Whoever asks is told that it does not answer; nobody listens here.
  for (const each of [client, reader]) each.on('error', () => {})
  await Promise.all([client.connect(), reader.connect()])
  const counted = {
    sendCommand(words: string[]): Promise<unknown> {
      told(words[0] ?? '')
      return client.sendCommand(words)
    },
  }
  return {
    store: redisStore({ client: counted }),
    feed: redisFeed({ client, reader }),
    async close() {
      for (const each of [client, reader]) if (each.isOpen) each.destroy()
    },
  }
}

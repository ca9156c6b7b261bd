/**
 * `--store memcached://…`: memcached over the package memcache.
 * @module
 */
import { memcachedIsInstalled, startMemcached } from '@handstamp/local-servers/memcached'
import { memcachedStore } from '@handstamp/server/stores/memcached'
import { Memcache } from 'memcache'
import { countedStore } from './counted.ts'
import type { LocalStore, OpenStore, StoreSetting } from './stores.ts'

export const local: LocalStore = {
  isInstalled: memcachedIsInstalled,
  async start() {
    const { port, stop } = await startMemcached()
    return { address: `memcached://127.0.0.1:${port}`, stop }
  },
  install: 'apt-get install memcached',
}

export async function prepare(address: string): Promise<void> {
  const client = openClient(address)
  await client.connect()
  await client.disconnect()
}

export async function open({ address, told }: StoreSetting): Promise<OpenStore> {
  const client = openClient(address)
  await client.connect()
  return { store: countedStore(memcachedStore({ client }), told), close: () => client.disconnect() }
}

function openClient(address: string): Memcache {
  return new Memcache({ nodes: [new URL(address).host] })
}

/**
 * The stores that several processes share, started by one and opened by all: a line for each.
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, systemClock } from '@handstamp/core/clock'
import { memcachedIsInstalled, startMemcached } from '@handstamp/local-servers/memcached'
import { redisIsInstalled, startRedis } from '@handstamp/local-servers/redis'
import { fileStore } from '@handstamp/server/stores/file'
import { memcachedStore } from '@handstamp/server/stores/memcached'
import { redisStore } from '@handstamp/server/stores/redis'
import { migrate, sqlStore } from '@handstamp/server/stores/sql'
import type { SessionStore } from '@handstamp/server/stores/store'
import { Memcache } from 'memcache'
import { createClient } from 'redis'
import { open, type Place, sites } from './sql-places.ts'

export interface Opened {
  readonly store: SessionStore
  close(): Promise<unknown> | unknown
}

export interface SharedStore {
  readonly name: string
  readonly isInstalled: boolean
  /** Where it is, as text. */
  start(): Promise<{ readonly at: string; stop(): Promise<void> }>
  open(at: string, clock?: Clock): Promise<Opened>
}

export const sharedStores: readonly SharedStore[] = [
  {
    name: 'Redis',
    isInstalled: redisIsInstalled(),
    async start() {
      const server = await startRedis()
      return { at: `redis://127.0.0.1:${server.port}`, stop: server.stop }
    },
    async open(url, clock = systemClock) {
      const client = await createClient({ url }).connect()
      return { store: redisStore({ client, clock }), close: () => client.destroy() }
    },
  },
  {
    name: 'memcached',
    isInstalled: memcachedIsInstalled(),
    async start() {
      const server = await startMemcached()
      return { at: `127.0.0.1:${server.port}`, stop: server.stop }
    },
    async open(node, clock = systemClock) {
      const client = new Memcache({ nodes: [node] })
      return { store: memcachedStore({ client, clock }), close: () => client.disconnect() }
    },
  },
  {
    name: 'files',
    isInstalled: process.platform !== 'win32',
    async start() {
      const folder = mkdtempSync(join(tmpdir(), 'fire-'))
      return { at: join(folder, 'sessions'), stop: async () => rmSync(folder, { recursive: true, force: true }) }
    },
    open: async (directory, clock = systemClock) => ({
      store: fileStore({ directory, fsync: false, clock }),
      close: () => {},
    }),
  },
  ...sites.map((site) => ({
    name: site.name,
    isInstalled: site.isInstalled,
    async start() {
      const { place, stop } = await site.start()
      const { database, close } = await open(place)
      await migrate(database)
      await close()
      return { at: JSON.stringify(place), stop }
    },
    async open(text: string, clock: Clock = systemClock) {
      const { database, close } = await open(JSON.parse(text) as Place)
      return { store: sqlStore({ database, clock }), close }
    },
  })),
]

/** A process of its own that writes to memcached, and ends. */
import type { SessionRecord } from '@handstamp/core/session'
import { memcachedStore } from '@handstamp/server/stores/memcached'
import { Memcache } from 'memcache'
import { count, signIn } from './store-work.ts'

export interface Job {
  readonly work: 'count' | 'signIn'
  readonly port: number
  readonly record: SessionRecord
  readonly times: number
  readonly cap: number
}

const { work, port, record, times, cap } = JSON.parse(process.argv[2] ?? '') as Job
const client = new Memcache({ nodes: [`127.0.0.1:${port}`] })
const store = memcachedStore({ client })

for (let done = 0; done < times; done += 1)
  await (work === 'count' ? count(store, record.id) : signIn(store, record, cap))
await client.disconnect()

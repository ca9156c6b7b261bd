/** A process of its own that writes to memcached, and ends. */
import { handleOf, sessionIdOf } from '@handstamp/core/credential'
import { randomBytes } from '@handstamp/core/secret'
import type { SessionRecord } from '@handstamp/core/session'
import { memcachedStore } from '@handstamp/server/stores/memcached'
import { Memcache } from 'memcache'

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

for (let done = 0; done < times; done += 1) await (work === 'count' ? count(record.id) : signIn(record))
await client.disconnect()

async function count(id: string): Promise<void> {
  for (;;) {
    const found = await store.find(id)
    if (found === undefined) throw new Error('the session is lost')
    const user = { count: (found.record.user as { readonly count: number }).count + 1 }
    if (await store.replace(id, found.version, { ...found.record, user })) return
  }
}

async function signIn(template: SessionRecord): Promise<void> {
  const { epoch } = template
  const id = sessionIdOf(handleOf(template.id), randomBytes(32))
  const saved = await store.save(id, { ...template, id }, { epoch, cap })
  if (saved !== 'saved') throw new Error(`a sign-in was answered "${saved}"`)
}

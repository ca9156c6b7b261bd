/** A process of its own that writes to a SQL store, and ends. */
import { handleOf, sessionIdOf } from '@handstamp/core/credential'
import { randomBytes } from '@handstamp/core/secret'
import type { SessionRecord } from '@handstamp/core/session'
import { migrate, sqlStore } from '@handstamp/server/stores/sql'
import { open, type Place } from './sql-places.ts'

export interface Job {
  readonly work: 'count' | 'signIn' | 'migrate'
  readonly place: Place
  readonly prefix: string
  readonly record: SessionRecord
  readonly times: number
  readonly cap: number
}

const { work, place, prefix, record, times, cap } = JSON.parse(process.argv[2] ?? '') as Job
const { database, close } = await open(place, 2)
const store = sqlStore({ database, prefix })

if (work === 'migrate') await migrate(database, { prefix })
else for (let done = 0; done < times; done += 1) await (work === 'count' ? count(record.id) : signIn(record))
await close()

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

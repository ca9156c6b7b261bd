/** A process of its own that writes to a SQL store, and ends. */
import type { SessionRecord } from '@handstamp/core/session'
import { migrate, sqlStore } from '@handstamp/server/stores/sql'
import { open, type Place } from './sql-places.ts'
import { count, signIn } from './store-work.ts'

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
else
  for (let done = 0; done < times; done += 1)
    await (work === 'count' ? count(store, record.id) : signIn(store, record, cap))
await close()

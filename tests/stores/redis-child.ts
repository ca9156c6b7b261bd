/** A process of its own that raises a counter in Redis, and ends. */
import { redisStore } from '@handstamp/server/stores/redis'
import { createClient } from 'redis'
import { count } from './store-work.ts'

export interface Job {
  readonly url: string
  readonly id: string
  readonly times: number
}

const { url, id, times } = JSON.parse(process.argv[2] ?? '') as Job
const client = await createClient({ url }).connect()
const store = redisStore({ client })

for (let done = 0; done < times; done += 1) await count(store, id)
client.destroy()

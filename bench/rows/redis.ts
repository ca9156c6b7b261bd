/**
 * Finding a session in Redis with 64 finds under way at once: what the store adds to a bare GET of the same key.
 * @module
 */
import { handleOf, parseSessionCredential } from '@handstamp/core/credential'
import { nodeRequest } from '@handstamp/server/adapters/node'
import { redisStore } from '@handstamp/server/stores/redis'
import { RedisStore } from 'connect-redis'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { type Contender, measure, type Plan } from '../harness/measure.ts'
import { type RowFacts, type RowSource, rowOf } from '../harness/row.ts'
import { type Application, sessionApplication, signedIn } from './applications.ts'
import { betterAuthSession, email, redisStorage } from './better-auth.ts'
import { expressSessions } from './express.ts'
import { incoming } from './incoming.ts'
import { redisRows } from './local-redis.ts'
import { anew, user } from './subject.ts'

const sessions = 1_000
const group = 'Sessions in Redis'
const shared = { group, base: 'raw GET', subject: 'Handstamp', goal: 1.3, unit: 'µs' } as const
const elapsed: RowFacts = { ...shared, name: 'Redis find, 64 at once' }
const cpu: RowFacts = { ...shared, name: 'Redis find, 64 at once, CPU of the client' }
const alone: RowFacts = {
  name: 'Redis find, one at a time, ioredis',
  group,
  base: 'Handstamp, batch: false',
  subject: 'Handstamp',
  unit: 'µs',
}
const overIoRedis: RowFacts = { ...shared, name: 'Redis find, 64 at once, ioredis' }

export const redisFindRows: RowSource = redisRows([elapsed, cpu, overIoRedis, alone], async ([port = 0], pace) => {
  const { node, io, close } = await contenders(port)
  const plan: Plan = { rounds: pace.rounds, budget: pace.budget * 2, lanes: 64 }
  try {
    return [
      rowOf(elapsed, await measure(node, { ...plan, clock: 'elapsed' })),
      rowOf(cpu, await measure(node, plan)),
      rowOf(overIoRedis, await measure(io, { ...plan, clock: 'elapsed' })),
      rowOf(alone, await measure(io.slice(0, 3), { ...plan, lanes: 1 })),
    ]
  } finally {
    close()
  }
})

interface Filled {
  readonly auth: Application
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly ids: readonly string[]
  readonly keys: readonly string[]
}

async function contenders(port: number) {
  const client = await createClient({ url: `redis://127.0.0.1:${port}` }).connect()
  const io = new Redis(port)
  const pipelined = new Redis({ port, enableAutoPipelining: true })
  const filled = await fill(sessionApplication(redisStore({ client })))
  return {
    node: [
      get('raw GET', filled, (key) => client.get(key)),
      find('Handstamp', filled, redisStore({ client })),
      find('Handstamp, batch', filled, redisStore({ client, batch: true })),
      authenticate('Handstamp, authenticate', filled),
      express(new RedisStore({ client })),
      await better(redisStorage(client)),
    ],
    io: [
      get('raw GET', filled, (key) => io.get(key)),
      find('Handstamp', filled, redisStore({ client: io })),
      find('Handstamp, batch: false', filled, redisStore({ client: io, batch: false })),
      find('Handstamp, batch: false, enableAutoPipelining', filled, redisStore({ client: pipelined, batch: false })),
    ],
    close() {
      client.destroy()
      io.disconnect()
      pipelined.disconnect()
    },
  }
}

async function fill(auth: Application): Promise<Filled> {
  const headers: (readonly [string, string])[] = []
  for (let made = 0; made < sessions; made += 1) headers.push(await signedIn(auth, { ...user, id: `u_${made}` }))
  const ids = headers.map(([, value]) => parseSessionCredential(value.slice(value.indexOf('=') + 1))?.id ?? '')
  const keys = ids.map((id) => `hs:{${handleOf(id)}}:s:${id.slice(handleOf(id).length + 1)}`)
  return { auth, headers, ids, keys }
}

function get(name: string, { keys }: Filled, run: (key: string) => Promise<unknown>): Contender<string> {
  return { name, prepare: cycled(keys, anew), run, check: (value) => typeof value === 'string' }
}

function find(name: string, { ids }: Filled, store: ReturnType<typeof redisStore>): Contender<string> {
  return { name, prepare: cycled(ids, anew), run: (id) => store.find(id), check: (found) => found !== undefined }
}

function authenticate(name: string, { auth, headers }: Filled): Contender<ReturnType<typeof incoming>> {
  return {
    name,
    prepare: cycled(headers, ([header, value]) => incoming(header, value)),
    run: (request) => auth.authenticate(nodeRequest(request, auth.origin)),
    check: (result) => (result as { ok?: boolean }).ok === true,
  }
}

/** To the end of the response, since only then it has sent its second command. */
function express(store: RedisStore): Contender<ReturnType<typeof incoming>> {
  const { middleware, cookies } = expressSessions(sessions, store)
  return {
    name: 'express-session + connect-redis',
    prepare: cycled(cookies, (value) => incoming('cookie', value)),
    run: (request) =>
      new Promise((resolve) => {
        const response = { writeHead() {}, end: () => resolve((request as { session?: unknown }).session) }
        middleware(request, response, () => response.end())
      }),
    check: (session) => (session as { user?: { role: string } } | undefined)?.user?.role === user.role,
  }
}

async function better(storage: ReturnType<typeof redisStorage>): Promise<Contender<Headers>> {
  const { cookie, getSession } = await betterAuthSession({ storage })
  return {
    name: 'better-auth',
    prepare: cycled([cookie], (value) => new Headers({ cookie: value })),
    run: getSession,
    check: (found) => (found as { user: { email: string } } | null)?.user.email === email,
  }
}

function cycled<T, U>(items: readonly T[], make: (item: T) => U): (count: number) => readonly U[] {
  return (count) => Array.from({ length: count }, (_, at) => make(items[(at * 7) % items.length] as T))
}

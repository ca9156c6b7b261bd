/**
 * What one session costs one Redis, for the numbers of scale: bytes, and its CPU time for a find, a touch and a fact.
 * @module
 */
import { parseSessionCredential } from '@handstamp/core/credential'
import { command, redisIsInstalled, startRedis } from '@handstamp/local-servers/redis'
import { redisFeed } from '@handstamp/server/feeds/redis'
import { cached } from '@handstamp/server/stores/cached'
import { redisStore } from '@handstamp/server/stores/redis'
import { createClient } from 'redis'
import { sessionApplication, signedIn } from '../rows/applications.ts'
import { user } from '../rows/subject.ts'

export interface RedisCosts {
  /** A user with one session, with epoch and index; and a further session of the same user. */
  readonly firstBytes: number
  readonly nextBytes: number
  /** Microseconds of the server's one thread for a find: many in one packet, and each in one of its own. */
  readonly findMicros: number
  readonly aloneMicros: number
  /** For a touch, many in one packet. */
  readonly touchMicros: number
  /** Bytes of a fact as a reader of the feed gets it. */
  readonly factBytes: number
  /** What the near-cache reckons for one session. */
  readonly entryBytes: number
}

const at = 64

/** Undefined where there is no Redis. */
export async function measureRedis(count: number): Promise<RedisCosts | undefined> {
  if (!redisIsInstalled()) return undefined
  const server = await startRedis()
  const client = await createClient({ url: `redis://127.0.0.1:${server.port}` }).connect()
  try {
    const store = redisStore({ client })
    const auth = sessionApplication(store)
    const ids: string[] = []
    async function signIn(): Promise<void> {
      await all(count, async (index) => {
        const [, value] = await signedIn(auth, { ...user, id: `u_${index}` })
        ids.push(parseSessionCredential(value.slice(value.indexOf('=') + 1))?.id ?? '')
      })
    }
    const memory = async () => numberIn(await client.info('memory'), 'used_memory')
    const cpu = async () => {
      const info = await client.info('cpu')
      return (numberIn(info, 'used_cpu_user') + numberIn(info, 'used_cpu_sys')) * 1_000_000
    }
    const empty = await memory()
    await signIn()
    const once = await memory()
    await signIn()
    const twice = await memory()
    const beforeFinds = await cpu()
    await all(count, (index) => store.find(ids[index] ?? ''))
    const afterFinds = await cpu()
    await all(count, async (index) => {
      const id = ids[index] ?? ''
      const found = await store.find(id)
      if (found) await store.replace(id, found.version, { ...found.record, lastSeenAt: Date.now() })
    })
    const afterTouches = await cpu()
    const alone = Math.min(count, 5_000)
    for (let index = 0; index < alone; index += 1) await store.find(ids[index] ?? '')
    const afterAlone = await cpu()
    const findMicros = (afterFinds - beforeFinds) / count
    const near = cached(store)
    await all(Math.min(count, 1_000), (index) => near.find(ids[index] ?? '', { cached: true }))
    return {
      firstBytes: (once - empty) / count,
      nextBytes: (twice - once) / count,
      findMicros,
      aloneMicros: (afterAlone - afterTouches) / alone,
      touchMicros: (afterTouches - afterFinds) / count - findMicros,
      factBytes: await bytesOfAFact(server.port, client, ids[0] ?? ''),
      entryBytes: near.stats.bytes / near.stats.entries,
    }
  } finally {
    client.destroy()
    await server.stop()
  }
}

/** Counted in what Redis answers, not in what the fact says. */
async function bytesOfAFact(
  port: number,
  client: Parameters<typeof redisFeed>[0]['client'],
  id: string,
): Promise<number> {
  const feed = redisFeed({ client })
  const until = Date.now() + 900_000
  for (let fact = 0; fact < 100; fact += 1) await feed.append({ kind: 'session', id, until })
  const answer = await command(port, 'XRANGE', 'hs:feed', '-', '+')
  return Buffer.byteLength(answer) / 100
}

async function all(count: number, work: (index: number) => unknown): Promise<void> {
  let next = 0
  async function lane(): Promise<void> {
    while (next < count) {
      next += 1
      await work(next - 1)
    }
  }
  await Promise.all(Array.from({ length: at }, lane))
}

function numberIn(info: string, name: string): number {
  return Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1])
}

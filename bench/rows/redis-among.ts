/**
 * Whether a find costs the same among a thousand sessions in Redis and among a million: the CPU time of client and server.
 * @module
 */
import { parseSessionCredential } from '@handstamp/core/credential'
import { redisStore } from '@handstamp/server/stores/redis'
import { createClient } from 'redis'
import { type RowFacts, type RowSource, rowOf } from '../harness/row.ts'
import { rotated, type Series } from '../harness/stats.ts'
import { sessionApplication, signedIn } from './applications.ts'
import { withCacheMisses } from './cache-misses.ts'
import { redisRows } from './local-redis.ts'
import { user } from './subject.ts'

const facts: RowFacts = {
  name: 'Redis find among 1,000,000',
  group: 'Sessions in Redis',
  base: 'a find among 1,000 + what a bare MGET costs more',
  subject: 'Handstamp',
  goal: 1.1,
  unit: 'µs',
}
const few = 1_000
/** Sessions that are asked for. */
const asked = 20_000
const finds = 3_000
const lanes = 64

export const redisAmongRow: RowSource = redisRows(
  [facts],
  async ([small = 0, large = 0], { quick, rounds }) => {
    const many = quick ? 100_000 : 1_000_000
    const [among, amongMany] = [await filled(small, few), await filled(large, many)]
    try {
      const series = await interleaved([...asksOf('few', among), ...asksOf('many', amongMany)], Math.ceil(rounds / 2))
      const of = (name: string): readonly number[] => series.find((one) => one.name === name)?.rounds ?? []
      return [
        rowOf(quick ? { ...facts, name: facts.name.replace('1,000,000', '100,000') } : facts, [
          { name: facts.base, rounds: withCacheMisses(of('few'), of('few, bare'), of('many, bare')) },
          { name: 'Handstamp', rounds: of('many') },
          { name: 'Handstamp among 1,000', rounds: of('few') },
        ]),
      ]
    } finally {
      among.client.destroy()
      amongMany.client.destroy()
    }
  },
  { servers: 2 },
)

type Filled = Awaited<ReturnType<typeof filled>>

async function filled(port: number, count: number) {
  const client = await createClient({ url: `redis://127.0.0.1:${port}` }).connect()
  const store = redisStore({ client })
  const auth = sessionApplication(store)
  const ids: string[] = []
  while (ids.length < Math.min(asked, count)) {
    const batch = Array.from({ length: 500 }, (_, at) => signedIn(auth, { ...user, id: `u_${ids.length + at}` }))
    for (const [, value] of await Promise.all(batch)) {
      ids.push(parseSessionCredential(value.slice(value.indexOf('=') + 1))?.id ?? '')
    }
  }
  await copy(client, ids[0] ?? '', count - ids.length)
  return { client, store, ids }
}

/** As many more users as one session each, written by the server itself: what a sign-in would leave, under other names. */
async function copy(client: Filled['client'], id: string, count: number): Promise<void> {
  const [handle = '', digest = ''] = id.split('.')
  for (let done = 0; done < count; done += 10_000) {
    const most = Math.min(count, done + 10_000)
    await client.sendCommand(['EVAL', copying, '0', handle, digest, String(done), String(most)])
  }
}

const copying = `
local handle, digest, from, to = unpack(ARGV)
local value = redis.call('GET', 'hs:{' .. handle .. '}:s:' .. digest)
local epoch = redis.call('GET', 'hs:{' .. handle .. '}:e')
local left = redis.call('PTTL', 'hs:{' .. handle .. '}:e')
for made = tonumber(from), tonumber(to) - 1 do
  local name = redis.sha1hex(tostring(made))
  local user = 'hs:{' .. string.sub(name, 1, 16) .. '}'
  local own = name .. 'abc'
  redis.call('SET', user .. ':s:' .. own, value, 'PX', left)
  redis.call('SET', user .. ':e', epoch, 'PX', left)
  redis.call('ZADD', user .. ':i', left, own)
  redis.call('PEXPIRE', user .. ':i', left)
end
`

/** One way to ask one server. */
interface Ask {
  readonly name: string
  readonly client: Filled['client']
  readonly ids: readonly string[]
  readonly isThere: (id: string) => Promise<boolean>
}

function asksOf(name: string, { client, store, ids }: Filled): readonly Ask[] {
  return [
    { name, client, ids, isThere: async (id) => (await store.find(id)) !== undefined },
    {
      name: `${name}, bare`,
      client,
      ids,
      async isThere(id) {
        const [handle = '', digest = ''] = id.split('.')
        return (await client.mGet([`hs:{${handle}}:s:${digest}`, `hs:{${handle}}:e`]))[0] !== null
      },
    },
  ]
}

async function interleaved(asks: readonly Ask[], rounds: number): Promise<readonly Series[]> {
  const spent = new Map<Ask, number[]>(asks.map((ask) => [ask, []]))
  for (let round = -2; round < rounds; round += 1) {
    for (const ask of rotated(asks, round + 2)) {
      const cost = await costOf(ask, round + 2)
      if (round >= 0) spent.get(ask)?.push(cost)
    }
  }
  return asks.map((ask) => ({ name: ask.name, rounds: spent.get(ask) ?? [] }))
}

async function costOf({ client, ids, isThere }: Ask, round: number): Promise<number> {
  const of = (at: number): string => ids[((at + round * finds) * 7_919) % ids.length] ?? ''
  const before = process.cpuUsage()
  const serverBefore = await serverCpu(client)
  async function lane(first: number): Promise<void> {
    for (let at = first; at < finds; at += lanes) {
      if (!(await isThere(of(at)))) throw new Error('a session of the bench is not there')
    }
  }
  await Promise.all(Array.from({ length: lanes }, (_, first) => lane(first)))
  const server = (await serverCpu(client)) - serverBefore
  const { user: own, system } = process.cpuUsage(before)
  return (own + system + server) / finds
}

/** Microseconds that the server has worked so far. */
async function serverCpu(client: Filled['client']): Promise<number> {
  const info = await client.info('cpu')
  const seconds = (name: string) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1])
  return (seconds('used_cpu_user') + seconds('used_cpu_sys')) * 1_000_000
}

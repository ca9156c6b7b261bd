import { setTimeout as sleep } from 'node:timers/promises'
import { mariadbIsInstalled, mariadbUrl, startMariadb } from '@handstamp/local-servers/mariadb'
import { memcachedIsInstalled, startMemcached } from '@handstamp/local-servers/memcached'
import { postgresIsInstalled, postgresUrl, startPostgres } from '@handstamp/local-servers/postgres'
import { command, redisIsInstalled, startRedis } from '@handstamp/local-servers/redis'
import type { LocalServer } from '@handstamp/local-servers/server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newKeyPair } from '../wire/key-pair.ts'
import { type FrozenProxy, proxyTo } from './frozen-proxy.ts'
import type { LoadPlace } from './load-places.ts'
import { expectOrderly, startLoadProcess } from './load-process.ts'
import { everyday, whatWasLost } from './load-visitors.ts'
import { type Needs, type Outcome, percentile, rounded, steadyLoad, type Verdict, wrongs } from './steady-load.ts'

/** Seconds of each outage by HANDSTAMP_LOAD_OUTAGE, with 500 requests a second and the default deadline; else short and few. */
const atLength = Number(process.env.HANDSTAMP_LOAD_OUTAGE ?? 0)
const perSecond = atLength ? 500 : 150
const storeTimeout = atLength ? 2_000 : 400
/** More than wait for a deadline at once. */
const mostAtOnce = 1_200
/** In which it is back and has answered, on a machine with other things to do. */
const patience = 30_000

interface Stage {
  readonly server: LocalServer
  readonly proxy: FrozenProxy
}

interface Outage {
  readonly name: string
  /** Reading goes on. */
  readonly reads?: true
  begin(stage: Stage): Promise<unknown> | unknown
  end(stage: Stage): Promise<unknown> | unknown
}

const reset: Outage = { name: 'reset', begin: ({ proxy }) => proxy.cut(), end: ({ proxy }) => proxy.mend() }
const hole: Outage = { name: 'a black hole', begin: ({ proxy }) => proxy.freeze(), end: ({ proxy }) => proxy.thaw() }
const readonly: Outage = {
  name: 'READONLY',
  reads: true,
  begin: ({ server }) => command(server.port, 'REPLICAOF', '127.0.0.1', '1'),
  end: ({ server }) => command(server.port, 'REPLICAOF', 'NO', 'ONE'),
}

/** Redis says so from its start until all is read: here a key in 20 milliseconds, until it is told to hurry. */
function loading(): Outage {
  let isBack: Promise<void> | undefined
  return {
    name: 'LOADING',
    async begin({ server }) {
      const fill = "for at = 1, 4000 do redis.call('SET', 'filler:' .. at, string.rep('x', 1100)) end"
      await command(server.port, 'EVAL', fill, '0')
      await command(server.port, 'BGREWRITEAOF')
      const info = () => command(server.port, 'INFO', 'persistence')
      await expect.poll(info, { timeout: patience }).toMatch(/aof_rewrite_in_progress:0[\s\S]*aof_rewrite_scheduled:0/)
      server.signal('SIGKILL')
      isBack = server.restart()
      const ping = () => command(server.port, 'PING').catch(String)
      await expect.poll(ping, { timeout: patience }).toContain('LOADING')
    },
    async end({ server }) {
      await command(server.port, 'CONFIG', 'SET', 'key-load-delay', '0')
      await isBack
    },
  }
}

const redisConfig = [
  ['appendonly', 'yes'],
  ['aof-use-rdb-preamble', 'yes'],
  ['rdbcompression', 'no'],
  ['loading-process-events-interval-bytes', '1024'],
  ['key-load-delay', '20000'],
] as const

interface Row {
  readonly driver: LoadPlace['driver']
  readonly outage: Outage
  readonly seconds: number
  /** Else it is of the long form alone. */
  readonly isQuick?: true
}

interface Site {
  readonly name: string
  readonly isInstalled: boolean
  readonly rows: readonly Row[]
  start(): Promise<LocalServer>
  urlOf(place: { readonly port: number }): string
}

const seconds = atLength || 0.8
/** The second half is among the outages of `outage.test.ts`, if not under load. */
const redisOutages: readonly Row[] = [
  { driver: 'node-redis', outage: reset, seconds, isQuick: true },
  { driver: 'ioredis', outage: loading(), seconds, isQuick: true },
  { driver: 'ioredis', outage: hole, seconds },
  { driver: 'node-redis', outage: readonly, seconds },
]
/** Longer than a deadline. */
const shorter = Math.min(3, seconds)

const sites: readonly Site[] = [
  {
    name: 'Redis',
    isInstalled: redisIsInstalled(),
    rows: redisOutages,
    start: () => startRedis({ config: redisConfig }),
    urlOf: ({ port }) => `redis://127.0.0.1:${port}`,
  },
  {
    name: 'PostgreSQL',
    isInstalled: postgresIsInstalled(),
    rows: [
      { driver: 'postgres', outage: reset, seconds: shorter, isQuick: true },
      { driver: 'postgres', outage: hole, seconds: shorter },
    ],
    start: startPostgres,
    urlOf: postgresUrl,
  },
  {
    name: 'MariaDB',
    isInstalled: mariadbIsInstalled(),
    rows: [reset, hole].map((outage) => ({ driver: 'mysql', outage, seconds: shorter })),
    start: startMariadb,
    urlOf: mariadbUrl,
  },
  {
    name: 'memcached',
    isInstalled: memcachedIsInstalled(),
    rows: [
      { driver: 'memcached', outage: hole, seconds: shorter, isQuick: true },
      { driver: 'memcached', outage: reset, seconds: shorter },
    ],
    start: startMemcached,
    urlOf: ({ port }) => `memcached://127.0.0.1:${port}`,
  },
]

const keys = newKeyPair()

const chosen = sites.map((site) => ({ ...site, rows: site.rows.filter(({ isQuick }) => atLength || isQuick) }))

describe.each(chosen.filter(({ rows }) => rows.length > 0))('$name', ({ name, isInstalled, start, urlOf, rows }) => {
  let server: LocalServer
  let proxy: FrozenProxy

  beforeAll(async () => {
    server = await start()
    proxy = await proxyTo(server.port)
  })
  afterAll(async () => {
    await proxy?.stop()
    await server?.stop()
  })

  test.skipIf(!isInstalled).each(rows)(
    `${perSecond} requests a second while it is $outage.name, over $driver: refused in time, and nobody else for anybody (R3)`,
    async ({ driver, outage, seconds }) => {
      const place = { driver, at: urlOf(proxy) }
      const serving = await startLoadProcess({ place, key: keys.jwk, secret: keys.secret, storeTimeout })
      try {
        const load = steadyLoad(serving.port, perSecond, mostAtOnce, await everyday(serving.port, perSecond))
        await sleep(atLength ? 1_000 : 200)
        await outage.begin({ server, proxy })
        const begun = performance.now()
        await sleep(seconds * 1_000)
        const ended = performance.now()
        await outage.end({ server, proxy })
        const back = performance.now()
        const isRight = ({ sentAt, verdict, question }: Outcome): boolean =>
          sentAt > back && verdict === 'right' && question.needs === 'writing'
        await expect.poll(() => load.outcomes.some(isRight), { timeout: patience, interval: 20 }).toBe(true)
        await sleep(atLength ? 1_000 : 200)
        const outcomes = await load.stop()
        const meanwhile = outcomes.filter(({ sentAt, answeredAt }) => sentAt >= begun && answeredAt <= ended)
        const refused = outcomes.filter(({ verdict }) => verdict === 'unavailable')
        console.log(
          JSON.stringify({
            ...{ requirement: 'R3', store: name, driver, outage: outage.name, seconds, perSecond, storeTimeout },
            ...{ requests: outcomes.length, meanwhile: meanwhile.length, refused: refused.length },
            worstRefusalMs: percentile(refused, 1),
            backAfterMs: rounded((outcomes.find(isRight)?.answeredAt ?? Number.NaN) - back),
          }),
        )
        expect(wrongs(outcomes)).toEqual([])
        expect(unexpected(meanwhile, outage)).toEqual([])
        const isSeen = (verdict: Verdict, needs: Needs) =>
          meanwhile.some((outcome) => outcome.verdict === verdict && outcome.question.needs === needs)
        expect(isSeen('unavailable', 'writing')).toBe(true)
        expect(isSeen('right', 'reading')).toBe(outage.reads === true)
        expect(percentile(refused, 1)).toBeLessThan(storeTimeout + patience)
        expect(await whatWasLost(serving.port, outcomes)).toEqual([])
        expectOrderly(await serving.end())
      } finally {
        serving.kill()
      }
    },
    seconds * 1_000 + 60_000,
  )
})

/** Whatever asks the store is refused, but for what it still answers, and whatever does not ask it is served. */
function unexpected(meanwhile: readonly Outcome[], { reads }: Outage): readonly string[] {
  const others = meanwhile.filter(({ question: { needs }, verdict }) => {
    if (needs === 'reading' && reads === true) return false
    return verdict !== (needs === 'nothing' ? 'right' : 'unavailable')
  })
  return [...new Set(others.map(({ question, answer }) => `${question.kind}: ${JSON.stringify(answer)}`))]
}

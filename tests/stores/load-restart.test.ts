import { setTimeout as sleep } from 'node:timers/promises'
import { mariadbIsInstalled, mariadbUrl, startMariadb } from '@handstamp/local-servers/mariadb'
import { postgresIsInstalled, postgresUrl, startPostgres } from '@handstamp/local-servers/postgres'
import { command, redisIsInstalled, startRedis } from '@handstamp/local-servers/redis'
import type { LocalServer } from '@handstamp/local-servers/server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newKeyPair } from '../wire/key-pair.ts'
import { rotatingFamilies } from './load-families.ts'
import type { LoadPlace } from './load-places.ts'
import { expectOrderly, startLoadProcess } from './load-process.ts'
import { everyday, whatWasLost } from './load-visitors.ts'
import { percentile, rounded, steadyLoad, wrongs } from './steady-load.ts'

/** Seconds before and after each restart by HANDSTAMP_LOAD_RESTART, with 500 requests a second; else short and few. */
const atLength = Number(process.env.HANDSTAMP_LOAD_RESTART ?? 0)
const perSecond = atLength ? 500 : 150
const around = (atLength || 0.6) * 1_000
/** A machine that cannot keep up is slow, and that is not to look like a store that is gone. */
const [storeTimeout, mostAtOnce] = [20_000, 600]
/** In which it is back, on a machine with other things to do. */
const patience = 20_000
/** So many right answers in a row, and it is back. */
const inARow = 50

interface Row {
  readonly driver: LoadPlace['driver']
  readonly signal: NodeJS.Signals
}

interface Site {
  readonly name: string
  readonly requirement: 'R5' | 'R6'
  readonly isInstalled: boolean
  /** Else it is of the long form alone. */
  readonly isQuick: boolean
  readonly rows: readonly Row[]
  start(): Promise<LocalServer>
  urlOf(server: LocalServer): string
}

const sites: readonly Site[] = [
  {
    name: 'Redis',
    requirement: 'R5',
    isInstalled: redisIsInstalled(),
    isQuick: true,
    rows: [
      { driver: 'node-redis', signal: 'SIGKILL' },
      ...(atLength ? [{ driver: 'ioredis', signal: 'SIGTERM' } as const] : []),
    ],
    // With `everysec` it may acknowledge what it has not written yet, while the disk is busy with what was before.
    start: () =>
      startRedis({
        config: [
          ['appendonly', 'yes'],
          ['appendfsync', 'always'],
        ],
      }),
    urlOf: ({ port }) => `redis://127.0.0.1:${port}`,
  },
  {
    name: 'PostgreSQL',
    requirement: 'R6',
    isInstalled: postgresIsInstalled(),
    isQuick: true,
    rows: [
      // Its way to end at once and in order, which breaks off what is under way.
      { driver: 'postgres', signal: 'SIGINT' },
      ...(atLength ? [{ driver: 'postgres', signal: 'SIGKILL' } as const] : []),
    ],
    start: startPostgres,
    urlOf: postgresUrl,
  },
  {
    name: 'MariaDB',
    requirement: 'R6',
    isInstalled: mariadbIsInstalled(),
    isQuick: false,
    rows: [{ driver: 'mysql', signal: 'SIGKILL' }],
    start: startMariadb,
    urlOf: mariadbUrl,
  },
]

const keys = newKeyPair()

const chosen = sites.filter(({ isQuick }) => isQuick || atLength > 0)

describe.each(chosen)('$name', ({ name, requirement, isInstalled, start, urlOf, rows }) => {
  let server: LocalServer
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server?.stop())

  test.skipIf(!isInstalled).each(rows)(
    `restarted by $signal under ${perSecond} requests a second, over $driver: nothing is lost, and all is as before (${requirement})`,
    async ({ driver, signal }) => {
      const place = { driver, at: urlOf(server) }
      const serving = await startLoadProcess({ place, key: keys.jwk, secret: keys.secret, storeTimeout })
      try {
        const families = await rotatingFamilies(serving)
        const load = steadyLoad(serving.port, perSecond, mostAtOnce, await everyday(serving.port, perSecond))
        await sleep(around)
        await families.midway()
        const began = performance.now()
        server.signal(signal)
        await sleep(atLength ? 1_000 : 300)
        const restarted = server.restart()
        if (requirement === 'R5') await firstPong(server)
        else await restarted
        const serves = performance.now()
        await restarted
        const isBack = (): boolean =>
          load.outcomes
            .filter(({ sentAt }) => sentAt > serves)
            .slice(-inARow)
            .filter(({ verdict }) => verdict === 'right').length === inARow
        await expect.poll(isBack, { timeout: patience, interval: 20 }).toBe(true)
        const back = performance.now()
        await sleep(around)
        const rounds = await families.stop()
        const outcomes = await load.stop()

        const before = outcomes.filter(({ answeredAt }) => answeredAt < began)
        const after = outcomes.filter(({ sentAt }) => sentAt > back)
        const refused = outcomes.filter(({ verdict }) => verdict === 'unavailable')
        const [baseline, again] = [percentile(before, 0.99), percentile(after, 0.99)]
        const last = refused.reduce((latest, { answeredAt }) => Math.max(latest, answeredAt), serves)
        console.log(
          JSON.stringify({
            ...{ requirement, store: name, driver, signal, perSecond, requests: outcomes.length, rounds },
            ...{ refused: refused.length, downMs: rounded(serves - began), lastRefusalAfterMs: rounded(last - serves) },
            ...{ p99BeforeMs: baseline, p99AfterMs: again, ratio: Math.round((again / baseline) * 100) / 100 },
          }),
        )
        expect(wrongs(outcomes)).toEqual([])
        expect([before, after].map((some) => some.filter(({ verdict }) => verdict !== 'right').length)).toEqual([0, 0])
        expect([before.length > 0, after.length > 0]).toEqual([true, true])
        expect(await whatWasLost(serving.port, outcomes)).toEqual([])
        expect(rounds).toBeGreaterThan(1)
        expect(await families.faults(rounds)).toEqual([])
        expectOrderly(await serving.end())
      } finally {
        serving.kill()
      }
    },
    around * 2 + 90_000,
  )
})

async function firstPong({ port }: LocalServer): Promise<void> {
  for (let waited = 0; waited < patience; waited += 5) {
    if ((await command(port, 'PING').catch(String)).includes('PONG')) return
    await sleep(5)
  }
  throw new Error('it does not come back')
}

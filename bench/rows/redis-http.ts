/**
 * What recognising a client adds to the CPU time of an HTTP request where its session is in Redis, and where the
 * near-cache in front of it has it.
 * @module
 */
import { type RowFacts, type RowSource, rowOf } from '../harness/row.ts'
import { constant } from '../harness/stats.ts'
import { addedCosts, type HttpContender } from './added-cost.ts'
import { redisRows } from './local-redis.ts'

const names = {
  redis: 'Handstamp',
  redisBatch: 'Handstamp, batch',
  redisIo: 'Handstamp over ioredis',
  redisIoAlone: 'Handstamp over ioredis, batch: false',
  redisIoPipelined: 'Handstamp over ioredis, batch: false, enableAutoPipelining',
  redisCached: 'Handstamp, near-cache',
  redisGet: 'raw GET',
  redisExpress: 'express-session + connect-redis',
  redisBetterAuth: 'better-auth',
  iron: 'iron-session',
  fastJwt: 'fast-jwt, cached',
  jose: 'jose',
} as const

const group = 'CPU added to an HTTP request'
const inRedis: RowFacts = {
  name: 'HTTP, session in Redis',
  group,
  base: 'budget of 16 µs',
  subject: names.redis,
  goal: 1,
  unit: 'µs',
}
const inCache: RowFacts = {
  name: 'HTTP, session in the near-cache',
  group,
  base: 'budget of 6 µs',
  subject: names.redisCached,
  goal: 1,
  unit: 'µs',
}
const drivers: RowFacts = {
  name: 'HTTP, session in Redis, ioredis in batches',
  group,
  base: names.redisIoAlone,
  subject: names.redisIo,
  unit: 'µs',
}

const peers: readonly string[] = [
  ...[names.redisGet, names.redisExpress, names.redisBetterAuth, names.iron, names.fastJwt, names.jose],
]
const ofDrivers: readonly string[] = [
  ...[names.redis, names.redisBatch, names.redisIo, names.redisIoAlone, names.redisIoPipelined],
]

/** They take as long for one request as others for ten. */
const slow = new Set<string>([names.redisBetterAuth, names.iron, names.jose])

export const redisHttpRows: RowSource = redisRows([inRedis, inCache, drivers], async ([port = 0], pace) => {
  const contenders: readonly HttpContender[] = Object.entries(names).map(([kind, name]) => ({
    kind,
    name,
    args: [String(port)],
    ...(slow.has(name) ? { warm: 6_000 } : {}),
  }))
  const series = await addedCosts(contenders, pace)
  const rounds = series[0]?.rounds.length ?? 0
  const of = (...wanted: readonly string[]) => series.filter(({ name }) => wanted.includes(name))
  return [
    rowOf(inRedis, [constant(inRedis.base, 16, rounds), ...of(inRedis.subject, ...peers)]),
    rowOf(inCache, [constant(inCache.base, 6, rounds), ...of(inCache.subject, ...peers)]),
    rowOf(drivers, of(...ofDrivers)),
  ]
})

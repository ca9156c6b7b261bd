import { beforeEach, describe, expect, test } from 'vitest'
import { type Config, configOf, times } from './config.ts'
import * as ask from './operations.ts'
import { idOf, keyOf, readToken, successorOf, writeToken } from './reference.ts'
import { createRunner, type Runner } from './runner.ts'
import { numbers, pick } from './tape.ts'
import { createWatch } from './watch.ts'
import { createWorld, type Outcome, type World } from './world.ts'

/** Servers, a browser that is signed in, and operations that run from start to end at once. */
async function open(config: Config): Promise<Bench> {
  const world = createWorld(config)
  const runner: Runner = createRunner(world, createWatch(world), {}, { ended: () => {}, wrote: () => {} })
  async function run(at: number, work: (at: number) => Promise<Outcome>, presented?: string): Promise<Outcome> {
    const facts = presented === undefined ? {} : { presented }
    const operation = await runner.begin(presented === undefined ? 'signIn' : 'refresh', at, () => work(at), facts)
    operation.provenAt = 0
    await runner.complete()
    return operation.outcome ?? { is: 'refused', reason: 'no answer' }
  }
  return {
    world,
    async signIn() {
      const [browser] = world.browsers
      const outcome = await run(0, () => ask.signInProven(world, pick(world.servers, 0), browser as never))
      return refreshOf(outcome)
    },
    refresh: (at, refresh) => run(at, () => ask.refresh(world, pick(world.servers, at), { refresh }), refresh),
  }
}

interface Bench {
  readonly world: World
  signIn(): Promise<string>
  /** A refresh on one of the servers. */
  refresh(at: number, token: string): Promise<Outcome>
}

function refreshOf(outcome: Outcome): string {
  return outcome.is === 'granted' && outcome.grant.refresh !== undefined ? outcome.grant.refresh : `none: ${outcome.is}`
}

function resultOf(outcome: Outcome): string {
  return outcome.is === 'refused' ? outcome.reason : outcome.is
}

const alone: Config = {
  ...configOf(1),
  strategy: 'hybrid',
  transport: 'bearer',
  shared: false,
  skews: [0],
  storeSkew: 0,
  grace: 10_000,
}
const together: Config = { ...alone, shared: true, skews: [0, 30_000, 15_000] }

let next = numbers(1)
beforeEach(() => {
  next = numbers(1)
})

describe('R10: a lost answer signs nobody out', () => {
  test.each([
    ['one server', alone],
    ['three servers, 30 seconds apart', together],
  ])('1,000 answers lost after the rotation, %s', async (_name, config) => {
    const results = new Map<string, number>()
    const successors = new Set<string>()
    for (let at = 0; at < 1_000; at += 1) {
      const { world, signIn, refresh } = await open({ ...config, seed: at })
      const token = await signIn()
      world.advance(1 + (next() % times.access))
      const lost = await refresh(next(), token)
      world.advance(next() % (config.grace + 1))
      const repeated = await refresh(next(), token)
      if (refreshOf(repeated) !== refreshOf(lost)) results.set('forked', 1)
      successors.add(refreshOf(repeated))
      results.set(resultOf(repeated), (results.get(resultOf(repeated)) ?? 0) + 1)
      await world.close()
    }
    expect(Object.fromEntries(results)).toEqual({ granted: 1_000 })
    expect(successors.size).toBe(1_000)
  })
})

describe('R11: two honest tabs are no theft', () => {
  test.each([
    ['one server', alone],
    ['three servers, 30 seconds apart', together],
  ])('5,000 sessions of two tabs, up to 3 seconds apart, %s', async (_name, config) => {
    const results = new Map<string, number>()
    let events = 0
    for (let block = 0; block < 100; block += 1) {
      const { world, signIn, refresh } = await open({ ...config, seed: block })
      for (let session = 0; session < 50; session += 1) {
        let kept = await signIn()
        for (let round = 0; round < 2; round += 1) {
          world.advance(times.access - (next() % 30_000))
          // The second tab sends what is kept when its own timer fires: the old token, or what the first one was given.
          const first = await refresh(next(), kept)
          const answered = next() % 2 === 0
          world.advance(next() % 3_001)
          const second = await refresh(next(), answered ? refreshOf(first) : kept)
          for (const outcome of [first, second])
            results.set(resultOf(outcome), (results.get(resultOf(outcome)) ?? 0) + 1)
          kept = refreshOf(second)
        }
      }
      events += world.events.filter(({ type }) => type === 'refresh.reuse').length
      await world.close()
    }
    expect(Object.fromEntries(results)).toEqual({ granted: 20_000 })
    expect(events).toBe(0)
  })
})

describe('the edges of the grace, by the clock of whoever answers', () => {
  const table: readonly (readonly [string, Config, number, number, string])[] = [
    // By how much is the second server ahead, and how long after the rotation is it asked?
    ['one server, at the grace', alone, 0, 10_000, 'granted'],
    ['one server, a millisecond later', alone, 0, 10_001, 'reused'],
    ['30 s ahead, at the grace', together, 1, 10_000, 'granted'],
    ['30 s ahead, a millisecond later', together, 1, 10_001, 'reused'],
    ['the same clock, where others may differ', together, 0, 40_000, 'granted'],
    ['the same clock, a millisecond later', together, 0, 40_001, 'reused'],
    ['31 s ahead, which was not promised', { ...together, skews: [0, 31_000] }, 1, 10_000, 'reused'],
    ['60 s behind', { ...together, skews: [0, -60_000] }, 1, 100_000, 'granted'],
  ]
  test.each(table)('%s', async (_name, config, server, after, result) => {
    const { world, signIn, refresh } = await open(config)
    const token = await signIn()
    await refresh(0, token)
    world.advance(after)
    expect(resultOf(await refresh(server, token))).toBe(result)
    await world.close()
  })

  test('a replay extends nothing, and the live token ends with the family', async () => {
    const { world, signIn, refresh } = await open(alone)
    const spent = await signIn()
    const live = refreshOf(await refresh(0, spent))
    for (const wait of [4_000, 4_000, 2_000]) {
      world.advance(wait)
      expect(refreshOf(await refresh(0, spent))).toBe(live)
    }
    world.advance(1)
    expect(resultOf(await refresh(0, spent))).toBe('reused')
    expect(resultOf(await refresh(0, live))).toBe('unknown')
    expect(world.events.filter(({ type }) => type === 'refresh.reuse')).toHaveLength(1)
    await world.close()
  })

  test('what nobody is promised: told that it is live as the grace ends, rotated by a closed tab a moment later', async () => {
    const { world, signIn, refresh } = await open(alone)
    const kept = refreshOf(await refresh(0, await signIn()))
    world.advance(10_000)
    expect(refreshOf(await refresh(0, kept))).toBe(kept)
    world.advance(1)
    const unseen = refreshOf(await refresh(0, kept))
    expect(unseen).not.toBe(kept)
    // Within the grace it heals; a tab that learns nothing of it and comes back later looks like a thief.
    world.advance(10_000)
    expect(refreshOf(await refresh(0, kept))).toBe(unseen)
    world.advance(1)
    expect(resultOf(await refresh(0, kept))).toBe('reused')
    await world.close()
  })

  test('E9: thief first or victim first, both end', async () => {
    for (const order of ['thief', 'victim']) {
      const { world, signIn, refresh } = await open(alone)
      const stolen = await signIn()
      const early = refreshOf(await refresh(0, stolen))
      world.advance(60_000)
      // Whoever comes second presents what is spent; the other's is dead from then on.
      expect(resultOf(await refresh(0, stolen)), order).toBe('reused')
      expect(resultOf(await refresh(0, early)), order).toBe('unknown')
      await world.close()
    }
  })
})

describe('I8: what the store gives away, and what more it takes', () => {
  /** A family with one rotation, seen by somebody who has read the store. */
  async function dump(): Promise<{ bench: Bench; spent: string; live: string; salt: string; kid: string }> {
    const bench = await open(alone)
    const spent = await bench.signIn()
    bench.world.advance(60_000)
    const live = refreshOf(await bench.refresh(0, spent))
    const found = await bench.world.raw.find(idOf(readToken(spent)))
    return { bench, spent, live, salt: found?.record.rotation?.salt ?? '', kid: found?.record.rotation?.kid ?? '' }
  }

  test('a spent token, the key and the store make the live token, which is said openly', async () => {
    const { bench, spent, live, salt, kid } = await dump()
    const key = bench.world.servers[0]?.keys.get(kid)
    expect(key && writeToken(successorOf(readToken(spent), key, salt))).toBe(live)
    await bench.world.close()
  })

  test.each([
    [
      'without the key',
      async (spent: string, salt: string) =>
        successorOf(readToken(spent), keyOf('another secret of 32 bytes or more').key, salt),
    ],
    [
      'without the salt',
      async (spent: string, _salt: string, key: Buffer) =>
        successorOf(readToken(spent), key, Buffer.alloc(32).toString('base64url')),
    ],
    [
      'without the spent secret',
      async (spent: string, salt: string, key: Buffer) =>
        successorOf({ ...readToken(spent), secret: Buffer.alloc(32) }, key, salt),
    ],
  ])('%s nothing comes of it, and the family lives on', async (_name, forge) => {
    const { bench, spent, live, salt, kid } = await dump()
    const forged = await forge(spent, salt, bench.world.servers[0]?.keys.get(kid) as Buffer)
    expect(resultOf(await bench.refresh(0, writeToken(forged)))).toBe('unknown')
    expect(refreshOf(await bench.refresh(0, live))).toBe(live)
    await bench.world.close()
  })

  test('nothing that was handed out stands in the store', async () => {
    const { bench, spent, live } = await dump()
    const handle = idOf(readToken(live)).slice(0, 16)
    const text = JSON.stringify(await bench.world.raw.listByUser(handle))
    for (const { family, secret } of [readToken(spent), readToken(live)]) {
      for (const bytes of [family, secret]) {
        for (const encoding of ['base64url', 'base64', 'hex'] as const)
          expect(text).not.toContain(bytes.toString(encoding))
      }
    }
    await bench.world.close()
  })
})

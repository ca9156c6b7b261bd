import { memoryFeed } from '@handstamp/server'
import { describe, expect, test } from 'vitest'
import type { Configuration, Servers } from '../configuration.ts'
import { createFeedLog } from '../feed-log.ts'
import { keysOf } from '../keys.ts'
import type { Answered } from '../page/servers-run.ts'
import { tellRun } from '../page/servers-story.ts'

const servers: Servers = { nodes: 2, balance: 'round-robin', cache: undefined, feed: 'none', shared: false }

function story(answers: readonly (readonly [node: string, status: number])[], given: object = {}, more: object = {}) {
  const configuration = { strategy: 'session', store: 'memory', servers: { ...servers, ...given }, ...more }
  const told = answers.map(([node, status], index): Answered => ({ turn: index + 1, node, status, commands: ['find'] }))
  return tellRun(told, configuration as unknown as Configuration)
}

const [one, other] = [['node-1', 200] as const, ['node-2', 200] as const]
const lost = ['node-2', 401] as const

describe('a run in words', () => {
  test('by turns: who knows the session, who does not, and what cures it', () => {
    const { good, sum, why, cost } = story([one, lost, one, lost])
    expect([good, sum, cost]).toEqual([false, 'Let in 2 of 4 times.', 'Commands to the store: 4 × find.'])
    expect(why).toMatch(/^node-1 made the session.*node-2 never heard of it.*sticky.*store.*token/)
  })

  test.each<[string, RegExp, object, object]>([
    ['shared', /finds the session in redis/, { shared: true }, { store: 'redis' }],
    ['token', /verifies the token/, {}, { strategy: 'token' }],
    ['hybrid alone', /a refresh that meets another one fails/, {}, { strategy: 'hybrid' }],
    ['hybrid with a store', /does not matter who answers\.$/, { shared: true }, { strategy: 'hybrid' }],
    ['a token with a feed', /the feed tells/, { shared: true, feed: 'redis' }, { strategy: 'token+store' }],
  ])('all let in: %s', (_, why, given, more) => {
    const told = story([one, other], given, more)
    expect(told).toMatchObject({ good: true, why: expect.stringMatching(why) })
  })

  test('sticky, one node, nobody, and no answer at all', () => {
    expect(story([other, other], { balance: 'sticky' }).why).toMatch(/cookie of the balancer.*node-2/)
    expect(story([one, one], { nodes: 1 }).why).toMatch(/^One node/)
    expect(story([lost, lost])).toMatchObject({ good: false, sum: 'Let in 0 of 2 times.' })
    expect(story([['node-1', 503]]).why).toContain('503')
    expect(story([]).why).toContain('cannot be reached')
  })
})

test('every node derives the same keys from one seed, and others after a switch', async () => {
  const seed = new Uint8Array(32).fill(7)
  const publicKeys = (from: Uint8Array, switches: number) =>
    JSON.stringify(keysOf(from, switches).ring.jwks(Date.now(), 0))
  expect(publicKeys(seed, 0)).toBe(publicKeys(seed, 0))
  expect(keysOf(seed, 1).secrets).toEqual(keysOf(seed, 1).secrets)
  expect(publicKeys(seed, 0)).not.toBe(publicKeys(seed, 1))
  expect(publicKeys(seed, 0)).not.toBe(publicKeys(new Uint8Array(32).fill(8), 0))
})

test('the feed’s log tells who told, who heard, and what was there before', async () => {
  const shared = memoryFeed()
  const [first, second] = [createFeedLog('node-1'), createFeedLog('node-2')]
  const [one_, other_] = [first.watch(shared), second.watch(shared)]
  const until = Date.now() + 60_000
  const { cursor } = await one_.snapshot()
  await one_.append({ kind: 'key', kid: 'k', until })
  expect(second.view()).toEqual({ node: 'node-2', follows: false, told: [], heard: [] })
  await one_.read(cursor, { waitMs: 0, limit: 10 })
  await other_.snapshot()
  expect(first.view()).toMatchObject({ follows: true, told: [{ key: 'key k 0' }], heard: [{ about: 'k' }] })
  expect(first.view().heard[0]).not.toHaveProperty('before')
  expect(second.view()).toMatchObject({ follows: true, told: [], heard: [{ key: 'key k 0', before: true }] })

  first.watch(memoryFeed())
  expect(first.view()).toEqual({ node: 'node-1', follows: false, told: [], heard: [] })
})

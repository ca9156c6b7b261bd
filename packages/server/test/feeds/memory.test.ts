import { sessionIdOf } from '@handstamp/core/credential'
import { userHandle } from '@handstamp/core/secret'
import { expect, test } from 'vitest'
import type { Fact } from '../../src/feeds/feed.ts'
import { memoryFeed } from '../../src/feeds/memory.ts'
import { fakeClock } from '../../src/testing/index.ts'

const id = sessionIdOf(userHandle('ada'), new Uint8Array(32))
const clock = fakeClock()
const fact = (lives = 60_000): Fact => ({ kind: 'session', id, until: clock() + lives })

test('what was appended is read in order, from any place on', async () => {
  const feed = memoryFeed({ clock })
  const { cursor: start } = await feed.snapshot()
  const facts = [fact(), fact(1_000), fact(2_000)]
  for (const one of facts) await feed.append(one)
  const first = await feed.read(start, { waitMs: 0, limit: 2 })
  if (first === 'gap') throw new Error('gap')
  expect(first.facts).toEqual(facts.slice(0, 2))
  expect(await feed.read(first.cursor, { waitMs: 0, limit: 2 })).toMatchObject({ facts: facts.slice(2) })
})

test('a read waits for the next one', async () => {
  const feed = memoryFeed({ clock })
  const { cursor } = await feed.snapshot()
  const waiting = feed.read(cursor, { waitMs: 60_000, limit: 10 })
  await feed.append(fact())
  expect(await waiting).toMatchObject({ facts: [fact()] })
})

test.each([
  ['of another feed', async () => (await memoryFeed().snapshot()).cursor],
  ['of nobody', () => 'nonsense'],
  ['of nothing', () => ''],
])('a cursor %s is a gap', async (_, cursor) => {
  expect(await memoryFeed({ clock }).read(await cursor(), { waitMs: 0, limit: 1 })).toBe('gap')
})

test('who was away until facts were dropped learns of the gap, and the snapshot has all that matter', async () => {
  const feed = memoryFeed({ clock })
  const { cursor } = await feed.snapshot()
  for (let at = 0; at < 200; at += 1) await feed.append(fact(1_000))
  clock.advance('2s')
  await feed.append(fact())
  await feed.append(fact())
  expect(await feed.read(cursor, { waitMs: 0, limit: 10 })).toBe('gap')
  expect((await feed.snapshot()).facts).toEqual([fact(), fact()])
})

test('what is past goes also from behind a fact that matters long, and who read it sees no gap', async () => {
  const feed = memoryFeed({ clock })
  const start = await feed.append(fact(3_600_000))
  let cursor = start
  let refused = 0
  for (let round = 0; round < 10; round += 1) {
    for (let at = 0; at < 200; at += 1) await feed.append(fact(1_000))
    clock.advance('2s')
    const answer = await feed.read(cursor, { waitMs: 0, limit: 1_000 })
    if (answer === 'gap') throw new Error('gap')
    expect(answer.facts.length).toBe(200)
    cursor = answer.cursor
    if ((await feed.read(start, { waitMs: 0, limit: 10_000 })) === 'gap') refused += 1
  }
  expect(refused).toBe(9)
  expect((await feed.snapshot()).facts).toHaveLength(1)
  const place = await feed.append(fact())
  expect(await feed.read(cursor, { waitMs: 0, limit: 10 })).toEqual({ facts: [fact()], cursor: place })
})

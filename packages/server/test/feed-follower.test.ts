import { sessionIdOf } from '@handstamp/core/credential'
import { userHandle } from '@handstamp/core/secret'
import { expect, test } from 'vitest'
import { createFollower } from '../src/feed-follower.ts'
import type { ChangeFeed, Fact } from '../src/feeds/feed.ts'
import { memoryFeed } from '../src/feeds/memory.ts'
import { fakeClock } from '../src/testing/index.ts'

const clock = fakeClock()
const id = sessionIdOf(userHandle('ada'), new Uint8Array(32))
const fact: Fact = { kind: 'session', id, until: clock() + 60_000 }

/** A listener that writes down what it hears. */
function notebook() {
  const heard: (Fact | 'gap')[] = []
  return { heard, listener: { fact: (one: Fact) => heard.push(one), gap: () => heard.push('gap') } }
}

const never = () => new Promise<void>(() => {})

test('a listener hears first what was appended before it came, then what comes', async () => {
  const feed = memoryFeed({ clock })
  await feed.append(fact)
  const follower = createFollower(feed)
  const { heard, listener } = notebook()
  const stop = follower.subscribe(listener)
  expect(await follower.isCurrent(5_000)).toBe(true)
  expect(heard).toEqual(['gap', fact])
  const later: Fact = { ...fact, until: fact.until + 1 }
  await feed.append(later)
  await expect.poll(() => heard.at(-1)).toEqual(later)
  stop()
})

test('the proof counts from when the read was sent', async () => {
  const feed = memoryFeed({ clock })
  let now = 0
  const slow: ChangeFeed = {
    ...feed,
    async snapshot() {
      const answer = await feed.snapshot()
      now += 4_000
      return answer
    },
    read: () => new Promise(() => {}),
  }
  const follower = createFollower(slow, { monotonic: () => now, wait: never })
  const stop = follower.subscribe(notebook().listener)
  await expect.poll(() => follower.provenAt).toBe(0)
  expect(follower.isCurrent(5_000)).toBe(true)
  now += 1_000
  expect(follower.isCurrent(5_000)).toBeInstanceOf(Promise)
  stop()
})

test('nothing is proven before the first answer, after a gap, or by a feed that fails', async () => {
  let answer: () => Promise<never> = () => Promise.reject(new Error('down'))
  const follower = createFollower({ append: never, read: () => answer(), snapshot: () => answer() } as never, {
    wait: () => Promise.resolve(),
  })
  expect(follower.provenAt).toBe(Number.NEGATIVE_INFINITY)
  const stop = follower.subscribe(notebook().listener)
  expect(await follower.isCurrent(5_000)).toBe(false)
  stop()
  answer = () => new Promise(() => {})
  expect(
    await createFollower({ append: never, read: answer, snapshot: answer } as never, {
      wait: async () => {},
    }).isCurrent(5_000),
  ).toBe(false)
})

test('a gap tells everybody, and the snapshot after it everything', async () => {
  const feed = memoryFeed({ clock })
  let gap = false
  const follower = createFollower({
    ...feed,
    async read(after, options) {
      if (!gap) return feed.read(after, options)
      gap = false
      return 'gap'
    },
  })
  const { heard, listener } = notebook()
  const stop = follower.subscribe(listener)
  await follower.isCurrent(5_000)
  gap = true
  await feed.append(fact)
  await expect.poll(() => heard).toEqual(['gap', fact, 'gap', fact])
  stop()
})

test.each([
  ['until it is past', { until: clock() + 90_000 }, 90_000],
  ['for a minute at least', { until: clock() + 1 }, 60_000],
  ['for an hour at most', { until: Number.MAX_SAFE_INTEGER }, 3_600_000],
])(
  'what a newer version wrote makes everybody forget what they kept, and proves nothing %s',
  async (_, how, matters) => {
    let now = 0
    const feed = memoryFeed({ clock })
    await feed.append({ kind: 'device', id, ...how } as never)
    const follower = createFollower(feed, { monotonic: () => now, clock })
    const { heard, listener } = notebook()
    const stop = follower.subscribe(listener)
    expect(await follower.isCurrent(5_000)).toBe(false)
    expect(heard).toEqual(['gap', 'gap'])
    now = matters - 1
    expect([follower.isCurrent(5_000), follower.provenAt]).toEqual([false, Number.NEGATIVE_INFINITY])
    now = matters
    expect(await follower.isCurrent(5_000)).toBe(true)
    stop()
  },
)

test('more than one answer holds proves nothing until the last of them', async () => {
  const feed = memoryFeed({ clock })
  const follower = createFollower(feed)
  const { heard, listener } = notebook()
  const stop = follower.subscribe(listener)
  await follower.isCurrent(5_000)
  for (let at = 0; at < 2_500; at += 1) await feed.append(fact)
  await expect.poll(() => heard.length).toBe(2_501)
  stop()
})

test.each([
  ['there is more', { facts: [fact], cursor: '1', more: true }, 0],
  ['there is none', { facts: Array.from({ length: 1_000 }, () => fact), cursor: '1', more: false }, 1_000],
])('a feed that says that %s is believed, however many facts it gives', async (_, answer, provenAt) => {
  let now = 0
  let reads = 0
  const follower = createFollower(
    {
      async snapshot() {
        now = 1_000
        return { facts: [], cursor: '0' }
      },
      async read() {
        reads += 1
        return reads === 1 ? answer : new Promise(() => {})
      },
    } as never,
    { monotonic: () => now, wait: never },
  )
  const stop = follower.subscribe(notebook().listener)
  await expect.poll(() => reads).toBe(2)
  expect(follower.provenAt).toBe(provenAt)
  stop()
})

test('who asks is answered within two seconds, also where the log has no end', async () => {
  const deadlines: (() => void)[] = []
  let reads = 0
  const follower = createFollower(
    {
      append: never,
      snapshot: async () => ({ facts: [], cursor: '0' }),
      async read() {
        reads += 1
        await new Promise((resolve) => setTimeout(resolve, 1))
        return { facts: Array.from({ length: 1_000 }, () => fact), cursor: String(reads) }
      },
    } as never,
    { wait: (ms) => new Promise((end) => void (ms === 2_000 && deadlines.push(end))) },
  )
  const stop = follower.subscribe(notebook().listener)
  await expect.poll(() => reads).toBeGreaterThan(1)
  const asked = follower.isCurrent(0)
  await expect.poll(() => reads).toBeGreaterThan(5)
  for (const end of deadlines) end()
  expect(await asked).toBe(false)
  stop()
})

import { sessionIdOf } from '@handstamp/core/credential'
import type { AccessClaims } from '@handstamp/core/jwt/claims'
import { userHandle } from '@handstamp/core/secret'
import { expect, test } from 'vitest'
import { openChanges } from '../src/changes.ts'
import { memoryFeed } from '../src/feeds/memory.ts'
import { fakeClock } from '../src/testing/index.ts'

const idOf = (at: number) => sessionIdOf(userHandle('ada'), new Uint8Array(32).fill(at))
const claims = { sid: idOf(0), hs: { e: 1 } } as AccessClaims

test('what has ended stays so, however the clock is set', async () => {
  const clock = fakeClock()
  let now = 0
  const feed = memoryFeed({ clock })
  const changes = openChanges(feed, { clock, maxStaleness: 5_000, monotonic: () => now })
  await feed.append({ kind: 'session', id: idOf(0), until: clock() + 60_000 })
  expect(await changes.judge(claims)).toBe('revoked')
  clock.advance('1h')
  for (let at = 1; at <= 2_000; at += 1) await feed.append({ kind: 'key', kid: String(at), until: clock() + 60_000 })
  await expect.poll(() => changes.trusts('2000')).toBe(false)
  clock.advance(-3_600_000)
  expect(await changes.judge(claims)).toBe('revoked')
  now += 60_000
  expect(await changes.judge(claims)).toBe('good')
  changes.close()
})

test('a gap asks after those who watch a few at a time, and after each', async () => {
  const feed = memoryFeed()
  let gap = false
  const changes = openChanges(
    {
      ...feed,
      async read(after, options) {
        if (!gap) return feed.read(after, { ...options, waitMs: Math.min(options.waitMs, 10) })
        gap = false
        return 'gap'
      },
    },
    { clock: Date.now, maxStaleness: 5_000 },
  )
  let [waiting, most] = [0, 0]
  const asked = new Set<string>()
  for (let at = 0; at < 10_000; at += 1) {
    const id = sessionIdOf(userHandle(String(at)), new Uint8Array(32))
    changes.watch(id, {
      changed() {},
      ended() {},
      async doubt() {
        waiting += 1
        most = Math.max(most, waiting)
        await undefined
        waiting -= 1
        asked.add(id)
      },
    })
  }
  await changes.isCurrent()
  asked.clear()
  gap = true
  await expect.poll(() => asked.size).toBe(10_000)
  expect(most).toBeLessThanOrEqual(50)
  expect(most).toBeGreaterThan(10)
  changes.close()
})

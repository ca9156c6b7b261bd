import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Weighed } from './memory-heap-child.ts'

const megabyte = 2 ** 20
/** Sessions that are made and expire; more by HANDSTAMP_MEMORY. */
const sessions = Number(process.env.HANDSTAMP_MEMORY ?? 50_000)
/** Among the bytes that may stay are the epochs of the last ten thousand users; a tenth of the sessions would be more. */
const mayStay = Math.min(20 * megabyte, 4 * megabyte + sessions * 16)

/** Resident memory is printed alone: the engine gives it back when it likes, after a bare Map as well. */
test(`${sessions} sessions that expired leave the heap as it was (R12)`, { timeout: 300_000 }, async () => {
  const child = fork(join(import.meta.dirname, 'memory-heap-child.ts'), [String(sessions)], {
    execArgv: ['--conditions=handstamp-source', '--expose-gc', '--max-old-space-size=6144'],
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  const [weighed] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => expect.fail(`it ended with ${code}`)),
  ]).finally(() => child.kill())) as [Weighed]
  const { heapAtStart, heapWhenFull, heapAtEnd, swept, ...rss } = weighed
  const stayed = heapAtEnd - heapAtStart
  const megabytes = Object.entries({ stayed, ...rss }).map(([name, bytes]) => [name, Math.round(bytes / megabyte)])
  const bytesEach = Math.round((heapWhenFull - heapAtStart) / sessions)
  console.log(JSON.stringify({ requirement: 'R12', sessions, bytesEach, megabytes: Object.fromEntries(megabytes) }))
  expect(swept).toBe(sessions)
  expect(bytesEach).toBeGreaterThan(100)
  expect(stayed).toBeLessThan(mayStay)
})

import { afterEach, expect, test, vi } from 'vitest'
import { type PostgresListeningClient, wakeUps } from '../../src/feeds/postgres/wake-ups.ts'

vi.useFakeTimers()
afterEach(() => vi.clearAllTimers())

test('one attempt at a time to connect, and what it opened is released', async () => {
  const connecting: ((error: undefined, client: PostgresListeningClient) => void)[] = []
  let released = 0
  const client: PostgresListeningClient = {
    query: async () => ({ rows: [], rowCount: 0 }),
    release() {
      released += 1
    },
    on: () => {},
  }
  const woken = wakeUps({ connect: (onClient) => void connecting.push(onClient) }, 'feed')
  const wait = async () => {
    const next = woken.next(woken.count(), 5_000)
    await vi.advanceTimersByTimeAsync(1_100)
    await next
  }
  for (let at = 0; at < 4; at += 1) await wait()
  expect(connecting).toHaveLength(1)
  connecting[0]?.(undefined, client)
  await vi.advanceTimersByTimeAsync(0)
  woken.close()
  expect(released).toBe(1)
})

test('an attempt that failed is made anew', async () => {
  let attempts = 0
  const woken = wakeUps({ connect: (onClient) => onClient(new Error(`attempt ${++attempts}`), undefined) }, 'feed')
  for (let at = 0; at < 10; at += 1) {
    const next = woken.next(woken.count(), 5_000)
    await vi.advanceTimersByTimeAsync(250)
    await next
  }
  expect(attempts).toBe(3)
})

test('a connection that breaks as it is lent out is released, and opened anew', async () => {
  let [attempts, released] = [0, 0]
  const woken = wakeUps(
    {
      connect(onClient) {
        attempts += 1
        const breaks: (() => void)[] = []
        onClient(undefined, {
          query: async () => ({ rows: [], rowCount: 0 }),
          release() {
            released += 1
          },
          on: (event, listener) => event === 'error' && breaks.push(listener),
        })
        // In the same breath: without a listener it would end the process.
        expect(breaks).toHaveLength(1)
        for (const listener of breaks) listener()
      },
    },
    'feed',
  )
  for (let at = 0; at < 8; at += 1) {
    const next = woken.next(woken.count(), 5_000)
    await vi.advanceTimersByTimeAsync(250)
    await next
  }
  expect([attempts, released]).toEqual([2, 2])
})

test('who goes on reading after the end waits between two looks', async () => {
  const woken = wakeUps(undefined, 'feed')
  woken.close()
  let isOver = false
  void woken.next(woken.count(), 5_000).then(() => {
    isOver = true
  })
  await vi.advanceTimersByTimeAsync(249)
  expect(isOver).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  expect(isOver).toBe(true)
})

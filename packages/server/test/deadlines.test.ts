import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { deadlines } from '../src/deadlines.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe.each([
  ['one timer for all', true],
  ['a timer for each', false],
])('deadlines by %s', (_name, shared) => {
  test('expire in order, each once, unless stopped', () => {
    const log: number[] = []
    const limits = deadlines(100, shared)
    const started = [0, 1, 2, 3, 4].map((n) => {
      vi.advanceTimersByTime(10)
      return limits.start(() => log.push(n))
    })
    for (const n of [0, 2, 4]) {
      const one = started[n]
      if (one) limits.stop(one)
    }
    vi.advanceTimersByTime(69)
    expect(log).toEqual([])
    vi.advanceTimersByTime(1)
    expect(log).toEqual([1])
    vi.advanceTimersByTime(20)
    expect(log).toEqual([1, 3])
    vi.advanceTimersByTime(1_000)
    expect(log).toEqual([1, 3])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('stopping twice, or after the end, is harmless', () => {
    const log: number[] = []
    const limits = deadlines(100, shared)
    const first = limits.start(() => log.push(1))
    const second = limits.start(() => log.push(2))
    limits.stop(first)
    limits.stop(first)
    vi.advanceTimersByTime(100)
    limits.stop(second)
    limits.start(() => log.push(3))
    vi.advanceTimersByTime(100)
    expect(log).toEqual([2, 3])
  })

  test('one that expires may start another', () => {
    const log: number[] = []
    const limits = deadlines(100, shared)
    limits.start(() => {
      log.push(1)
      limits.start(() => log.push(2))
    })
    vi.advanceTimersByTime(200)
    expect(log).toEqual([1, 2])
  })
})

import { expect, test } from 'vitest'
import { cached } from '../../src/stores/cached.ts'
import { epochAt } from '../../src/stores/store.ts'

test('a later time makes a later epoch, exact to the millisecond, up to the year 9999 and beyond', () => {
  const turn = Date.UTC(2200, 0, 1)
  const times = [
    0,
    Date.UTC(2026, 0, 1),
    turn - 1,
    turn,
    turn + 1,
    Date.UTC(2255, 5, 6),
    Date.UTC(9999, 11, 31),
    1.7e15,
  ]
  const epochs = times.flatMap((time) => [time, time + 1]).map(epochAt)
  expect(epochs.every(Number.isSafeInteger)).toBe(true)
  expect([...new Set(epochs)].toSorted((a, b) => a - b)).toEqual([...new Set(epochs)])
  expect(new Set(epochs).size).toBe(14)
})

test('until 2200 it is the time in microseconds', () => {
  expect(epochAt(Date.UTC(2026, 0, 1))).toBe(Date.UTC(2026, 0, 1) * 1000)
  expect(epochAt(1.5)).toBe(1_500)
  expect(epochAt(1.000_05)).toBe(1_000)
})

test('where no time can raise it, a sign-out everywhere still can', () => {
  const last = epochAt(Number.MAX_SAFE_INTEGER)
  expect(epochAt(Number.POSITIVE_INFINITY)).toBe(last)
  expect(Number.isSafeInteger(last + 1_000_000)).toBe(true)
})

test('what is no store is named, with what to write instead', () => {
  const redis = { duplicate() {} }
  expect(() => cached(redis as never)).toThrow('cached(store) has no method find(): write redisStore({ client })')
  expect(() => cached(undefined as never)).toThrow('cached(store) must be a session store')
  expect(() => cached({} as never)).toThrow('cached(store) has no method find(): see SessionStore')
})

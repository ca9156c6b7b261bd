import { describe, expect, test } from 'vitest'
import { systemClock } from '../src/clock.ts'
import { type Duration, parseDuration } from '../src/duration.ts'

describe('parseDuration', () => {
  test.each<[Duration, number]>([
    ['1ms', 1],
    ['90s', 90_000],
    ['15m', 900_000],
    ['24h', 86_400_000],
    ['90d', 7_776_000_000],
    ['36500d', 3_153_600_000_000],
    ['007s', 7_000],
    [900_000, 900_000],
    [1, 1],
  ])('%j is %i ms', (value, milliseconds) => {
    expect(parseDuration(value, 'lifetime')).toBe(milliseconds)
  })

  test.each<[unknown, new (message: string) => Error]>([
    ['', TypeError],
    ['15', TypeError],
    ['m', TypeError],
    ['15 m', TypeError],
    ['15M', TypeError],
    ['15min', TypeError],
    ['1.5h', TypeError],
    ['-1h', TypeError],
    ['+1h', TypeError],
    ['1e3s', TypeError],
    ['Infinitys', TypeError],
    ['15m\n', TypeError],
    ['٣m', TypeError],
    ['1h30m', TypeError],
    [Number.NaN, TypeError],
    [undefined, TypeError],
    [null, TypeError],
    [{ valueOf: () => 5 }, TypeError],
    [['15m'], TypeError],
    [0, RangeError],
    ['0s', RangeError],
    [-1, RangeError],
    [1.5, RangeError],
    [Number.POSITIVE_INFINITY, RangeError],
    ['36501d', RangeError],
    ['999999999999999d', RangeError],
  ])('%j is refused with the name of the option and a legal value', (value, type) => {
    const parse = (): number => parseDuration(value as Duration, 'accessLifetime')
    expect(parse).toThrow(type)
    expect(parse).toThrow(/^accessLifetime .*'15m'/)
  })

  test('a minimum of its own: no grace at all is a grace', () => {
    expect(parseDuration('0s', 'grace', 0)).toBe(0)
    expect(() => parseDuration('59s', 'window', 60_000)).toThrow(RangeError)
    expect(parseDuration('60s', 'window', 60_000)).toBe(60_000)
  })
})

test('the system clock is the present time in milliseconds', () => {
  const before = Date.now()
  expect(systemClock()).toBeGreaterThanOrEqual(before)
  expect(systemClock()).toBeLessThan(before + 60_000)
})

import { describe, expect, test } from 'vitest'
import { countFor } from '../harness/measure.ts'
import { constant, median, rotated, standings } from '../harness/stats.ts'

describe('median', () => {
  test('is the middle, whatever the order', () => {
    expect(median([9, 1, 5])).toBe(5)
    expect(median([4, 1, 3, 2])).toBe(2.5)
    expect(median([7])).toBe(7)
  })

  test('leaves its input as it was', () => {
    const values = [3, 1, 2]
    median(values)
    expect(values).toEqual([3, 1, 2])
  })

  test('of nothing there is none', () => {
    expect(() => median([])).toThrow(RangeError)
  })
})

describe('the order of a round', () => {
  test('puts each contender first once, and everybody runs in each', () => {
    const rounds = [0, 1, 2].map((round) => rotated(['a', 'b', 'c'], round))
    expect(rounds).toEqual([
      ['a', 'b', 'c'],
      ['b', 'c', 'a'],
      ['c', 'a', 'b'],
    ])
    expect(rotated(['a', 'b', 'c'], 3)).toEqual(rounds[0])
    expect(rotated([], 1)).toEqual([])
  })
})

describe('standings', () => {
  test('compare within a round, so a slow round counts for nobody', () => {
    const series = [
      { name: 'floor', rounds: [10, 100, 10] },
      { name: 'ours', rounds: [12, 120, 12] },
    ]
    expect(standings(series, 'floor')).toEqual([
      { name: 'floor', ratio: 1, best: 1, value: 10 },
      { name: 'ours', ratio: 1.2, best: 1.2, value: 12 },
    ])
  })

  test('compare best rounds apart, or what is said to be the best', () => {
    const floor = { name: 'floor', rounds: [10, 8] }
    expect(standings([floor, { name: 'ours', rounds: [12, 16] }], 'floor')[1]?.best).toBe(1.5)
    expect(standings([floor, { name: 'ours', rounds: [12, 16], best: 4 }], 'floor')[1]?.best).toBe(0.5)
  })

  test('take a budget as a base', () => {
    const ours = { name: 'ours', rounds: [9, 12, 15] }
    expect(standings([constant('budget', 6, 3), ours], 'budget')[1]).toMatchObject({ ratio: 2, best: 1.5 })
  })

  test('leave a round out whose base is nothing', () => {
    const series = [
      { name: 'floor', rounds: [0, 10] },
      { name: 'ours', rounds: [5, 20] },
    ]
    expect(standings(series, 'floor')[1]?.ratio).toBe(2)
  })

  test('want a base', () => {
    expect(() => standings([], 'floor')).toThrow(/floor/)
  })
})

test('a round is filled within its budget, and never with too few to count or too many to hold', () => {
  expect(countFor(10, { budget: 5_000 })).toBe(500)
  expect(countFor(10_000, { budget: 5_000 })).toBe(20)
  expect(countFor(0, { budget: 5_000, most: 3_000 })).toBe(3_000)
})

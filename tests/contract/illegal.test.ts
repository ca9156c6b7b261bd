import { describe, expect, test } from 'vitest'
import { refusalsOf } from './construct.ts'
import { combinations, illegal, legal, nameOf } from './subject.ts'

test('every combination is either legal or illegal', () => {
  expect([combinations.length, legal.length, illegal.length]).toEqual([60, 21, 39])
})

describe('what goes together is put together', () => {
  test.each(legal.map((combination) => [nameOf(combination), combination] as const))('%s', (_, combination) => {
    expect(refusalsOf(combination)).toEqual([])
  })
})

describe('what does not go together is refused at construction, with words', () => {
  test.each(illegal.map((combination) => [nameOf(combination), combination] as const))('%s', (_, combination) => {
    const refusals = refusalsOf(combination)
    expect(refusals.length).toBeGreaterThan(0)
    for (const { error } of refusals) {
      expect(error).toBeInstanceOf(TypeError)
      // What is wrong, and what goes with it.
      expect((error as TypeError).message).toMatch(/transport \w+.*\b(?:needs|write) \w+/)
    }
  })
})

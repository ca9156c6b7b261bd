import { expect, test } from 'vitest'
import { spreadMap } from '../src/spread-map.ts'

test('keys of any length and kind are told apart, and each can be changed and deleted', () => {
  const map = spreadMap<number>()
  const keys = ['', 'a', 'ab', 'ba', '\u{1f511}', '__proto__', 'x'.repeat(1_000), `${'x'.repeat(999)}y`]
  for (const [at, key] of keys.entries()) {
    expect([map.get(key), map.has(key)]).toEqual([undefined, false])
    map.set(key, -1)
    map.set(key, at)
  }
  expect(keys.map((key) => map.get(key))).toEqual([...keys.keys()])
  expect(map.delete('ab')).toBe(true)
  expect(map.delete('ab')).toBe(false)
  expect(keys.map((key) => map.has(key))).toEqual(keys.map((key) => key !== 'ab'))
})

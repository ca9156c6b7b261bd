import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { areas, attacksOf } from './attacks.ts'
import { reliability } from './reliability.ts'
import { requirements } from './requirements.ts'

const filed = (await Promise.all(areas.map(attacksOf))).flat()
const root = join(import.meta.dirname, '../..')

test.each(Object.entries(requirements))('%s is shown by an attack, by another test, or not offered', (name, wanted) => {
  const attacks = filed.filter(({ attack }) => (attack.shows as readonly string[]).includes(name))
  for (const [file, title] of wanted.elsewhere ?? []) expect(readFileSync(join(root, file), 'utf8')).toContain(title)
  const shown = attacks.length + (wanted.elsewhere?.length ?? 0)
  expect(shown > 0).toBe(wanted.absent === undefined)
})

test.each(Object.entries(reliability))('%s is shown by tests that are there, or said to be open', (_, goal) => {
  const { asks, shown, open } = goal
  expect(asks.split(' ').length).toBeLessThanOrEqual(15)
  for (const [file, words] of shown) expect(readFileSync(join(root, file), 'utf8')).toContain(words)
  expect(shown.length > 0 || open !== undefined).toBe(true)
})

test('the goals of reliability are numbered without a gap', () => {
  expect(Object.keys(reliability)).toEqual(Array.from({ length: 24 }, (_, at) => `R${at + 1}`))
})

test('every attack says what it would have cost in one sentence, under names of its own', () => {
  const names = filed.flatMap(({ attack }) => attack.ids)
  expect(names).toEqual([...new Set(names)])
  for (const { file, attack } of filed)
    expect([file, attack.cost]).toEqual([file, expect.stringMatching(/^[A-Z].+[^.]\.$/)])
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { areas, attacksOf } from './attacks.ts'
import { requirements } from './requirements.ts'

const filed = (await Promise.all(areas.map(attacksOf))).flat()
const root = join(import.meta.dirname, '../..')

test.each(Object.entries(requirements))('%s is shown by an attack, by another test, or not offered', (name, wanted) => {
  const attacks = filed.filter(({ attack }) => (attack.shows as readonly string[]).includes(name))
  for (const [file, title] of wanted.elsewhere ?? []) expect(readFileSync(join(root, file), 'utf8')).toContain(title)
  const shown = attacks.length + (wanted.elsewhere?.length ?? 0)
  expect(shown > 0).toBe(wanted.absent === undefined)
})

test('every attack says what it would have cost in one sentence, under names of its own', () => {
  const names = filed.flatMap(({ attack }) => attack.ids)
  expect(names).toEqual([...new Set(names)])
  for (const { file, attack } of filed)
    expect([file, attack.cost]).toEqual([file, expect.stringMatching(/^[A-Z].+[^.]\.$/)])
})

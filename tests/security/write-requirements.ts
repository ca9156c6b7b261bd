/**
 * Prints the requirements and the goals of reliability with what shows each, then the attacks: `node -C handstamp-source tests/security/write-requirements.ts`.
 * `pnpm docs:produce` writes it into docs/security.md.
 * @module
 */
import { areas, attacksOf, type Filed } from './attacks.ts'
import { reliability } from './reliability.ts'
import { requirements } from './requirements.ts'

const link = (path: string, text = path) => `[${text}](../${path})`
const cell = (text: string) => text.replaceAll('|', '\\|')
const row = (...cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`

const filed = (await Promise.all(areas.map(attacksOf))).flat()

console.log('## Requirements\n')
console.log('| Requirement | It asks | How it is met | Shown by |\n| --- | --- | --- | --- |')
for (const [name, { text, met, absent, elsewhere = [] }] of Object.entries(requirements)) {
  const attacks = filed.filter(({ attack }) => (attack.shows as readonly string[]).includes(name))
  const shown = [
    ...attacks.map(({ file, attack }) => link(`tests/security/${file}`, attack.ids[0])),
    ...elsewhere.map(([file]) => link(file)),
  ]
  console.log(row(name, text, absent ?? met, shown.join(', ') || '–'))
}

console.log('\n## Reliability\n')
console.log('| Goal | It asks | Shown by | Not yet |\n| --- | --- | --- | --- |')
for (const [name, { asks, shown, open }] of Object.entries(reliability)) {
  console.log(row(name, asks, shown.map(([file]) => link(file)).join(', ') || '–', open ?? '–'))
}

for (const area of areas) {
  const attacks: readonly Filed[] = await attacksOf(area)
  console.log(`\n## Attacks: ${area}\n\n| Attack | Inputs | What it would have cost |\n| --- | --: | --- |`)
  for (const { file, attack } of attacks) {
    const name = `${link(`tests/security/${file}`, attack.ids.join(', '))} ${attack.title}`
    console.log(row(name, String(Object.keys(attack.hostile).length), attack.cost))
  }
}

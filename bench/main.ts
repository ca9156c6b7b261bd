/**
 * Runs the bench: `npm run bench`, with `--json`, `--quick` and `--only <text>`.
 * @module
 */
import { parseArgs } from 'node:util'
import { swallowed } from './harness/blackhole.ts'
import { thisMachine } from './harness/machine.ts'
import { paces, type RowResult } from './harness/row.ts'
import { saveResults } from './render/files.ts'
import { asJson, table } from './render/table.ts'
import { rows } from './rows/all.ts'

const { values } = parseArgs({
  options: { json: { type: 'boolean' }, quick: { type: 'boolean' }, only: { type: 'string' } },
})
const pace = values.quick === true ? paces.quick : paces.normal
const wanted = values.only?.toLowerCase()
const chosen = rows.filter(({ names }) => names.some((name) => isWanted(name)))
if (chosen.length === 0) {
  console.error(`No row is called so. There are: ${rows.flatMap(({ names }) => names).join(', ')}`)
  process.exit(2)
}

const results: RowResult[] = []
for (const { names, run } of chosen) {
  // Progress is no result: it goes where nobody pipes from.
  console.error(`measuring ${names.filter(isWanted).join(', ')}`)
  for (const row of await run(pace)) if (isWanted(row.name)) results.push(row)
}

console.error(`done; ${swallowed()} results were kept to the end`)
console.log(values.json === true ? JSON.stringify(asJson(results), null, 2) : table(results))
// Part of a run, or a hasty one, is not what the page should show.
if (values.json !== true && values.quick !== true && wanted === undefined) {
  saveResults({ date: new Date().toISOString().slice(0, 10), machine: thisMachine(), rows: results })
}

function isWanted(name: string): boolean {
  return wanted === undefined || name.toLowerCase().includes(wanted)
}

/**
 * Compares sessions, tokens and the hybrid of both over every store: `npm run compare`, with `--quick` and `--json`.
 * @module
 */
import { parseArgs } from 'node:util'
import { thisMachine } from '../harness/machine.ts'
import { type ComparisonResults, saveComparison } from './files.ts'
import { amounts, measureLines } from './measure.ts'
import { measureRedis } from './redis-costs.ts'
import { comparisonPage } from './render.ts'

const { values } = parseArgs({ options: { json: { type: 'boolean' }, quick: { type: 'boolean' } } })
const amount = values.quick === true ? amounts.quick : amounts.normal
// Progress is no result: it goes where nobody pipes from.
const tell = (what: string): void => console.error(what)
const lines = await measureLines(amount, tell)
tell('measuring what a session costs Redis')
const redis = await measureRedis(values.quick === true ? 2_000 : 20_000)
const results: ComparisonResults = {
  date: new Date().toISOString().slice(0, 10),
  machine: thisMachine(),
  lines,
  ...(redis === undefined ? {} : { redis }),
}
console.log(values.json === true ? JSON.stringify(results, null, 2) : comparisonPage(results))
// A hasty run is not what the page should show.
if (values.json !== true && values.quick !== true) saveComparison(results)
process.exit()

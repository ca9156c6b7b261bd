/**
 * Prints what docs/scale.md shows: `node bench/scale/page.ts`, with other parameters by flags as `--nodes 20`.
 * @module
 */
import { parseArgs } from 'node:util'
import { latestComparison } from '../compare/files.ts'
import { defaults, type Parameters } from './model.ts'
import { scalePage } from './render.ts'

const names = Object.keys(defaults) as (keyof Parameters)[]
const { values } = parseArgs({ options: Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])) })
const given = Object.fromEntries(
  Object.entries(values).map(([name, value]) => {
    const number = Number(value)
    if (!(number > 0)) throw new RangeError(`--${name} is a number above 0`)
    return [name, number]
  }),
)
console.log(scalePage(latestComparison(), { ...defaults, ...given }))

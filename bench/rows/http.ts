/**
 * What recognising a client adds to the CPU time of an HTTP request where nothing outside of the process is asked.
 * @module
 */
import { type Pace, type RowFacts, type RowResult, type RowSource, rowOf } from '../harness/row.ts'
import { constant } from '../harness/stats.ts'
import { addedCosts } from './added-cost.ts'

const names = {
  session: 'Handstamp, memory session',
  token: 'Handstamp, token seen before',
  hybrid: 'Handstamp, hybrid',
  express: 'express-session',
  fastJwt: 'fast-jwt, cached',
  jose: 'jose',
} as const

const sixMicroseconds = 'budget of 6 µs'
const fiveMicroseconds = 'budget of 5 µs'
const facts: readonly (RowFacts & { readonly peers: readonly string[]; readonly budget?: number })[] = [
  {
    ...added('memory session', names.session, sixMicroseconds, 1),
    budget: 6,
    peers: [names.express],
  },
  {
    ...added('token seen before', names.token, fiveMicroseconds, 1),
    budget: 5,
    peers: [names.fastJwt, names.jose],
  },
  { ...added('hybrid', names.hybrid, names.fastJwt), peers: [names.jose, names.express] },
  { ...added('memory session beside express-session', names.session, names.express, 0.1), peers: [names.hybrid] },
]

export const httpRows: RowSource = { names: facts.map(({ name }) => name), run }

function added(what: string, subject: string, base: string, goal?: number): RowFacts {
  const aim = goal === undefined ? {} : { goal }
  return { name: `HTTP, ${what}`, group: 'CPU added to an HTTP request', base, subject, unit: 'µs', ...aim }
}

async function run(pace: Pace): Promise<readonly RowResult[]> {
  const series = await addedCosts(
    Object.entries(names).map(([kind, name]) => ({ kind, name })),
    pace,
  )
  return facts.map(({ peers, budget, ...row }) => {
    const base = budget === undefined ? [] : [constant(row.base, budget, series[0]?.rounds.length ?? 0)]
    const wanted = new Set([row.base, row.subject, ...peers])
    return rowOf(row, [...base, ...series.filter(({ name }) => wanted.has(name))])
  })
}

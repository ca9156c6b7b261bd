/**
 * The part of docs/benchmarks.md that a run produces.
 * @module
 */
import type { Results } from './files.ts'
import { missedGoals, table } from './table.ts'

export function page({ date, machine, rows }: Results): string {
  const groups = [...new Set(rows.map(({ group }) => group))]
  const sections = groups.flatMap((group) => [`## ${group}`, table(rows.filter((row) => row.group === group))])
  return [
    `Measured on ${date}: ${machine.cpu}, ${machine.cores} cores, ${machine.os}, Node ${machine.node}, OpenSSL ${machine.openssl}.`,
    missedGoals(rows),
    ...sections,
  ].join('\n\n')
}

/**
 * The rows as a table in Markdown, as JSON, and the goals that were missed in words.
 * @module
 */
import type { RowResult } from '../harness/row.ts'
import type { Standing } from '../harness/stats.ts'

/** What `--json` prints of a row. */
export interface JsonRow {
  readonly name: string
  readonly ratio?: number
  readonly goal?: number
  readonly peers: { readonly [name: string]: number }
  /** Why there is no ratio. */
  readonly skipped?: string
}

export function asJson(rows: readonly RowResult[]): readonly JsonRow[] {
  return rows.map((row) => ({
    name: row.name,
    ...(row.skipped === undefined ? { ratio: rounded(ours(row).ratio) } : { skipped: row.skipped }),
    ...(row.goal === undefined ? {} : { goal: row.goal }),
    peers: Object.fromEntries(peersOf(row).map(({ name, ratio }) => [name, rounded(ratio)])),
  }))
}

/** The standing of Handstamp in a row. */
function ours({ name, subject, standings }: RowResult): Standing {
  const found = standings.find((standing) => standing.name === subject)
  if (found === undefined) throw new TypeError(`the row ${name} does not hold ${subject}`)
  return found
}

/** Who runs beside us and is not the base, the best first. */
function peersOf({ subject, base, standings }: RowResult): readonly Standing[] {
  return standings.filter(({ name }) => name !== subject && name !== base).toSorted((a, b) => a.ratio - b.ratio)
}

export function misses(row: RowResult): boolean {
  return row.goal !== undefined && row.skipped === undefined && ours(row).ratio > row.goal
}

const headings = ['Work', '1.00 is', 'Handstamp', 'best round', 'Goal', 'Peers'] as const
const toTheRight = new Set<number>([2, 3])

/** The whole table, with columns as wide as their widest cell, as the formatter of this repository writes them. */
export function table(rows: readonly RowResult[]): string {
  const lines = [headings, ...rows.map((row) => cellsOf(row).map(cell))]
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const rule = widths.map((width, column) => (toTheRight.has(column) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)))
  const padded = lines.map((line) =>
    line.map((text, column) =>
      toTheRight.has(column) ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0),
    ),
  )
  return [padded[0] ?? [], rule, ...padded.slice(1)].map((line) => `| ${line.join(' | ')} |`).join('\n')
}

function cellsOf(row: RowResult): readonly string[] {
  if (row.skipped !== undefined) return [row.name, row.base, '–', '–', goalCell(row), `skipped: ${row.skipped}`]
  const { ratio, best, value } = ours(row)
  return [
    row.name,
    `${row.base}${baseValue(row)}`,
    `**${factor(ratio)}** (${amount(value, row.unit)})`,
    factor(best),
    goalCell(row),
    peersOf(row)
      .map((peer) => `${peer.name} ${factor(peer.ratio)}`)
      .join(' · '),
  ]
}

/** One line for each row that misses its goal, or one that says that none does. */
export function missedGoals(rows: readonly RowResult[]): string {
  const missed = rows.filter(misses)
  if (missed.length === 0) return 'Every row with a goal reaches it.'
  const lines = missed.map(
    (row) => `- ${row.name}: ${factor(ours(row).ratio)}, and the goal is ${factor(row.goal ?? 0)}.`,
  )
  const judged = rows.filter(({ goal, skipped }) => goal !== undefined && skipped === undefined)
  return [`${missed.length} of ${judged.length} goals are missed:`, '', ...lines].join('\n')
}

function goalCell(row: RowResult): string {
  if (row.goal === undefined) return '–'
  if (row.skipped !== undefined) return `≤ ${factor(row.goal)}`
  return `≤ ${factor(row.goal)}, ${misses(row) ? '**missed**' : 'met'}`
}

function baseValue({ base, standings, unit }: RowResult): string {
  const found = standings.find(({ name }) => name === base)
  return found === undefined || base.startsWith('budget') ? '' : ` (${amount(found.value, unit)})`
}

/** A ratio with as many digits as mean something. */
export function factor(ratio: number): string {
  return ratio >= 100 ? ratio.toFixed(0) : ratio >= 10 ? ratio.toFixed(1) : ratio.toFixed(2)
}

/** A value in the unit of its row. */
export function amount(value: number, unit: RowResult['unit']): string {
  if (unit === 'bytes') return `${Math.round(value)} bytes`
  return `${value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)} ${unit}`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

function rounded(ratio: number): number {
  return Math.round(ratio * 1_000) / 1_000
}

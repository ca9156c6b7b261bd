/**
 * The part of docs/compare.md that a run produces: what is said beside what was measured, and all lines in one table.
 * @module
 */
import { factor } from '../render/table.ts'
import type { ComparisonResults } from './files.ts'
import type { Measured } from './lines.ts'

export function comparisonPage({ date, machine, lines }: ComparisonResults): string {
  return [
    `Measured on ${date}: ${machine.cpu}, ${machine.cores} cores, ${machine.os}, Node ${machine.node}. Everything ran on this one machine, over loopback.`,
    '## What is said, and what was measured',
    markdownTable(['', 'What is said', 'What was measured'], said(lines), []),
    '## Every strategy over every store',
    markdownTable(
      [
        ...['', 'p50 added', 'p99 added', 'CPU added', 'calls', 'header', 'in the server', 'in the store'],
        ...['second server', '1 server', '2 servers'],
      ],
      lines.map(cellsOf),
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    ),
  ].join('\n\n')
}

/** The folklore, line by line. A number that was not measured is left out by name. */
export function said(lines: readonly Measured[]): readonly (readonly string[])[] {
  const of = (name: string) => lines.find((line) => line.name === name && line.skipped === undefined)
  const shown = (name: string, show: (line: Measured) => string): string => {
    const line = of(name)
    return line === undefined ? `${name}: not measured` : `${name}: ${show(line)}`
  }
  const seen = 'token, seen before'
  const unseen = 'token, a new one each time'
  const list = (names: readonly string[], show: (line: Measured) => string): string =>
    names.map((name) => shown(name, show)).join('<br>')
  return [
    [
      'Check',
      'A session: a call to the store. A token: CPU for a signature.',
      list(
        ['session, Redis', 'session, near-cache + Redis', seen, unseen],
        ({ calls, cpu }) => `${count(calls)} calls, ${micros(cpu)} of CPU`,
      ),
    ],
    [
      'Latency',
      'A session 1–5 ms, a token under 1 ms.',
      list(
        ['session, memory', 'session, Redis', 'session, PostgreSQL', seen, unseen],
        ({ p50, p99 }) => `${micros(p50)}, one in a hundred ${micros(p99)}`,
      ),
    ],
    [
      'Memory of the server',
      'Sessions: their data. Tokens: none.',
      list(
        ['session, memory', 'session, Redis', seen],
        ({ nodeBytes, storeBytes }) => `${bytes(nodeBytes)} in the process, ${bytes(storeBytes)} in the store`,
      ),
    ],
    [
      'Bytes a request',
      'A session about 50, a token 500 and more.',
      list(['session, Redis', seen], ({ header }) => `${bytes(header)}, with the name of the header`),
    ],
    [
      'A second server',
      'Sessions need shared state, tokens need none.',
      list(
        ['session, memory', 'session, Redis', seen],
        ({ known, one, two }) => `knows ${percent(known)} of the first one's; ${factor(two / one)} × the requests`,
      ),
    ],
  ]
}

function cellsOf(line: Measured): readonly string[] {
  if (line.skipped !== undefined) return [line.name, `skipped: ${line.skipped}`, ...Array.from({ length: 9 }, () => '')]
  return [
    line.name,
    micros(line.p50),
    micros(line.p99),
    micros(line.cpu),
    count(line.calls),
    bytes(line.header),
    bytes(line.nodeBytes),
    line.storeBytes === 0 ? '–' : bytes(line.storeBytes),
    `knows ${percent(line.known)}`,
    `${thousands(line.one)} /s`,
    `${thousands(line.two)} /s`,
  ]
}

/** A number that noise may have made negative says no more than that it is small. */
export function micros(value: number): string {
  if (value < 1) return '< 1 µs'
  if (value >= 1_000) return `${(value / 1_000).toFixed(1)} ms`
  return `${value >= 10 ? value.toFixed(0) : value.toFixed(1)} µs`
}

function bytes(value: number): string {
  return `${thousands(Math.max(0, value))} B`
}

function count(value: number): string {
  return value < 0.005 ? '0' : value.toFixed(2)
}

function percent(part: number): string {
  return `${Math.round(part * 100)} %`
}

export function thousands(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(?:\d{3})+$)/g, ',')
}

/** With columns as wide as their widest cell, as the formatter of this repository writes them. */
export function markdownTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  toTheRight: readonly number[],
): string {
  const widths = headings.map((heading, column) =>
    Math.max(3, heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const lineOf = (cells: readonly string[]) =>
    `| ${widths.map((width, at) => (toTheRight.includes(at) ? (cells[at] ?? '').padStart(width) : (cells[at] ?? '').padEnd(width))).join(' | ')} |`
  const rule = widths.map((width, at) => (toTheRight.includes(at) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)))
  return [lineOf(headings), lineOf(rule), ...rows.map(lineOf)].join('\n')
}

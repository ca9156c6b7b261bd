/**
 * The matrix of a run as Markdown: how many promises each combination kept, and why the others cannot be.
 * @module
 */
import { refusalsOf } from './construct.ts'
import { contract } from './contract.ts'
import { type Combination, isLegal, storages, strategies, transports } from './subject.ts'

/** `held` answers how many cases held for a legal combination. */
export function matrix(held: (combination: Combination) => number): string {
  const reasons: string[] = []

  /** The letter under which the reason is told: the server's, as it is asked first, or the client's. */
  function letterOf(combination: Combination): string {
    const [refusal] = refusalsOf(combination)
    const reason = refusal === undefined ? 'nobody' : `\`${functions[refusal.by]}\` throws \`${refusal.error}\``
    if (!reasons.includes(reason)) reasons.push(reason)
    return letter(reasons.indexOf(reason))
  }

  const rows = strategies.flatMap((strategy) =>
    transports.map((transport) => {
      const cells = storages.map((storage) => {
        const combination = { strategy, transport, storage }
        return isLegal(combination) ? `${held(combination)}` : `– ${letterOf(combination)}`
      })
      return [strategy.kind, transport, ...cells]
    }),
  )
  const head = ['Strategy', 'Transport', ...storages.map(({ name }) => (name === 'custom' ? 'your own' : name))]
  const all = Object.values(contract).flat().length
  return [
    `Of ${all} promises, kept with the credential in this storage:`,
    '',
    ...table(head, rows),
    '',
    'Refused at construction:',
    '',
    ...reasons.map((reason, at) => `- ${letter(at)}: ${reason}`),
    '',
    'The promises:',
    ...Object.entries(contract).flatMap(([subject, cases]) => [
      '',
      `**${subject}**`,
      '',
      ...cases.map(({ name }) => `- ${name}`),
    ]),
  ].join('\n')
}

const functions = { server: 'createAuth', client: 'createAuthClient' } as const

function letter(at: number): string {
  return String.fromCharCode('a'.charCodeAt(0) + at)
}

/** Numbers stand to the right, and every column is as wide as its widest cell. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((cells) => cells[at]?.length ?? 0)))
  const left = (at: number): boolean => at < 2
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => (left(at) ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join(' | ')} |`
  const rule = widths.map((width, at) => (left(at) ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  return [line(head), line(rule), ...rows.map(line)]
}

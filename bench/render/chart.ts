/**
 * The rows as bars in SVG: readable at the width of a phone, in light and in dark.
 * @module
 */
import type { RowResult } from '../harness/row.ts'
import { factor, misses } from './table.ts'

const width = 400
const left = 152
const right = 52
const barHeight = 11
const lineHeight = 17

export const style = `
  text { font: 11px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #1f2328;
    paint-order: stroke; stroke: #ffffff; stroke-width: 5px }
  .title { font-weight: 600; font-size: 12.5px }
  .quiet { fill: #59636e }
  .ours { fill: #0a7d55 }
  .missed { fill: #b35900 }
  .peer { fill: #b6bec8 }
  .goal { stroke: #1f2328; stroke-width: 1.5; stroke-dasharray: 2 1.5 }
  .page { fill: #ffffff }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; stroke: #0d1117 }
    .quiet { fill: #9198a1 }
    .ours { fill: #3fb68b }
    .missed { fill: #e08a3c }
    .peer { fill: #4d5763 }
    .goal { stroke: #e6edf3 }
    .page { fill: #0d1117 }
  }`

export function chart(rows: readonly RowResult[], caption: string): string {
  const parts: string[] = []
  let top = 44
  for (const row of rows.filter(({ skipped }) => skipped === undefined)) {
    parts.push(...rowBars(row, top))
    top += 24 + row.standings.length * lineHeight + 12
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top}" width="${width}" height="${top}" role="img" aria-label="${escaped(caption)}">`,
    `<style>${style}\n</style>`,
    `<rect class="page" width="${width}" height="${top}" rx="6"/>`,
    `<text class="quiet" x="12" y="20">Ratios; shorter is better. The dashed line is our goal.</text>`,
    `<text class="quiet" x="12" y="34">Handstamp is green, or orange where it misses it.</text>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n')
}

function rowBars(row: RowResult, top: number): readonly string[] {
  const sorted = row.standings.toSorted((a, b) => a.ratio - b.ratio)
  const longest = Math.max(...sorted.map(({ ratio }) => ratio), row.goal ?? 0)
  const scale = (ratio: number): number => Math.max(1, (ratio / longest) * (width - left - right))
  const bars = sorted.flatMap(({ name, ratio }, at) => {
    const y = top + 22 + at * lineHeight
    const own = name === row.subject
    const kind = own ? (misses(row) ? 'missed' : 'ours') : 'peer'
    const label = own ? 'Handstamp' : name
    return [
      `<text class="${own ? 'title' : 'quiet'}" x="${left - 6}" y="${y + 9}" text-anchor="end">${escaped(short(label))}</text>`,
      `<rect class="${kind}" x="${left}" y="${y}" width="${scale(ratio).toFixed(1)}" height="${barHeight}" rx="2"/>`,
      `<text x="${(left + scale(ratio) + 5).toFixed(1)}" y="${y + 9}">${factor(ratio)}</text>`,
    ]
  })
  const end = top + 20 + sorted.length * lineHeight
  const x = (left + scale(row.goal ?? 0)).toFixed(1)
  const goal = row.goal === undefined ? [] : [`<line class="goal" x1="${x}" x2="${x}" y1="${top + 18}" y2="${end}"/>`]
  return [`<text class="title" x="12" y="${top + 12}">${escaped(row.name)}</text>`, ...goal, ...bars]
}

/** What fits beside a bar. */
function short(label: string): string {
  return label.length <= 25 ? label : `${label.slice(0, 24)}…`
}

/** The text as it may stand in an element or an attribute. */
export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

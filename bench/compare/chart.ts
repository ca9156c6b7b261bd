/**
 * The delays of all lines as bars in SVG: the middle in full colour, and behind it what one request in a hundred exceeds.
 * @module
 */
import { escaped, style } from '../render/chart.ts'
import type { ComparisonResults } from './files.ts'
import { micros } from './render.ts'

const width = 480
const left = 168
const right = 100
const lineHeight = 22

export function delayChart({ date, lines }: Pick<ComparisonResults, 'date' | 'lines'>): string {
  const drawn = lines.filter(({ skipped }) => skipped === undefined).toSorted((a, b) => a.p50 - b.p50)
  const longest = Math.max(...drawn.map(({ p99 }) => p99), 1)
  const scale = (value: number): string =>
    Math.max(1, (Math.max(0, value) / longest) * (width - left - right)).toFixed(1)
  const top = 50
  const height = top + drawn.length * lineHeight + 10
  const bars = drawn.flatMap(({ name, p50, p99 }, at) => {
    const y = top + at * lineHeight
    const end = left + Math.max(Number(scale(p50)), Number(scale(p99))) + 5
    return [
      `<text x="${left - 6}" y="${y + 10}" text-anchor="end">${escaped(name)}</text>`,
      `<rect class="peer" x="${left}" y="${y + 2}" width="${scale(p99)}" height="9" rx="2"/>`,
      `<rect class="ours" x="${left}" y="${y}" width="${scale(p50)}" height="13" rx="2"/>`,
      `<text class="quiet" x="${end.toFixed(1)}" y="${y + 10}">${escaped(`${micros(p50)} · ${micros(p99)}`)}</text>`,
    ]
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(`What recognising a client adds to a request, ${date}`)}">`,
    `<style>${style}\n</style>`,
    `<rect class="page" width="${width}" height="${height}" rx="6"/>`,
    `<text class="title" x="12" y="20">What recognising a client adds to the time of a request</text>`,
    `<text class="quiet" x="12" y="35">Green: the middle. Grey: what one request in a hundred exceeds.</text>`,
    ...bars,
    '</svg>',
    '',
  ].join('\n')
}

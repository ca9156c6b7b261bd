import { describe, expect, test } from 'vitest'
import { delayChart } from '../compare/chart.ts'
import type { Measured } from '../compare/lines.ts'
import { percentile } from '../compare/percentile.ts'
import { comparisonPage, markdownTable, micros, said, thousands } from '../compare/render.ts'

const line: Measured = {
  name: 'session, Redis',
  p50: 120,
  p99: 1_500,
  cpu: 14,
  calls: 1,
  header: 92,
  nodeBytes: 0,
  storeBytes: 1_234.5,
  known: 1,
  one: 12_000,
  two: 15_000,
}
const missing: Measured = { ...line, name: 'session, MariaDB', skipped: 'mariadbd is not installed' }
const machine = { cpu: 'a processor', cores: 2, os: 'Linux 6.1', node: '24.0.0', openssl: '3.5.0' }
const results = { date: '2026-01-02', machine, lines: [line, missing] }

describe('a percentile', () => {
  test('is a value of the list that so many do not exceed', () => {
    const values = Array.from({ length: 200 }, (_, at) => 200 - at)
    expect(percentile(values, 0.5)).toBe(100)
    expect(percentile(values, 0.99)).toBe(198)
    expect(percentile([7], 0.99)).toBe(7)
  })

  test('of nothing there is none', () => {
    expect(() => percentile([], 0.5)).toThrow(RangeError)
  })
})

describe('the page', () => {
  test('shows each line, and says of one that was skipped why', () => {
    const page = comparisonPage(results)
    expect(page).toMatch(/\| session, Redis +\| +120 µs \| +1\.5 ms \| +14 µs \|/)
    expect(page).toContain('skipped: mariadbd is not installed')
  })

  test('puts what was measured beside what is said, and claims nothing that was not', () => {
    const rows = said([line, missing])
    expect(rows.map(([about]) => about)).toEqual([
      'Check',
      'Latency',
      'Memory of the server',
      'Bytes a request',
      'A second server',
    ])
    expect(rows[0]?.[2]).toContain('session, Redis: 1.00 calls, 14 µs of CPU')
    expect(rows[0]?.[2]).toContain('token, seen before: not measured')
    expect(rows[4]?.[2]).toContain('knows 100 % of the first one')
  })

  test('lines its columns up', () => {
    const lengths = markdownTable(['', 'b'], [['a longer one', '1']], [1])
      .split('\n')
      .map((text) => text.length)
    expect(new Set(lengths).size).toBe(1)
  })
})

test('numbers are as long as they are worth', () => {
  expect([-3, 0.4, 4.26, 42.6, 4_260].map(micros)).toEqual(['< 1 µs', '< 1 µs', '4.3 µs', '43 µs', '4.3 ms'])
  expect([12, 1_234.5, 1_234_567].map(thousands)).toEqual(['12', '1,235', '1,234,567'])
})

test('the chart leaves out what was skipped, keeps within its width, and knows light and dark', () => {
  const chart = delayChart({ ...results, lines: [line, missing, { ...line, name: 'a <b>', p50: -5, p99: -1 }] })
  expect(chart).not.toContain('MariaDB')
  expect(chart).toContain('a &lt;b&gt;')
  expect(chart).toContain('prefers-color-scheme: dark')
  for (const [, x, width] of chart.matchAll(/<rect class="\w+" x="(\d+)" y="\d+" width="([\d.]+)"/g)) {
    expect(Number(width)).toBeGreaterThan(0)
    expect(Number(x) + Number(width)).toBeLessThanOrEqual(480)
  }
})

import { describe, expect, test } from 'vitest'
import { type RowResult, rowOf, skippedRow } from '../harness/row.ts'
import { chart, escaped } from '../render/chart.ts'
import { amount, asJson, factor, missedGoals, misses, table } from '../render/table.ts'

const facts = { name: 'ES256 verify', group: 'Tokens', base: 'floor', subject: 'Handstamp', unit: 'µs' } as const

function row(ours: number, goal?: number): RowResult {
  return rowOf({ ...facts, ...(goal === undefined ? {} : { goal }) }, [
    { name: 'floor', rounds: [10] },
    { name: 'Handstamp', rounds: [ours] },
    { name: 'slow', rounds: [300] },
    { name: 'quick', rounds: [15] },
  ])
}

describe('the table', () => {
  test('shows the base, ours, the goal and the peers, best first', () => {
    expect(table([row(11, 1.2)]).split('\n')[2]).toBe(
      '| ES256 verify | floor (10.0 µs) | **1.10** (11.0 µs) |       1.10 | ≤ 1.20, met | quick 1.50 · slow 30.0 |',
    )
  })

  test('says plainly that a goal is missed', () => {
    expect(table([row(13, 1.2)])).toContain('≤ 1.20, **missed**')
    expect(missedGoals([row(13, 1.2), row(11, 1.2), row(90)])).toBe(
      '1 of 2 goals are missed:\n\n- ES256 verify: 1.30, and the goal is 1.20.',
    )
    expect(missedGoals([row(11, 1.2), row(90)])).toBe('Every row with a goal reaches it.')
  })

  test('lines its columns up', () => {
    const lengths = table([row(11, 1.2), { ...row(11), name: 'a longer name than that' }])
      .split('\n')
      .map((line) => line.length)
    expect(new Set(lengths).size).toBe(1)
  })

  test('has no goal where none was set', () => {
    expect(misses(row(1_000))).toBe(false)
    expect(table([row(1_000)])).toMatch(/\| – +\|/)
  })

  test('keeps a name from making columns', () => {
    expect(table([{ ...row(11), name: 'a | b' }])).toMatch(/^\| a \\\| b +\|/m)
  })
})

test('a row that was skipped says why, and misses nothing', () => {
  const skipped = skippedRow({ ...facts, goal: 1.2 }, 'no floor here')
  expect(table([skipped])).toContain('skipped: no floor here')
  expect(missedGoals([skipped])).toBe('Every row with a goal reaches it.')
  expect(asJson([skipped])).toEqual([{ name: 'ES256 verify', goal: 1.2, peers: {}, skipped: 'no floor here' }])
  expect(chart([skipped], '')).not.toContain('ES256')
})

test('JSON holds name, ratio, goal and peers, and nothing else', () => {
  expect(asJson([row(11, 1.2), row(12)])).toEqual([
    { name: 'ES256 verify', ratio: 1.1, goal: 1.2, peers: { quick: 1.5, slow: 30 } },
    { name: 'ES256 verify', ratio: 1.2, peers: { quick: 1.5, slow: 30 } },
  ])
})

test('numbers have as many digits as mean something', () => {
  expect([0.123, 12.34, 123.4].map(factor)).toEqual(['0.12', '12.3', '123'])
  expect([0.123, 12.34, 123.4].map((value) => amount(value, 'µs'))).toEqual(['0.12 µs', '12.3 µs', '123 µs'])
  expect(amount(36.7, 'ms')).toBe('36.7 ms')
  expect(amount(796.4, 'bytes')).toBe('796 bytes')
})

describe('the chart', () => {
  test('escapes what stands in text and attributes', () => {
    expect(escaped('<a & "b">')).toBe('&lt;a &amp; &quot;b&quot;&gt;')
    const svg = chart([{ ...row(11, 1.2), name: '</text><script>' }], 'a "caption"')
    expect(svg).toContain('aria-label="a &quot;caption&quot;"')
    expect(svg).not.toContain('<script>')
  })

  test('has a bar for each contender, and ours in another colour where it misses', () => {
    expect(chart([row(11, 1.2)], '').match(/<rect class="(?:ours|missed|peer)"/g)).toHaveLength(4)
    expect(chart([row(11, 1.2)], '')).toContain('class="ours"')
    expect(chart([row(13, 1.2)], '')).toContain('<rect class="missed"')
  })

  test('keeps within its width', () => {
    for (const [, x, width] of chart([row(300, 1.2)], '').matchAll(
      /<rect class="\w+" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"/g,
    )) {
      expect(Number(x) + Number(width)).toBeLessThanOrEqual(400)
    }
  })

  test('knows light and dark', () => {
    expect(chart([row(11)], '')).toContain('prefers-color-scheme: dark')
  })
})

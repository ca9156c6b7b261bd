import { createAuthClient } from '@handstamp/client'
import { describe, expect, test } from 'vitest'
import { lifetimesOf, storageProblem, storages, storagesOf, strategies, transports } from '../configuration.ts'
import { sayDuration } from '../durations.ts'
import { type RiskReport, risksOf } from '../risks.ts'

type Setting = Parameters<typeof risksOf>[0]

function report(
  strategy: Setting['strategy'],
  transport: Setting['transport'],
  storage: Setting['storage'],
): RiskReport {
  return risksOf({ strategy, transport, storage, lifetimes: lifetimesOf(strategy, {}) })
}

describe('the four storages', () => {
  test('each has the risks that its nature brings, whatever is configured', () => {
    for (const storage of storages) {
      const rows = report('hybrid', storage === 'cookie' ? 'cookie' : 'bearer', storage).rows
      expect(rows.map((row) => [row.storage, row.xss, row.csrf])).toEqual([
        ['localStorage', 'high', 'none'],
        ['sessionStorage', 'high', 'none'],
        ['memory', 'low', 'none'],
        ['cookie', 'none', 'medium'],
      ])
    }
  })

  test('only what the browser sends by itself needs a cure', () => {
    const cures = report('session', 'cookie', 'cookie').rows.flatMap(({ storage, cure }) =>
      cure ? [[storage, cure]] : [],
    )
    expect(cures).toEqual([['cookie', 'SameSite=Strict and the origin check']])
  })
})

describe('the present configuration', () => {
  test.each([
    ['session', 'cookie', 'cookie', { cookie: ['session id'] }],
    ['session', 'bearer', 'memory', { memory: ['session id'] }],
    ['token', 'bearer', 'localStorage', { localStorage: ['access token'] }],
    ['token+store', 'cookie', 'cookie', { cookie: ['access token'] }],
    ['hybrid', 'cookie', 'cookie', { cookie: ['access token', 'refresh token'] }],
    ['hybrid', 'bearer', 'sessionStorage', { sessionStorage: ['access token', 'refresh token'] }],
    ['hybrid', 'split', 'memory', { memory: ['access token'], cookie: ['refresh token'] }],
  ] as const)('%s by %s in %s marks what holds something', (strategy, transport, storage, expected) => {
    const { rows } = report(strategy, transport, storage)
    const marked = rows.filter(({ holds }) => holds.length > 0).map((row) => [row.storage, row.holds])
    expect(Object.fromEntries(marked)).toEqual(expected)
  })

  test('says how long what is stolen is good, from the lifetimes', () => {
    expect(report('hybrid', 'cookie', 'cookie').stolen).toContain('5 minutes')
    expect(report('session', 'cookie', 'cookie').stolen).toMatch(/30 days, or 1 hour without use.*at once/)
    expect(report('token', 'bearer', 'memory').stolen).toMatch(/5 minutes.*30 days.*Nobody can end it/)
    expect(report('token+store', 'bearer', 'memory').stolen).toMatch(/Ending the session works at once/)
    const told = risksOf({
      strategy: 'hybrid',
      transport: 'cookie',
      storage: 'cookie',
      lifetimes: lifetimesOf('hybrid', {}),
      servers: { feed: 'redis' },
    })
    expect(report('hybrid', 'cookie', 'cookie').stolen).toContain('also after the session has ended')
    expect(told.stolen).toContain('dies with its session at once')
    const quick = risksOf({
      strategy: 'hybrid',
      transport: 'split',
      storage: 'memory',
      lifetimes: lifetimesOf('hybrid', { access: 90_000 }),
    })
    expect(quick.stolen).toContain('90 seconds')
  })

  test('a script takes nothing from a cookie, less from memory, everything from a storage', () => {
    expect(report('hybrid', 'cookie', 'cookie').script).toContain('takes nothing away')
    expect(report('hybrid', 'split', 'memory').script).toContain('refresh token is out of its reach')
    expect(report('hybrid', 'bearer', 'memory').script).toContain('if it puts itself between')
    expect(report('hybrid', 'bearer', 'localStorage').script).toContain('in one line')
  })

  test('a page of another site gets something to be refused only where a cookie is involved', () => {
    expect(report('session', 'bearer', 'memory').elsewhere).toMatch(/^Nothing/)
    expect(report('session', 'cookie', 'cookie').elsewhere).toContain('origin check')
    expect(report('hybrid', 'split', 'memory').elsewhere).toContain('origin check')
  })
})

describe('what goes together', () => {
  test('the pickers and the client agree about every transport and storage', () => {
    for (const transport of transports) {
      for (const storage of storages) {
        const options = { baseURL: 'http://localhost:4600', storage, transport } as never
        const refused = storageProblem(transport, storage) !== undefined
        if (refused) expect(() => createAuthClient(options), `${transport} ${storage}`).toThrow(TypeError)
        else expect(createAuthClient(options).status).toBe('unknown')
      }
      expect(storagesOf(transport).length).toBeGreaterThan(0)
    }
  })

  test('the defaults fit one another, and shrink with what was asked for', () => {
    for (const strategy of strategies) {
      for (const asked of [{}, { lifetime: 1_000 }, { idle: 2_000 }]) {
        const { access = 0, idle = Number.POSITIVE_INFINITY, lifetime } = lifetimesOf(strategy, asked)
        expect(access).toBeLessThanOrEqual(Math.min(idle, lifetime))
      }
    }
  })

  test.each([
    [1, '1 milliseconds'],
    [1_000, '1 second'],
    [90_000, '90 seconds'],
    [300_000, '5 minutes'],
    [3_600_000, '1 hour'],
    [172_800_000, '2 days'],
  ])('%d ms is %s', (milliseconds, words) => {
    expect(sayDuration(milliseconds)).toBe(words)
  })
})

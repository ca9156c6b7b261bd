import { describe, expect, test } from 'vitest'
import { conditions, defaults, feedVolume, heldAtANode, hitRate, rateAtANode, shards } from '../scale/model.ts'
import { scalePage } from '../scale/render.ts'
import { simulatedHitRate } from '../scale/simulate.ts'

const redis = {
  firstBytes: 800,
  nextBytes: 600,
  findMicros: 3,
  aloneMicros: 8,
  touchMicros: 20,
  factBytes: 160,
  entryBytes: 1_200,
}

describe('the hit rate', () => {
  test('is what a session, a node and the life of an entry make of it', () => {
    expect(conditions.map((one) => hitRate(rateAtANode(defaults, one), one.life))).toEqual([
      expect.closeTo(0.002, 3),
      expect.closeTo(0.107, 3),
      expect.closeTo(0.5, 3),
      expect.closeTo(0.984, 3),
    ])
  })

  test('is that of the simulation, where memory has no end', () => {
    for (const [rate, life] of [
      [0.2, 5],
      [0.2, 300],
      [0.01, 60],
      [2, 1],
    ] as const) {
      const simulated = simulatedHitRate({
        sessions: 200,
        rate,
        life,
        capacity: Number.POSITIVE_INFINITY,
        requests: 50_000,
      })
      expect(Math.abs(simulated - hitRate(rate, life))).toBeLessThan(0.01)
    }
  })

  test('is less where memory has an end, and none where there is hardly any', () => {
    const all = { sessions: 1_000, rate: 0.1, life: 100, requests: 20_000 }
    const [whole = 0, half = 0, little = 0] = [1_000, 400, 1].map((capacity) => simulatedHitRate({ ...all, capacity }))
    expect(whole).toBeGreaterThan(half)
    expect(half).toBeGreaterThan(little)
    expect(little).toBeLessThan(0.01)
  })

  test('is the same again for the same seed', () => {
    const given = { sessions: 100, rate: 1, life: 1, capacity: 50, requests: 5_000 }
    expect(simulatedHitRate(given)).toBe(simulatedHitRate(given))
    expect(simulatedHitRate({ ...given, seed: 2 })).not.toBe(simulatedHitRate(given))
  })
})

test('shards are as many as memory or work needs, whichever is more', () => {
  const uncached = shards(defaults, redis, 0)
  expect(uncached.memoryBytes).toBe(70e9)
  expect(uncached.forMemory).toBe(14)
  expect(uncached.forWork).toBe(Math.ceil((1e6 * 8 + (1e8 / 3_150) * 25) / 1e6 / 0.7))
  expect(uncached.needed).toBe(Math.max(uncached.forMemory, uncached.forWork))
  expect(uncached.readsAShard * uncached.needed).toBeCloseTo(1e6)
  expect(shards({ ...defaults, sessions: 1e3, requestsASecond: 1 }, redis, 0).needed).toBe(1)
})

test('a node holds what it read within the life of an entry', () => {
  const [, withoutAffinity, , affinity] = conditions.map((condition) => heldAtANode(defaults, condition))
  expect(withoutAffinity).toBeGreaterThan(500_000)
  expect(affinity).toBeLessThan(defaults.requestsASecond / defaults.requestsASession / defaults.nodes)
})

test('the feed is read by every node', () => {
  const { factsASecond, bytesASecond, heldFacts } = feedVolume(defaults, redis)
  expect(factsASecond).toBeCloseTo(115.7, 1)
  expect(bytesASecond / factsASecond).toBe(160 * 500)
  expect(Math.round(heldFacts)).toBe(10_417)
})

test('the page says under which conditions it holds, and that without a Redis there is none', () => {
  const machine = { cpu: '', cores: 2, os: '', node: '', openssl: '' }
  const page = scalePage({ date: '2026-01-02', machine, lines: [], redis })
  expect(page).toContain('with affinity')
  expect(page).toContain('without')
  expect(scalePage({ date: '2026-01-02', machine, lines: [] })).toContain('no Redis')
})

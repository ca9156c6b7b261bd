import { expect, test } from 'vitest'
import { configOf } from './config.ts'
import { again, type Explored, explore, report } from './explore.ts'
import { play } from './schedule.ts'
import { rowsOf } from './tape.ts'

const { env } = process
const schedules = Number(env.HANDSTAMP_SCHEDULES ?? 10_000)
const firstSeed = Number(env.HANDSTAMP_SEED ?? 0)
const rows = env.HANDSTAMP_ROWS
const block = 1_000

const blocks = Array.from({ length: Math.ceil(schedules / block) }, (_, at) => ({
  from: firstSeed + at * block,
  count: Math.min(block, schedules - at * block),
}))
const came = new Map<string, number>()
const began = performance.now()
let played = 0

async function holds(explored: Explored): Promise<void> {
  if (explored.failure) throw new Error(await report(explored.failure, {}))
}

/** What a thousand schedules come by at least so often; a checker that no longer meets theft finds none. */
const met: readonly (readonly [what: string, atLeast: number])[] = [
  ['rotate', 500],
  ['young', 300],
  ['replay', 200],
  ['reuse', 25],
  ['ahead', 100],
  ['unknown', 500],
  ['expired', 2],
  ['swap lost', 50],
  ['key unavailable', 1],
  ['failover', 30],
  ['refresh granted', 500],
  ['refresh failed', 100],
  ['authenticate granted', 100],
  ['signIn granted', 100],
  ['signIn refused', 20],
  ['signOut done', 50],
  ['revoke done', 50],
  ['revokeAll done', 50],
  ['update done', 50],
  ['renew granted', 20],
]

if (rows === undefined) {
  test.each(blocks)('seeds from $from, $count schedules', async ({ from, count }) => {
    const explored = await explore({ from, count, came: (by) => came.set(by, (came.get(by) ?? 0) + 1) })
    played += explored.schedules
    const speed = Math.round((1_000 * played) / (performance.now() - began))
    process.stderr.write(`rotation: ${played} of ${schedules} schedules hold I1-I8, ${speed} a second\n`)
    await holds(explored)
  })

  test('the schedules came by everything that can happen', () => {
    const share = schedules >= block ? schedules / block : 0
    const rare = met.filter(([what, atLeast]) => (came.get(what) ?? 0) < atLeast * share)
    expect(rare.map(([what, atLeast]) => `${what}: ${came.get(what) ?? 0} of ${atLeast * share}`)).toEqual([])
  })
} else {
  test('the schedule of HANDSTAMP_ROWS breaks no rule', async () => {
    const failure = await again(firstSeed, rows)
    if (failure) throw new Error(await report(failure, {}))
  })
}

test('a seed is the same schedule each time', async () => {
  const [first, second] = await Promise.all([1, 2].map(() => told(7)))
  expect(first?.length).toBeGreaterThan(50)
  expect(second).toEqual(first)
})

async function told(seed: number): Promise<readonly string[]> {
  const lines: string[] = []
  await play(configOf(seed), rowsOf(seed, 80), { trace: (line) => lines.push(line) })
  return lines
}

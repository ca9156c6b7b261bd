import { beforeAll, describe, expect, test } from 'vitest'
import { type Kind, kinds } from './staleness/application.ts'
import { wrongBuilds } from './staleness/builds.ts'
import { type Outcome, runSchedule } from './staleness/schedule.ts'

/** For each strategy; more by HANDSTAMP_STALENESS, others by HANDSTAMP_SEED. What fails prints its seed. */
const schedules = Number(process.env.HANDSTAMP_STALENESS ?? 500)
const firstSeed = Number(process.env.HANDSTAMP_SEED ?? 0)
const minutes = 60_000 * (1 + Math.ceil(schedules / 1_000))

// What the platform loads at its first use takes real time, which no schedule knows of.
beforeAll(async () => {
  await runSchedule('token+store', 0)
})

function again(kind: Kind, seed: number): string {
  return `HANDSTAMP_SEED=${seed} HANDSTAMP_STALENESS=1 npx vitest run --project feeds -t "${kind}: nothing"`
}

describe('on any server, whatever is cut, late, lost or begun anew', () => {
  test.each(kinds)(
    '%s: nothing that has ended is accepted later than maxStaleness after the end was acknowledged',
    async (kind) => {
      const sum = { accepted: 0, refused: 0, failed: 0, ended: 0 }
      for (let seed = firstSeed; seed < firstSeed + schedules; seed += 1) {
        const { stale, lost, ...counts } = await runSchedule(kind, seed, {}, { asksAll: seed % 2 === 0 })
        expect({ stale, lost }, again(kind, seed)).toEqual({ stale: [], lost: [] })
        for (const [name, count] of Object.entries(counts)) sum[name as keyof typeof sum] += count
      }
      console.log(`${schedules} schedules of ${kind}:`, JSON.stringify(sum))
      if (schedules >= 100) expect(Math.min(...Object.values(sum))).toBeGreaterThan(schedules / 2)
    },
    minutes,
  )
})

test('a schedule is the same each time that it is run', async () => {
  for (const kind of kinds) expect(await runSchedule(kind, 7)).toEqual(await runSchedule(kind, 7))
})

describe('the schedules find', () => {
  test.each(wrongBuilds)(
    '%s (%s)',
    async (_, kind, build) => {
      let found: Outcome | undefined
      for (let seed = 0; found === undefined && seed < 500; seed += 1) {
        const outcome = await runSchedule(kind, seed, build, { asksAll: true })
        if (outcome.stale.length > 0) found = outcome
      }
      expect(found?.stale[0]).toMatch(/accepts/)
    },
    60_000,
  )
})

test('a cache that takes the feed for a hint is wrong this often', async () => {
  const [, kind, naive] = wrongBuilds.at(-1) ?? []
  if (kind === undefined) throw new Error('no such build')
  const count = Math.min(schedules, 100)
  let [stale, accepted] = [0, 0]
  for (let seed = 0; seed < count; seed += 1) {
    const outcome = await runSchedule(kind, seed, naive)
    stale += outcome.stale.length
    accepted += outcome.accepted
  }
  console.log(`a naive cache in ${count} schedules: ${stale} of ${accepted} answers were stale`)
  expect(stale).toBeGreaterThan(0)
}, 60_000)

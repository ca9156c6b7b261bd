import { describe, expect, test } from 'vitest'
import { type Explored, explore, report, rowsInSchedule, shrink } from './explore.ts'
import { faults, type Planted } from './faults.ts'
import { play } from './schedule.ts'

/** So many schedules are enough for any of the planted faults. */
const enough = 300

function find(fault: Planted): Promise<Explored> {
  return explore({ from: 0, count: enough, fault, conformance: fault.conformance === true })
}

describe('a planted fault is found, by the rule that it breaks', () => {
  test.each(faults)('$name', async (fault) => {
    const { failure, schedules } = await find(fault)
    expect(failure?.violation.message ?? 'nothing was found').toMatch(new RegExp(`^(${fault.breaks.join('|')}): `))
    expect(schedules).toBeLessThanOrEqual(enough)
  })
})

test('without a fault the same schedules break nothing', async () => {
  const { failure } = await explore({ from: 0, count: enough })
  expect(failure?.violation.message).toBeUndefined()
})

test('what is found is told as short as it gets, and can be played again from what is printed', async () => {
  const [fault] = faults
  if (fault === undefined) throw new Error('there are no faults')
  const { failure } = await find(fault)
  if (failure === undefined) throw new Error('the fault was not found')
  expect(failure.rows.length).toBeLessThan(rowsInSchedule / 10)
  const shorter = await shrink(failure, { conformance: false })
  expect(shorter.rows).toEqual(failure.rows)
  const { violation } = await play(failure.config, failure.rows, { conformance: false })
  expect(violation?.message).toBe(failure.violation.message)
  const story = await report(failure, { conformance: false })
  expect(story).toContain(failure.violation.message)
  expect(story).toMatch(/HANDSTAMP_SEED=\d+ HANDSTAMP_ROWS=[\d._]+ /)
})

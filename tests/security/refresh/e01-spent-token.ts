import { expect } from 'vitest'
import type { Served } from '../../wire/served-auth.ts'
import { signedIn, type Visitor } from '../../wire/visitor.ts'
import { type Attack, attack } from '../attack.ts'
import { expectOver, expectRefreshed, familyStage, overEach, told } from '../stages/refresh-family.ts'

/** Somebody else holds a copy; then the first of the two refreshes, and the grace passes. */
async function race(first: Visitor, second: Visitor, served: Served): Promise<void> {
  const before = told(served, 'refresh.reuse')
  served.clock.advance('1m')
  await expectRefreshed(first)
  served.clock.advance(10_001)
  await expectOver(second)
  await expectOver(first)
  expect(told(served, 'refresh.reuse') - before).toBe(1)
}

export const spentToken: Attack = attack({
  ids: ['E1', 'E9'],
  title: 'a refresh token that was spent, presented again after the grace',
  cost: 'Whoever copied a refresh token once could stay signed in beside its owner for as long as the owner does.',
  shows: ['RFC 9700 §2.2.2', 'RFC 9700 §4.14.2'],
  stage: familyStage,
  legal: {
    ...overEach('the live token, whenever it is presented', async (visitor, served) => {
      for (const pause of ['11s', '59m'] as const) {
        served.clock.advance(pause)
        await expectRefreshed(visitor)
      }
    }),
    ...overEach('the spent token in the last moment of the grace', async (visitor, served) => {
      const late = visitor.copy()
      await expectRefreshed(visitor)
      served.clock.advance('10s')
      await expectRefreshed(late)
    }),
  },
  hostile: {
    ...overEach('the thief refreshes first', (visitor, served) => race(visitor.copy(), visitor, served)),
    ...overEach('the owner refreshes first', (visitor, served) => race(visitor, visitor.copy(), served)),
    ...overEach('a token of two generations ago, inside the grace of the last', async (visitor, served) => {
      const thief = visitor.copy()
      await expectRefreshed(visitor)
      served.clock.advance(10_001)
      await expectRefreshed(visitor)
      await expectOver(thief)
      await expectOver(visitor)
    }),
    ...overEach('the same, again and again: told once, and no other session ends', async (visitor, served) => {
      const other = await signedIn(served.wire, visitor.transport)
      const thieves = Array.from({ length: 8 }, () => visitor.copy())
      const before = told(served, 'refresh.reuse')
      await expectRefreshed(visitor)
      served.clock.advance('1m')
      await Promise.all(thieves.map(expectOver))
      expect(told(served, 'refresh.reuse') - before).toBe(1)
      await expectRefreshed(other)
    }),
  },
})

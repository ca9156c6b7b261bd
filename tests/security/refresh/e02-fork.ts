import { expect } from 'vitest'
import type { Visitor } from '../../wire/visitor.ts'
import { type Attack, attack } from '../attack.ts'
import { expectOver, expectRefreshed, familyStage, overEach, refreshTokenOf, told } from '../stages/refresh-family.ts'

/** What each of some copies of one token is answered. */
async function answers(copies: readonly Visitor[]): Promise<ReadonlySet<string | undefined>> {
  for (const copy of copies) await expectRefreshed(copy)
  return new Set(copies.map(refreshTokenOf))
}

export const fork: Attack = attack({
  ids: ['E2', 'VilnaCRM #474'],
  title: 'a replay inside the grace that would grow a second branch',
  cost: 'A thief who is quick enough would get a chain of refresh tokens of their own, which no reuse ever gives away.',
  shows: ['RFC 9700 §2.2.2'],
  stage: familyStage,
  legal: overEach(
    'a repeat, as of a tab or after a lost answer, is answered with the same successor',
    async (visitor) => {
      const repeat = visitor.copy()
      await expectRefreshed(visitor)
      expect(await answers([repeat])).toEqual(new Set([refreshTokenOf(visitor)]))
    },
  ),
  hostile: {
    ...overEach('thirty replays make one leaf', async (visitor, served) => {
      const copies = Array.from({ length: 30 }, () => visitor.copy())
      const sessions = await served.auth.sessions.list('ada')
      const before = told(served, 'refresh.rotated')
      await expectRefreshed(visitor)
      served.clock.advance('5s')
      expect(await answers(copies)).toEqual(new Set([refreshTokenOf(visitor)]))
      expect(told(served, 'refresh.rotated') - before).toBe(1)
      expect(await served.auth.sessions.list('ada')).toHaveLength(sessions.length)
    }),
    ...overEach('whoever holds the leaf too is found out at its next turn', async (visitor, served) => {
      const thief = visitor.copy()
      await expectRefreshed(visitor)
      await expectRefreshed(thief)
      served.clock.advance('1m')
      await expectRefreshed(thief)
      served.clock.advance('1m')
      await expectOver(visitor)
      await expectOver(thief)
    }),
    ...overEach('replays do not make the grace longer', async (visitor, served) => {
      const copies = Array.from({ length: 10 }, () => visitor.copy())
      const late = visitor.copy()
      await expectRefreshed(visitor)
      for (const copy of copies) {
        served.clock.advance('1s')
        await expectRefreshed(copy)
      }
      served.clock.advance(1)
      await expectOver(late)
    }),
    ...overEach('the leaf, again within the grace, is not turned once more', async (visitor, served) => {
      await expectRefreshed(visitor)
      const leaf = refreshTokenOf(visitor)
      served.clock.advance('9s')
      await expectRefreshed(visitor)
      expect(refreshTokenOf(visitor)).toBe(leaf)
    }),
  },
})

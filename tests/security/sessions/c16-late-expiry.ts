import { expect } from 'vitest'
import { type Attack, attack, type Inputs } from '../attack.ts'
import { askedOfRecord, type BentStage, bentStage, kept } from '../stages/session-bent-store.ts'

const stage = () => ({ close: () => {} })
const [minute, hour] = [60_000, 3_600_000]
const lifetime = 8 * hour

function inEach(
  name: string,
  attempt: (stage: BentStage, strategy: (typeof kept)[number]) => Promise<void>,
): Inputs<ReturnType<typeof stage>> {
  return Object.fromEntries(
    kept.map((strategy) => [
      `${name}, ${strategy}`,
      async () => {
        const bent = await bentStage(strategy, { lateStore: true })
        try {
          await attempt(bent, strategy)
        } finally {
          await bent.close()
        }
      },
    ]),
  )
}

/** Uses the session every four minutes, 119 times, and is as old then as is said. */
async function useUntil({ visitor, clock }: BentStage, age: number): Promise<void> {
  const begun = clock()
  while (clock() + 4 * minute < begun + lifetime) {
    clock.advance('4m')
    expect((await visitor.refresh()).status).toBe(200)
    expect((await visitor.ask('GET', '/api/me')).status).toBe(200)
  }
  clock.set(begun + age)
}

const gone = (strategy: string): number => (strategy === 'hybrid' ? 400 : 401)

export const lateExpiry: Attack = attack({
  ids: ['C16', 'CVE-2024-35220'],
  title: 'a session past its time, from a store that still has it or because it was used all along',
  cost: 'A cookie stolen once would be good for ever, as long as the thief comes by before each end.',
  shows: ['ASVS 7.3.1', 'ASVS 7.3.2'],
  stage,
  legal: {
    ...inEach('a millisecond before it is idle too long, or its token expires', async (bent, strategy) => {
      bent.clock.advance(strategy === 'token+store' ? 5 * minute - 1 : hour - 1)
      expect(await askedOfRecord(bent, strategy)).toBe(200)
    }),
    ...inEach('used more than a hundred times, a millisecond before its absolute end', async (bent, strategy) => {
      await useUntil(bent, lifetime - 1)
      expect(await askedOfRecord(bent, strategy)).toBe(200)
    }),
  },
  hostile: {
    ...inEach('idle for its whole time, or its token expired, and still in the store', async (bent, strategy) => {
      // Tokens are taken for five seconds more, since clocks differ.
      bent.clock.advance(strategy === 'token+store' ? 5 * minute + 5_000 : hour)
      expect(await askedOfRecord(bent, strategy)).toBe(gone(strategy))
      expect((await bent.visitor.refresh()).status).toBe(400)
    }),
    ...inEach('used more than a hundred times, and at its absolute end', async (bent, strategy) => {
      await useUntil(bent, lifetime)
      expect(await askedOfRecord(bent, strategy)).toBe(gone(strategy))
      expect((await bent.visitor.refresh()).status).toBe(400)
    }),
    ...inEach('past its end in a list, which a store of such a kind would show', async ({ clock, served }) => {
      expect(await served.auth.sessions.list('ada')).toHaveLength(1)
      clock.advance(lifetime)
      expect(await served.auth.sessions.list('ada')).toEqual([])
    }),
  },
})

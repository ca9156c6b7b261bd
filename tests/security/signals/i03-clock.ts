import { expect } from 'vitest'
import { expectProblem } from '../../wire/expectations.ts'
import { expected, pairs } from '../../wire/outward-answers.ts'
import { type Served, serveAuth } from '../../wire/served-auth.ts'
import { grace, ownPage, signedIn, type Visitor } from '../../wire/visitor.ts'
import { type Attack, attack, type Closable, type Inputs } from '../attack.ts'

type Pair = (typeof pairs)[number]

interface Clocks extends Closable {
  serve(pair: Pair): Promise<Served>
}

const hour = 3_600_000

function clocks(): Clocks {
  const all: Served[] = []
  return {
    async serve(pair) {
      const served = await serveAuth({ ...pair, times: { idleTimeout: '30d', lifetime: '30d' } })
      all.push(served)
      return served
    },
    close: () => Promise.all(all.map((served) => served.stop())),
  }
}

function onEach(
  name: string,
  attempt: (visitor: Visitor, served: Served, pair: Pair) => unknown,
  of: readonly Pair[] = pairs,
): Inputs<Clocks> {
  return Object.fromEntries(
    of.map((pair) => [
      `${name}, ${pair.strategy} by ${pair.transport}`,
      async ({ serve }: Clocks) => {
        const served = await serve(pair)
        await attempt(await signedIn(served.wire, pair.transport), served, pair)
      },
    ]),
  )
}

/** Signed in, as the application and the refresh see it. */
async function expectWell(visitor: Visitor): Promise<void> {
  expect((await visitor.ask('GET', '/api/me')).status).toBe(200)
  expect((await visitor.refresh()).status).toBe(200)
  expect((await visitor.ask('GET', '/api/me')).status).toBe(200)
}

/** The pairs whose access credential says when it begins and has nothing beside it that could make a new one. */
const signed = pairs.filter(({ strategy }) => strategy === 'token' || strategy === 'token+store')
const recorded = pairs.filter(({ strategy }) => strategy !== 'token')
/** The idle limit of the others is the access lifetime: a jump of an hour is beyond it. */
const lasting = pairs.filter(({ strategy }) => strategy === 'session' || strategy === 'hybrid')

/** The ends of 31 and 32 bits of seconds, of 53 bits of microseconds, and of four digits. */
const years: readonly (readonly [time: number, of: readonly Pair[]])[] = [
  [Date.UTC(2038, 0, 19, 3, 14, 8), pairs],
  [Date.UTC(2106, 1, 7, 6, 28, 16), pairs],
  [Date.UTC(2255, 5, 1), pairs],
  [Date.UTC(9999, 0, 1), pairs],
]

/** Neither let in nor sent away. */
async function expectKept(visitor: Visitor, { wire, events }: Served): Promise<void> {
  const held = visitor.held()
  expectProblem(await visitor.ask('GET', '/api/me'), expected('invalid token', wire))
  for (const answer of [await visitor.refresh(), await visitor.ask('GET', '/auth/session')]) {
    expectProblem(answer, { status: 503, code: 'temporarily_unavailable' })
    expect([answer.header('retry-after'), answer.setCookies]).toEqual(['1', []])
    expect(events.at(-1)).toMatchObject({ type: 'error', code: 'ERR_CLOCK_BEHIND' })
  }
  expect(visitor.held()).toEqual(held)
}

/** Ends the session, and says how. */
const endings: Readonly<Record<string, (visitor: Visitor, served: Served) => unknown>> = {
  'signed out': (visitor) => visitor.copy().ask('POST', '/auth/sign-out', { headers: ownPage }),
  'signed out everywhere': (_, { auth }) => auth.sessions.revokeAll('ada'),
}

export const clock: Attack = attack({
  ids: ['I3'],
  title: 'a clock of the server that jumps',
  cost: 'A wrong answer of a time server would sign everybody out, or bring back sessions that were ended.',
  shows: ['ASVS 7.3.1', 'ASVS 7.3.2'],
  stage: clocks,
  legal: {
    ...onEach('a clock that goes as clocks do', async (visitor, served) => {
      for (let turn = 0; turn < 5; turn += 1) {
        served.clock.advance('4m')
        await expectWell(visitor)
      }
    }),
    ...onEach('one that is set back by a leap second', async (visitor, served) => {
      served.clock.advance(-1_000)
      await expectWell(visitor)
    }),
  },
  hostile: {
    ...onEach(
      'an hour back: signed in all along',
      async (visitor, served) => {
        served.clock.advance('1m')
        await expectWell(visitor)
        served.clock.advance(-hour)
        const { json, status } = await visitor.ask('GET', '/auth/session')
        expect(status === 200 || (json as { code: string }).code === 'token_expired').toBe(true)
        expect((await visitor.refresh()).status).toBe(200)
        await expectWell(visitor)
        served.clock.advance(hour)
        expect((await visitor.refresh()).status).toBe(200)
        await expectWell(visitor)
      },
      lasting,
    ),
    ...onEach(
      'an hour back: a token of the future is taken nowhere and thrown away by nobody',
      async (visitor, served) => {
        served.clock.advance(-hour)
        await expectKept(visitor, served)
        served.clock.advance(hour - 30_000)
        await expectWell(visitor)
      },
      signed,
    ),
    ...onEach('an hour back: a new sign-in is good at once, over what is held', async (visitor, served) => {
      served.clock.advance('4m')
      await visitor.refresh()
      served.clock.advance(-hour)
      expect((await visitor.signIn()).status).toBe(200)
      await expectWell(visitor)
    }),
    ...onEach(
      'an hour ahead: below the idle limit nobody is signed out',
      async (visitor, served) => {
        served.clock.advance(hour)
        expect((await visitor.refresh()).status).toBe(200)
        await expectWell(visitor)
        served.clock.advance(-hour)
        expect((await visitor.refresh()).status).toBe(200)
        await expectWell(visitor)
      },
      lasting,
    ),
    ...Object.assign(
      {},
      ...Object.entries(endings).map(([ending, end]) =>
        onEach(
          `${ending}, and an hour back: it stays ended`,
          async (visitor, served) => {
            const copy = visitor.copy()
            served.clock.advance('1m')
            await end(visitor, served)
            for (const jump of [-hour, hour, hour]) {
              served.clock.advance(jump)
              expect((await copy.copy().refresh()).status).not.toBe(200)
              if (jump < 0) expect((await signedIn(served.wire, visitor.transport)).held()).not.toEqual([])
            }
            served.clock.advance(-hour)
            expect((await copy.copy().refresh()).status).toBe(400)
          },
          recorded,
        ),
      ),
    ),
    ...onEach(
      'an hour back after a reuse: the family stays dead',
      async (visitor, served) => {
        const thief = visitor.copy()
        await visitor.refresh()
        served.clock.advance('1m')
        expect((await thief.refresh()).status).toBe(400)
        served.clock.advance(-hour)
        expect((await visitor.refresh()).status).toBe(400)
      },
      pairs.filter(({ strategy }) => strategy === 'hybrid'),
    ),
    ...Object.assign(
      {},
      ...years.map(([time, of]) =>
        onEach(
          `in the year ${new Date(time).getUTCFullYear()}`,
          async (_, served, { transport }) => {
            served.clock.set(time - 60_000)
            const visitor = await signedIn(served.wire, transport, grace)
            served.clock.advance('2m')
            await expectWell(visitor)
            for (const line of (await visitor.refresh()).setCookies) expect(line).toMatch(/Max-Age=\d{4,8}(;|$)/)
          },
          of,
        ),
      ),
    ),
  },
})

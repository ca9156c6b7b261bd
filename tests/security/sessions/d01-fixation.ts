import { expect } from 'vitest'
import { unknownRefresh, unknownSession } from '../../wire/outward-answers.ts'
import type { Served } from '../../wire/served-auth.ts'
import { ada, grace, ownPage, type Visitor } from '../../wire/visitor.ts'
import { type Attack, attack } from '../attack.ts'
import {
  expectDead,
  expectKnown,
  expectUnrefreshable,
  member,
  onPairs,
  type Pair,
  pairStage,
  recorded,
  stranger,
} from '../stages/session-pairs.ts'

/** Signs ada in by a browser or client into which these credentials were planted. */
async function signInOver(planted: Visitor): Promise<{ readonly victim: Visitor; readonly before: readonly string[] }> {
  const victim = planted.copy()
  const before = planted.held()
  expect((await victim.signIn(ada)).status).toBe(200)
  return { victim, before }
}

async function sessionId(visitor: Visitor): Promise<string | undefined> {
  const { json } = await visitor.copy().ask('GET', '/auth/session')
  return (json as { readonly session: { readonly id: string } | null }).session?.id
}

/** Nothing that was there before the sign-in says who is there after it. */
async function expectReplaced(victim: Visitor, before: readonly string[]): Promise<void> {
  await expectKnown(victim, 'ada')
  for (const credential of before) expect(victim.held()).not.toContain(credential)
}

function plant({ wire }: Served, pair: Pair, visitor: Visitor, credential: string): Visitor {
  if (pair.transport === 'cookie') visitor.cookies.set(wire.access, credential)
  else visitor.tokens.access = credential
  if (pair.strategy === 'hybrid' && pair.transport !== 'bearer') visitor.cookies.set(wire.refresh, unknownRefresh)
  return visitor
}

export const fixation: Attack = attack({
  ids: ['D1', 'D2', 'D6', 'CVE-2022-25896', 'CVE-2023-29019', 'CVE-2021-41246'],
  title: 'a session that the attacker chose before the victim signs in',
  cost: 'The attacker would hold the victim’s session from its first second, having read nothing.',
  shows: ['ASVS 7.2.4', 'ASVS 7.6.2'],
  stage: pairStage(),
  legal: {
    ...onPairs('a sign-in of a browser with nothing in it', async (served, pair) => {
      await expectKnown(await member(served, pair))
    }),
    ...onPairs('a second sign-in of the same user beside the first, from elsewhere', async (served, pair) => {
      const [first, second] = [await member(served, pair), await member(served, pair)]
      await expectKnown(first)
      await expectKnown(second)
      expect(await sessionId(first)).not.toBe(await sessionId(second))
    }),
  },
  hostile: {
    ...onPairs('a well-formed id of nobody: never adopted', async (served, pair) => {
      const planted = plant(served, pair, stranger(served, pair), unknownSession)
      const { victim, before } = await signInOver(planted)
      await expectReplaced(victim, before)
      await expectDead(plant(served, pair, stranger(served, pair), unknownSession))
    }),
    ...onPairs(
      'the attacker’s own live session: ended by the sign-in over it, and not of the victim',
      async (served, pair) => {
        const attacker = await member(served, pair, grace)
        const own = await sessionId(attacker)
        const { victim, before } = await signInOver(attacker)
        await expectReplaced(victim, before)
        expect((await served.auth.sessions.list('grace')).map(({ id }) => id)).not.toContain(own)
        // A signed token of minutes may still name the attacker; it never names ada.
        const { status, json } = await attacker.ask('GET', '/api/me')
        expect(status === 401 || (json as { user: { id: string } }).user.id === 'grace').toBe(true)
        await expectUnrefreshable(attacker)
      },
      recorded,
    ),
    ...onPairs(
      'the victim’s own session of before the sign-in: dead after it',
      async (served, pair) => {
        const before = await member(served, pair)
        const thief = before.copy()
        const { victim } = await signInOver(before)
        await expectReplaced(victim, before.held())
        expect(await sessionId(victim)).not.toBe(await sessionId(thief))
        await expectUnrefreshable(thief)
        if (pair.strategy !== 'hybrid') await expectDead(thief)
      },
      recorded,
    ),
    ...onPairs('an id in the query, the body, a header and cookies of other names', async (served, pair) => {
      const theirs = (await member(served, pair, grace)).held()[0] ?? ''
      for (const chosen of [unknownSession, theirs]) {
        const victim = stranger(served, pair)
        for (const name of ['session', 'sid', 'connect.sid', 'PHPSESSID', 'JSESSIONID', 'handstamp'])
          victim.cookies.set(name, chosen)
        const answer = await victim.ask('POST', `/auth/sign-in;jsessionid=${chosen}?sid=${chosen}`, { json: ada })
        expect(answer.status).toBe(404)
        const taken = await victim.ask('POST', `/auth/sign-in?sid=${chosen}&session=${chosen}&token=${chosen}`, {
          headers: [
            ...ownPage,
            ['Handstamp-Transport', pair.transport],
            ['X-Session-Id', chosen],
            ['X-Auth-Token', chosen],
          ],
          json: { ...ada, sessionId: chosen, sid: chosen, session: chosen, refresh_token: chosen },
        })
        expect(taken.status).toBe(200)
        expect([victim.cookies.get(served.wire.access), victim.tokens.access]).not.toContain(chosen)
        await expectKnown(victim)
      }
    }),
    ...onPairs('a live session in a query alone signs nobody in, and is told to be a mistake', async (served, pair) => {
      const theirs = (await member(served, pair, grace)).held()[0] ?? ''
      for (const [name, status] of [
        ['access_token', 400],
        ['sid', 401],
        ['session', 401],
        ['token', 401],
      ] as const) {
        const answer = await stranger(served, pair).ask('GET', `/api/me?${name}=${theirs}`)
        expect(answer.status).toBe(status)
      }
    }),
  },
})

import { expect } from 'vitest'
import { type Served, serveAuth, strategyOf } from '../../wire/served-auth.ts'
import { newVisitor, type Visitor } from '../../wire/visitor.ts'
import { type Attack, attack } from '../attack.ts'
import {
  expectDead,
  expectKnown,
  expectUnrefreshable,
  lookedUp,
  member,
  onPairs,
  type Pair,
  pairStage,
  recorded,
} from '../stages/session-pairs.ts'

const hybrids = recorded.filter(({ strategy }) => strategy === 'hybrid')
const stateless: readonly Pair[] = [
  { strategy: 'token', transport: 'cookie' },
  { strategy: 'token', transport: 'bearer' },
]

/** Signs out, and answers what was captured before. */
async function captured(served: Served, pair: Pair): Promise<{ readonly stolen: Visitor; readonly told: unknown }> {
  const visitor = await member(served, pair)
  const stolen = visitor.copy()
  const answer = await visitor.ask('POST', '/auth/sign-out')
  expect(answer.status).toBe(pair.strategy === 'token' ? 200 : 204)
  expect([...visitor.cookies]).toEqual([])
  return { stolen, told: answer.json }
}

async function expectExpired(stolen: Visitor): Promise<void> {
  expect((await stolen.ask('GET', '/api/me')).json).toMatchObject({ code: 'token_expired' })
  await expectUnrefreshable(stolen)
}

export const signedOut: Attack = attack({
  ids: ['CVE-2023-20862', 'CVE-2024-31999', 'iron-session'],
  title: 'a credential that was captured before its owner signed out',
  cost: 'Signing out at a shared computer would be a show, and whoever copied the cookie would stay for weeks.',
  shows: ['ASVS 7.4.1'],
  stage: pairStage(),
  legal: {
    ...onPairs('the same copy while its owner is signed in', async (served, pair) => {
      await expectKnown((await member(served, pair)).copy())
    }),
    ...onPairs(
      'another session of the same user, which did not sign out',
      async (served, pair) => {
        const other = await member(served, pair)
        await captured(served, pair)
        await expectKnown(other)
        expect((await other.refresh()).status).toBe(200)
      },
      recorded,
    ),
  },
  hostile: {
    ...onPairs(
      'at once, where a record is read',
      async (served, pair) => expectDead((await captured(served, pair)).stolen),
      lookedUp,
    ),
    ...onPairs(
      'by another process on the same store',
      async (served, pair) => {
        const { stolen } = await captured(served, pair)
        const { store, keys } = served
        const other = await serveAuth({ strategy: strategyOf(pair.strategy, store, keys), transport: pair.transport })
        try {
          other.clock.set(served.clock())
          await expectDead(newVisitor(other.wire, pair.transport, stolen))
          expect(await other.auth.sessions.list('ada')).toEqual(await served.auth.sessions.list('ada'))
        } finally {
          await other.stop()
        }
      },
      lookedUp,
    ),
    ...onPairs(
      'by a refresh at once, and by an access token of minutes after those',
      async (served, pair) => {
        const { stolen } = await captured(served, pair)
        await expectUnrefreshable(stolen)
        served.clock.advance(5 * 60_000 + 5_000)
        expect((await stolen.ask('GET', '/api/me')).status).toBe(401)
      },
      hybrids,
    ),
    ...onPairs(
      'of a token without a record, once it expires: its end is inside of it, whatever the cookie says, and was told',
      async (served, pair) => {
        const { stolen, told } = await captured(served, pair)
        const { validUntil } = told as { readonly validUntil: number }
        expect(told).toEqual({ revoked: false, validUntil: served.clock() + 5 * 60_000 })
        served.clock.set(validUntil + 5_000)
        await expectExpired(stolen)
      },
      stateless,
    ),
    ...onPairs(
      'of such a token, refreshed again and again: its absolute end is inside of it as well',
      async (served, pair) => {
        const { stolen } = await captured(served, pair)
        const end = served.clock() + 8 * 3_600_000
        while (served.clock() + 4 * 60_000 < end) {
          served.clock.advance('4m')
          expect((await stolen.refresh()).status).toBe(200)
        }
        served.clock.set(end + 5_000)
        await expectExpired(stolen)
      },
      stateless,
    ),
    ...onPairs(
      'a copy that signs out once more takes no other session with it',
      async (served, pair) => {
        const { stolen } = await captured(served, pair)
        const next = await member(served, pair)
        expect((await stolen.ask('POST', '/auth/sign-out')).status).toBe(204)
        await expectKnown(next)
      },
      recorded,
    ),
  },
})

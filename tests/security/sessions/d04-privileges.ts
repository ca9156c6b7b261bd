import { expect } from 'vitest'
import type { Served, User } from '../../wire/served-auth.ts'
import type { Visitor } from '../../wire/visitor.ts'
import { type Attack, attack, type Inputs } from '../attack.ts'
import {
  expectDead,
  expectKnown,
  expectUnrefreshable,
  member,
  onPairs,
  type Pair,
  type PairStage,
  pairStage,
  recorded,
} from '../stages/session-pairs.ts'

/** The visitor proves more, or is given more: what the application does then. */
async function renew(visitor: Visitor, { auth }: Served, user: User, pending?: string): Promise<Visitor> {
  const headers = visitor.credentials().map(([name, value]): [string, string] => [name, value])
  const renewed = await auth.renew(
    user,
    new Request(`${auth.origin}/step-up`, { headers }),
    pending === undefined ? {} : { pending },
  )
  if (!renewed.ok) throw new Error(renewed.reason)
  const after = visitor.copy()
  const { headers: given } = auth.apply(renewed, new Response())
  const setCookies = given.getSetCookie()
  after.keep({ status: 200, headers: [], text: '', header: () => null, setCookies, json: renewed.body })
  return after
}

const changes: Readonly<Record<string, (visitor: Visitor, served: Served) => Promise<Visitor>>> = {
  'a second factor': (visitor, served) => renew(visitor, served, { id: 'ada', role: 'admin' }),
  'another role': (visitor, served) => renew(visitor, served, { id: 'ada', role: 'auditor' }),
  'a role that is taken away': (visitor, served) => renew(visitor, served, { id: 'ada', role: 'none' }),
  'a step-up, and another one after it': async (visitor, served) =>
    renew(await renew(visitor, served, { id: 'ada', role: 'admin' }), served, { id: 'ada', role: 'root' }),
}

function onEach(
  attempt: (before: Visitor, after: Visitor, served: Served, pair: Pair) => Promise<void>,
): Inputs<PairStage> {
  return Object.assign(
    {},
    ...Object.entries(changes).map(([name, change]) =>
      onPairs(
        name,
        async (served, pair) => {
          const before = await member(served, pair)
          await attempt(before, await change(before.copy(), served), served, pair)
        },
        recorded,
      ),
    ),
  ) as Inputs<PairStage>
}

export const privileges: Attack = attack({
  ids: ['D4'],
  title: 'the id of before, after its owner has proven more or was given more',
  cost: 'A cookie that was stolen while it was worth little would be an administrator’s by the afternoon.',
  shows: ['ASVS 7.2.4'],
  stage: pairStage({}, recorded),
  legal: onEach(async (_before, after) => {
    await expectKnown(after)
    expect((await after.refresh()).status).toBe(200)
  }),
  hostile: {
    ...onEach(async (before, after, served, { strategy }) => {
      for (const credential of before.held()) expect(after.held()).not.toContain(credential)
      await expectUnrefreshable(before)
      // Without a change feed a hybrid access token lives until it expires, which is what its minutes are for.
      if (strategy === 'hybrid') served.clock.advance('6m')
      if (strategy === 'hybrid') expect((await before.ask('GET', '/api/me')).status).toBe(401)
      else await expectDead(before)
      if (strategy === 'hybrid') expect((await after.refresh()).status).toBe(200)
      await expectKnown(after)
    }),
    ...onPairs(
      'a session that still owes its second factor, by its own credential',
      async (served, pair) => {
        const owing = await renew(await member(served, pair), served, { id: 'ada', role: 'admin' }, 'mfa')
        expect((await owing.ask('GET', '/api/me')).json).toMatchObject({ code: 'step_up_required' })
        expect((await owing.ask('GET', '/auth/sessions')).status).toBe(401)
        await owing.refresh()
        expect((await owing.ask('GET', '/api/me')).json).toMatchObject({ code: 'step_up_required' })
      },
      recorded,
    ),
    ...onPairs(
      'another user in place of the session’s own',
      async (served, pair) => {
        const visitor = await member(served, pair)
        await expect(renew(visitor, served, { id: 'grace', role: 'admin' })).rejects.toThrow(TypeError)
        await expectKnown(visitor)
      },
      recorded,
    ),
  },
})

import { memoryStore } from '@handstamp/server'
import { contractRecord } from '@handstamp/server/testing'
import { expect } from 'vitest'
import type { Served, User } from '../../wire/served-auth.ts'
import { newVisitor, type Visitor } from '../../wire/visitor.ts'
import { type Attack, attack } from '../attack.ts'
import { during } from '../stages/session-held-write.ts'
import { member, onPairs, type Pair, pairStage, recorded } from '../stages/session-pairs.ts'

/** A request of the visitor, as the application has it in hand. */
function requestOf(visitor: Visitor, { auth }: Served): Request {
  return new Request(`${auth.origin}/settings`, {
    headers: visitor.credentials().map(([name, value]) => [name, value] as [string, string]),
  })
}

async function roleSeen(served: Served, pair: Pair, visitor: Visitor): Promise<unknown> {
  // A hybrid token says what was true when it was signed; the record speaks at the refresh.
  const asked = pair.strategy === 'hybrid' ? newVisitor(served.wire, pair.transport, visitor) : visitor
  if (pair.strategy === 'hybrid') await asked.refresh()
  return ((await asked.ask('GET', '/api/me')).json as { readonly user: User }).user.role
}

export const lostUpdates: Attack = attack({
  ids: ['C19', 'CVE-2021-22112'],
  title: 'two changes of one session in one request, or at the same time',
  cost: 'A privilege that was taken away would come back, because an older copy was written last.',
  shows: ['ASVS 7.2.4'],
  stage: pairStage({}, recorded),
  legal: {
    ...onPairs(
      'one change',
      async (served, pair) => {
        const visitor = await member(served, pair)
        await served.auth.sessions.update({ id: 'ada', role: 'member' })
        expect(await roleSeen(served, pair, visitor)).toBe('member')
      },
      recorded,
    ),
  },
  hostile: {
    ...onPairs(
      'two changes in one request: the last one stays',
      async (served, pair) => {
        const visitor = await member(served, pair)
        await served.auth.sessions.update({ id: 'ada', role: 'auditor' })
        await served.auth.sessions.update({ id: 'ada', role: 'member' })
        expect(await roleSeen(served, pair, visitor)).toBe('member')
      },
      recorded,
    ),
    ...onPairs(
      'a renewal and a change after it in one request: the change stays, under the new id',
      async (served, pair) => {
        const visitor = await member(served, pair)
        const renewed = await served.auth.renew({ id: 'ada', role: 'auditor' }, requestOf(visitor, served))
        if (!renewed.ok) throw new Error(renewed.reason)
        await served.auth.sessions.update({ id: 'ada', role: 'member' })
        const { sessions } = await served.store.listByUser(renewed.session.id.slice(0, 16))
        const record = sessions.find(({ id }) => id === renewed.session.id)?.record
        expect(record?.user).toEqual({ id: 'ada', role: 'member' })
      },
      recorded,
    ),
    ...onPairs(
      'two renewals by one request: the second is refused and says so, so that nothing is dropped in silence',
      async (served, pair) => {
        const visitor = await member(served, pair)
        const request = requestOf(visitor, served)
        expect(await served.auth.renew({ id: 'ada', role: 'auditor' }, request)).toMatchObject({ ok: true })
        expect(await served.auth.renew({ id: 'ada', role: 'admin' }, request)).toMatchObject({ ok: false })
      },
      recorded,
    ),
    ...onPairs(
      'two renewals at once: one session comes of it, not two',
      async (served, pair) => {
        await served.auth.sessions.revokeAll('ada')
        const visitor = await member(served, pair)
        const both = await Promise.all(
          ['auditor', 'member'].map((role) => served.auth.renew({ id: 'ada', role }, requestOf(visitor, served))),
        )
        expect(both.filter(({ ok }) => ok)).toHaveLength(1)
        expect(await served.auth.sessions.list('ada')).toHaveLength(1)
      },
      recorded,
    ),
    ...onPairs(
      'a change while a request was about to note that the session is used: the change stays',
      async (served, pair) => {
        const visitor = await member(served, pair)
        const change = () => served.auth.sessions.update({ id: 'ada', role: 'member' })
        await during(served, () => visitor.copy().ask('GET', '/api/me'), 'replace', change)
        expect(await roleSeen(served, pair, visitor)).toBe('member')
      },
      recorded.filter(({ strategy }) => strategy === 'session'),
    ),
    ...onPairs(
      'a change while a refresh was about to be written: the change stays, and so does the refresh',
      async (served, pair) => {
        const visitor = await member(served, pair)
        const change = () => served.auth.sessions.update({ id: 'ada', role: 'member' })
        const { status } = await during(served, () => visitor.refresh(), 'replace', change)
        expect([status, await roleSeen(served, pair, visitor)]).toEqual([200, 'member'])
      },
      recorded,
    ),
    ...onPairs(
      'a renewal while an older change was about to be written: the renewal stays, under its own id alone',
      async (served, pair) => {
        await served.auth.sessions.revokeAll('ada')
        const visitor = await member(served, pair)
        const renew = () => served.auth.renew({ id: 'ada', role: 'auditor' }, requestOf(visitor, served))
        await during(served, () => served.auth.sessions.update({ id: 'ada', role: 'member' }), 'replace', renew)
        expect(await served.auth.sessions.list('ada')).toHaveLength(1)
      },
      recorded,
    ),
    'the store itself: of twenty writes of one version, one is taken whole': async () => {
      const clock = () => 1_800_000_000_000
      const store = memoryStore({ clock })
      const record = contractRecord({ createdAt: clock() })
      await store.save(record.id, record, { epoch: undefined, cap: 10 })
      const { version } = (await store.find(record.id)) ?? { version: -1 }
      const written = Array.from({ length: 20 }, (_, at) => ({
        ...record,
        user: { id: `${at}`, mark: at },
        ip: `${at}`,
      }))
      const taken = await Promise.all(written.map((next) => store.replace(record.id, version, next)))
      expect(taken.filter(Boolean)).toHaveLength(1)
      const { user, ip } = (await store.find(record.id))?.record ?? {}
      expect({ user, ip }).toEqual({ user: { id: ip, mark: Number(ip) }, ip })
    },
  },
})

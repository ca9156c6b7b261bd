/**
 * What holds when many calls run at once; between processes, a store's own tests repeat these.
 * @module
 */
import { handleOf } from '@handstamp/core/credential'
import type { SessionRecord } from '@handstamp/core/session'
import { epochAt } from '../../stores/store.ts'
import { assert, assertEqual } from '../assert.ts'
import { type Bench, type ContractCase, contractCase } from './case.ts'

export const raceCases: readonly ContractCase[] = [
  contractCase('races: a counter raised by compare-and-swap is exact', async (bench) => {
    const { id } = await bench.signIn(bench.record({ user: { count: 0 } }))
    await Promise.all(Array.from({ length: 8 }, () => times(10, () => increment(bench, id))))
    assertEqual((await bench.found(id)).record.user, { count: 80 }, 'user')
  }),

  contractCase('races: of many replaces of one version, one succeeds', async ({ store, signIn, found, record }) => {
    const { id } = await signIn(record())
    const { record: kept, version } = await found(id)
    const answers = await Promise.all(counting(20, (n) => store.replace(id, version, { ...kept, authTime: n })))
    assertEqual(answers.filter(Boolean).length, 1, 'replaces that succeeded')
    assertEqual((await found(id)).record.authTime, answers.indexOf(true), 'whose record is kept')
  }),

  contractCase('races: of many saves of one id, one succeeds', async ({ store, signIn, record }) => {
    const { userId, epoch } = await signIn(record())
    const one = record({ userId, epoch })
    const answers = await Promise.all(counting(20, () => store.save(one.id, one, { epoch, cap: 100 })))
    assertEqual(answers.filter((answer) => answer === 'saved').length, 1, 'saves that succeeded')
    assertEqual(answers.filter((answer) => answer === 'exists').length, 19, 'saves that found it taken')
  }),

  contractCase('races: of many deletes of one session, one ends it', async ({ store, signIn, record }) => {
    const { id } = await signIn(record())
    const answers = await Promise.all(counting(20, () => store.delete(id)))
    assertEqual(answers.filter(Boolean).length, 1, 'deletes that ended it')
  }),

  contractCase('races: the first sign-ins of a user agree on one epoch', async ({ store, clock, found, record }) => {
    const { userId } = record()
    const rivals = counting(10, (n) => record({ userId, epoch: epochAt(clock()) + n }))
    const answers = await Promise.all(
      rivals.map((rival) => store.save(rival.id, rival, { epoch: undefined, cap: 100 })),
    )
    const saved = rivals.filter((_rival, at) => answers[at] === 'saved')
    assertEqual(saved.length, 1, 'saves that made the epoch')
    assertEqual(answers.filter((answer) => answer === 'epoch').length, 9, 'saves that came too late')
    for (const { id, epoch } of saved) assertEqual((await found(id)).record.epoch, epoch, 'epoch')
  }),

  contractCase(
    'races: signing out everywhere leaves nothing of the sign-ins that run meanwhile',
    async ({ store, clock, signIn, record }) => {
      for (const before of [0, 3, 10]) {
        const first = await signIn(record())
        const { epoch, userId } = first
        const save = (one: SessionRecord): Promise<unknown> => store.save(one.id, one, { epoch, cap: 100 })
        const sessions = counting(20, () => record({ userId, epoch }))
        clock.advance(1)
        await Promise.all([
          ...sessions.slice(0, before).map(save),
          store.deleteByUser(handleOf(first.id)),
          ...sessions.slice(before).map(save),
        ])
        assertEqual((await store.listByUser(handleOf(first.id))).sessions, [], 'sessions')
        for (const { id } of [first, ...sessions]) assertEqual(await store.find(id), undefined, 'find')
      }
    },
  ),

  contractCase('races: no touch revives what is deleted meanwhile', async ({ store, signIn, found, record }) => {
    for (let round = 0; round < 5; round += 1) {
      const { id } = await signIn(record())
      const { record: kept, version } = await found(id)
      const touch = (n: number): Promise<unknown> =>
        store.replace(id, version + n, { ...kept, lastSeenAt: kept.lastSeenAt + n })
      await Promise.all([...counting(round, touch), store.delete(id), ...counting(5, touch)])
      assertEqual(await store.find(id), undefined, 'find')
    }
  }),

  contractCase(
    'races: a session that moves while it is deleted is in one place or none',
    async ({ store, signIn, found, record }) => {
      for (const deleteFirst of [true, false]) {
        const { id, userId } = await signIn(record())
        const { record: kept, version } = await found(id)
        const { id: as } = record({ userId })
        const move = (): Promise<boolean> => store.replace(id, version, { ...kept, id: as }, { as })
        const work = deleteFirst ? [store.delete(id), move()] : [move(), store.delete(id)]
        const [one, other] = await Promise.all(work)
        assert(one !== other, 'either the move succeeds or the delete')
        assertEqual(await store.find(id), undefined, 'the old id')
        const { sessions } = await store.listByUser(handleOf(id))
        assertEqual(sessions.length, (await store.find(as)) === undefined ? 0 : 1, 'sessions')
      }
    },
  ),

  contractCase('races: sign-ins at once do not pass the cap', async ({ store, signIn, record }) => {
    const { id, userId, epoch } = await signIn(record())
    const cap = 5
    await Promise.all(
      counting(20, () => {
        const one = record({ userId, epoch })
        return store.save(one.id, one, { epoch, cap })
      }),
    )
    const { sessions } = await store.listByUser(handleOf(id))
    assertEqual(sessions.length, cap, 'sessions')
  }),

  contractCase('races: sign-ins at once that are to refuse end none', async ({ store, signIn, record }) => {
    const first = await signIn(record())
    const { userId, epoch } = first
    const cap = 5
    const rivals = counting(20, () => record({ userId, epoch }))
    const answers = await Promise.all(
      rivals.map((rival) => store.save(rival.id, rival, { epoch, cap, full: 'refuse' })),
    )
    const saved = rivals.filter((_rival, at) => answers[at] === 'saved')
    assertEqual(saved.length, cap - 1, 'saves that succeeded')
    assertEqual(answers.filter((answer) => answer === 'full').length, 20 - saved.length, 'saves that were refused')
    const { sessions } = await store.listByUser(handleOf(first.id))
    assertEqual(sessions.map(({ id }) => id).sort(), [first, ...saved].map(({ id }) => id).sort(), 'sessions')
  }),

  contractCase(
    'races: signing out everywhere, many times at once, keeps raising the epoch',
    async ({ store, signIn, record }) => {
      const { id, epoch } = await signIn(record())
      const answers = await Promise.all(counting(10, () => store.deleteByUser(handleOf(id))))
      const epochs = new Set(answers.map((answer) => answer.epoch))
      assertEqual(epochs.size, 10, 'different epochs')
      assert(Math.min(...epochs) > epoch, 'all are later than the first')
      assertEqual((await store.listByUser(handleOf(id))).epoch, Math.max(...epochs), 'the epoch that holds')
    },
  ),
]

async function increment({ store, found }: Bench, id: string): Promise<void> {
  for (let attempt = 0; attempt < 1_000; attempt += 1) {
    const { record, version } = await found(id)
    const { count } = record.user as { count: number }
    if (await store.replace(id, version, { ...record, user: { count: count + 1 } })) return
  }
  throw new Error('compare-and-swap was lost a thousand times')
}

async function times(count: number, work: () => Promise<void>): Promise<void> {
  for (let n = 0; n < count; n += 1) await work()
}

function counting<T>(count: number, make: (n: number) => T): T[] {
  return Array.from({ length: count }, (_none, n) => make(n))
}

/**
 * What `save` promises: it creates and only creates, under the user's epoch, within the cap, and ends nobody where it is to refuse.
 * @module
 */
import { handleOf } from '@handstamp/core/credential'
import { assert, assertEqual } from '../assert.ts'
import { type ContractCase, contractCase } from './case.ts'

export const saveCases: readonly ContractCase[] = [
  contractCase(
    'save: a second save of one id answers "exists" and changes nothing',
    async ({ store, signIn, found, record }) => {
      const first = await signIn(record())
      const before = await found(first.id)
      const again = await store.save(first.id, { ...first, user: { id: 'other' } }, { epoch: first.epoch, cap: 100 })
      assertEqual(again, 'exists', 'the second save')
      assertEqual(await found(first.id), before, 'the record')
    },
  ),

  contractCase(
    "save: the first of a user brings the record's epoch, which outlives the session",
    async ({ store, signIn, record }) => {
      const { id, userId, epoch } = await signIn(record())
      await store.delete(id)
      assertEqual((await store.listByUser(handleOf(id))).epoch, epoch, 'epoch after the last session ended')
      const next = record({ userId })
      assertEqual(await store.save(next.id, next, { epoch: undefined, cap: 100 }), 'epoch', 'a save that saw no epoch')
      await signIn(next)
    },
  ),

  contractCase('save: "epoch" where the epoch is another, and nothing is kept', async ({ store, signIn, record }) => {
    const first = await signIn(record())
    for (const epoch of [undefined, 0, first.epoch - 1, first.epoch + 1]) {
      const late = record({ userId: first.userId, epoch: epoch ?? first.epoch })
      assertEqual(await store.save(late.id, late, { epoch, cap: 100 }), 'epoch', `save under ${epoch}`)
      assertEqual(await store.find(late.id), undefined, 'find')
    }
  }),

  contractCase('save: "epoch" where an epoch is expected and the user has none', async ({ store, record }) => {
    const lost = record()
    assertEqual(await store.save(lost.id, lost, { epoch: lost.epoch, cap: 100 }), 'epoch', 'save')
    assertEqual(await store.find(lost.id), undefined, 'find')
  }),

  contractCase(
    'save: "epoch" for all who read it before the user was signed out everywhere',
    async ({ store, clock, signIn, record }) => {
      const first = await signIn(record())
      clock.advance(5)
      await store.deleteByUser(handleOf(first.id))
      const late = record({ userId: first.userId, epoch: first.epoch })
      assertEqual(await store.save(late.id, late, { epoch: first.epoch, cap: 100 }), 'epoch', 'save')
      assertEqual(await store.find(late.id), undefined, 'find')
    },
  ),

  contractCase(
    'save: over the cap the one idle longest goes, and no other',
    async ({ store, clock, signIn, found, record }) => {
      const cap = 5
      const first = await signIn(record())
      const ids = [first.id]
      for (let more = 1; more < cap; more += 1) {
        clock.advance(1_000)
        ids.push((await signIn(record({ userId: first.userId }), cap)).id)
      }
      clock.advance(1_000)
      const { record: used, version } = await found(first.id)
      assert(
        await store.replace(first.id, version, { ...used, lastSeenAt: clock() }),
        'the first session is used again',
      )
      ids.push((await signIn(record({ userId: first.userId }), cap)).id)
      const { sessions } = await store.listByUser(handleOf(first.id))
      const expected = ids.filter((_id, at) => at !== 1)
      assertEqual(sessions.map(({ id }) => id).sort(), expected.sort(), 'who is left')
      assertEqual(await store.find(ids[1] ?? ''), undefined, 'the one idle longest')
    },
  ),

  contractCase(
    'save: expired sessions do not count towards the cap',
    async ({ store, clock, signIn, found, record }) => {
      const old = await signIn(record())
      clock.advance(1_000)
      await signIn(record({ userId: old.userId, idleUntil: clock() + 500 }))
      clock.advance(500)
      const next = await signIn(record({ userId: old.userId }), 2)
      await found(old.id)
      await found(next.id)
      assertEqual((await store.listByUser(handleOf(old.id))).sessions.length, 2, 'live sessions')
    },
  ),

  contractCase('save: a cap of one leaves the newest alone', async ({ store, clock, signIn, found, record }) => {
    const first = await signIn(record(), 1)
    clock.advance(1)
    const second = await signIn(record({ userId: first.userId }), 1)
    assertEqual(await store.find(first.id), undefined, 'the first session')
    await found(second.id)
  }),

  contractCase('save: the cap holds for each user by itself', async ({ signIn, found, record }) => {
    const [ada, grace] = [await signIn(record(), 1), await signIn(record(), 1)]
    await found(ada.id)
    await found(grace.id)
  }),

  contractCase(
    'save refuse: up to the cap it saves, over it answers "full" and all stays as it was',
    async ({ store, signIn, record }) => {
      const { id: first, userId, epoch } = await signIn(record())
      const refusing = { epoch, cap: 2, full: 'refuse' } as const
      const [second, third] = [record({ userId, epoch }), record({ userId, epoch })]
      assertEqual(await store.save(second.id, second, refusing), 'saved', 'one under the cap')
      const before = await store.listByUser(handleOf(first))
      assertEqual(before.sessions.length, 2, 'sessions')
      assertEqual(await store.save(third.id, third, refusing), 'full', 'one over the cap')
      assertEqual(await store.find(third.id), undefined, 'find')
      assertEqual(await store.listByUser(handleOf(first)), before, 'the sessions')
      assert(await store.delete(first), 'one ends')
      assertEqual(await store.save(third.id, third, refusing), 'saved', 'when there is room again')
    },
  ),

  contractCase('save refuse: the first of a user is saved', async ({ store, found, record }) => {
    const first = record()
    assertEqual(await store.save(first.id, first, { epoch: undefined, cap: 1, full: 'refuse' }), 'saved', 'save')
    await found(first.id)
  }),

  contractCase(
    'save refuse: what has expired or was ended does not count',
    async ({ store, clock, signIn, found, record }) => {
      const kept = await signIn(record())
      const { userId } = kept
      const refusing = { cap: 2, full: 'refuse' } as const
      await signIn(record({ userId, idleUntil: clock() + 500 }))
      clock.advance(500)
      const second = record({ userId, epoch: kept.epoch })
      assertEqual(await store.save(second.id, second, { ...refusing, epoch: kept.epoch }), 'saved', 'one has expired')
      const { epoch } = await store.deleteByUser(handleOf(kept.id), { except: kept.id })
      const third = record({ userId, epoch })
      assertEqual(await store.save(third.id, third, { ...refusing, epoch }), 'saved', 'one was signed out')
      await found(kept.id)
    },
  ),

  contractCase('save refuse: "epoch" and "exists" come before "full"', async ({ store, clock, signIn, record }) => {
    const first = await signIn(record())
    const refusing = { epoch: first.epoch, cap: 1, full: 'refuse' } as const
    assertEqual(await store.save(first.id, first, refusing), 'exists', 'the same id')
    clock.advance(1)
    await store.deleteByUser(handleOf(first.id), { except: first.id })
    const late = record({ userId: first.userId, epoch: first.epoch })
    assertEqual(await store.save(late.id, late, refusing), 'epoch', 'under the old epoch')
  }),
]

/**
 * What `deleteByUser`, the epoch and `sweep` promise.
 * @module
 */
import { handleOf } from '@handstamp/core/credential'
import { epochAt, type SessionStore } from '../../stores/store.ts'
import { assert, assertEqual } from '../assert.ts'
import { type ContractCase, contractCase } from './case.ts'

export const userCases: readonly ContractCase[] = [
  contractCase(
    'deleteByUser: ends all sessions of the user and of no other',
    async ({ store, signIn, found, record }) => {
      const first = await signIn(record())
      const stranger = await signIn(record())
      const ids = [first.id]
      for (let more = 0; more < 9; more += 1) ids.push((await signIn(record({ userId: first.userId }))).id)
      await store.deleteByUser(handleOf(first.id))
      for (const id of ids) assertEqual(await store.find(id), undefined, 'find')
      assertEqual((await store.listByUser(handleOf(first.id))).sessions, [], 'sessions')
      await found(stranger.id)
    },
  ),

  contractCase(
    'deleteByUser: the epoch is at least that of the time, and rises each time, whatever the clock does',
    async ({ store, clock, signIn, record }) => {
      const first = await signIn(record())
      const handle = handleOf(first.id)
      let last = first.epoch
      for (const step of [5, 0, 0, -3_600_000, 1]) {
        const now = epochAt(clock.advance(step))
        const { epoch } = await store.deleteByUser(handle)
        assert(Number.isSafeInteger(epoch) && epoch >= now && epoch > last, `epoch ${epoch} after ${last} at ${now}`)
        assertEqual((await store.listByUser(handle)).epoch, epoch, 'the epoch listed')
        last = epoch
      }
    },
  ),

  contractCase(
    'deleteByUser: in 2038, 2255 and 9999 the epoch is exact, rises, and ends what stood under an older one',
    async ({ store, clock, signIn, found, record }) => {
      for (const year of [2038, 2255, 9999]) {
        clock.set(Date.UTC(year, 11, 31))
        const kept = await signIn(record())
        const other = await signIn(record({ userId: kept.userId }))
        const handle = handleOf(kept.id)
        const { epoch } = await store.deleteByUser(handle, { except: kept.id })
        assert(Number.isSafeInteger(epoch) && epoch > kept.epoch, `${year}: epoch ${epoch} after ${kept.epoch}`)
        assertEqual((await found(kept.id)).record.epoch, epoch, `${year}: the epoch of the one that is kept`)
        assertEqual(await store.find(other.id), undefined, `${year}: the other one`)
        const late = record({ userId: kept.userId })
        assertEqual(await store.save(late.id, late, { epoch: kept.epoch, cap: 100 }), 'epoch', `${year}: a late save`)
        const again = await store.deleteByUser(handle)
        assert(again.epoch > epoch, `${year}: the epoch rises within a millisecond`)
        assertEqual(await store.find(kept.id), undefined, `${year}: the one that was kept`)
      }
    },
  ),

  contractCase('deleteByUser: afterwards no replace succeeds', async ({ store, signIn, found, record }) => {
    const { id } = await signIn(record())
    const { record: kept, version } = await found(id)
    const { epoch } = await store.deleteByUser(handleOf(id))
    for (const any of [version, version + 1]) {
      assertEqual(await store.replace(id, any, kept), false, 'replace')
      assertEqual(await store.replace(id, any, { ...kept, epoch }), false, 'replace under the new epoch')
    }
    assertEqual(await store.find(id), undefined, 'find')
  }),

  contractCase('deleteByUser: a sign-in under the new epoch lives', async ({ store, signIn, found, record }) => {
    const first = await signIn(record())
    const { epoch } = await store.deleteByUser(handleOf(first.id))
    const next = await signIn(record({ userId: first.userId }))
    assertEqual((await found(next.id)).record.epoch, epoch, 'epoch')
  }),

  contractCase(
    'deleteByUser: of a user never seen makes an epoch, so that a sign-in in flight fails',
    async ({ store, clock, record }) => {
      const early = record()
      clock.advance(1)
      const { epoch } = await store.deleteByUser(handleOf(early.id))
      assert(epoch >= epochAt(clock()), 'an epoch of now')
      assertEqual(await store.save(early.id, early, { epoch: undefined, cap: 100 }), 'epoch', 'save')
      assertEqual(await store.find(early.id), undefined, 'find')
    },
  ),

  contractCase(
    'deleteByUser except: keeps that one, under the new epoch',
    async ({ store, clock, signIn, found, record }) => {
      const kept = await signIn(record({ pending: 'mfa' }))
      const other = await signIn(record({ userId: kept.userId }))
      const before = await found(kept.id)
      clock.advance(1)
      const { epoch } = await store.deleteByUser(handleOf(kept.id), { except: kept.id })
      const after = await found(kept.id)
      assertEqual({ ...after.record, version: 0 }, { ...kept, epoch, version: 0 }, 'the record')
      assert(after.version > before.version, 'the version rises')
      assertEqual(await store.find(other.id), undefined, 'the other session')
      assertEqual(
        (await store.listByUser(handleOf(kept.id))).sessions.map(({ id }) => id),
        [kept.id],
        'ids',
      )
      assertEqual(await store.replace(kept.id, before.version, before.record), false, 'a touch that began before')
      assert(await store.replace(kept.id, after.version, { ...after.record, authTime: 3 }), 'a touch that began after')
    },
  ),

  contractCase(
    'deleteByUser except: an id that is not a live session of the user keeps nothing',
    async ({ store, clock, signIn, found, record }) => {
      const first = await signIn(record())
      const stranger = await signIn(record())
      const expired = await signIn(record({ userId: first.userId, idleUntil: clock() + 1 }))
      clock.advance(1)
      for (const except of [stranger.id, record({ userId: first.userId }).id, expired.id, '*', '__proto__']) {
        await store.deleteByUser(handleOf(first.id), { except })
        assertEqual((await store.listByUser(handleOf(first.id))).sessions, [], 'sessions')
      }
      assertEqual((await found(stranger.id)).record.epoch, stranger.epoch, "the stranger's epoch")
    },
  ),

  contractCase(
    'sweep: batches end, take no more than the limit, and leave what lives',
    async ({ store, clock, signIn, found, record }) => {
      const alive = await signIn(record())
      for (let more = 0; more < 7; more += 1) await signIn(record({ idleUntil: clock() + 1_000 + more }))
      const touched = await signIn(record({ idleUntil: clock() + 1_000 }))
      const { record: kept, version } = await found(touched.id)
      assert(await store.replace(touched.id, version, { ...kept, idleUntil: clock() + 3_600_000 }), 'a touch')
      clock.advance(60_000)
      await sweepAll(store, clock(), 3)
      assertEqual((await store.sweep({ before: clock(), limit: 3 })).removed, 0, 'a sweep after the last')
      await found(alive.id)
      await found(touched.id)
    },
  ),

  contractCase(
    'sweep: the epoch of a swept user still refuses who read none',
    async ({ store, clock, signIn, record }) => {
      const first = await signIn(record())
      clock.advance(3_600_001)
      await sweepAll(store, clock(), 100)
      const { epoch } = await store.listByUser(handleOf(first.id))
      if (epoch !== undefined) assertEqual(epoch, first.epoch, 'epoch')
      const late = record({ userId: first.userId, epoch: first.epoch - 1 })
      assertEqual(
        await store.save(late.id, late, { epoch: first.epoch - 1, cap: 100 }),
        'epoch',
        'save under an older epoch',
      )
    },
  ),
]

async function sweepAll(store: SessionStore, before: number, limit: number): Promise<void> {
  for (let batches = 0; batches < 100; batches += 1) {
    const { removed, more } = await store.sweep({ before, limit })
    assert(removed <= limit, `a batch removes at most ${limit}, not ${removed}`)
    if (!more) return
  }
  throw new Error('sweeping does not end')
}

/**
 * What `replace` and `delete` promise: compare-and-swap that never creates and never revives.
 * @module
 */
import { handleOf } from '@handstamp/core/credential'
import { assert, assertEqual } from '../assert.ts'
import { type ContractCase, contractCase } from './case.ts'

export const replaceCases: readonly ContractCase[] = [
  contractCase(
    'replace: with the version found it writes, and the version rises',
    async ({ store, signIn, found, record }) => {
      const { id } = await signIn(record())
      const before = await found(id)
      const next = { ...before.record, user: { id: 'u', role: 'admin' }, authTime: 7, pending: 'mfa' }
      assert(await store.replace(id, before.version, next), 'replace')
      const after = await found(id)
      assert(after.version > before.version, 'the version rises')
      assertEqual({ ...after.record, version: 0 }, { ...next, version: 0 }, 'record')
    },
  ),

  contractCase('replace: what the new record leaves out is gone', async ({ store, signIn, found, record }) => {
    const { id } = await signIn(record({ pending: 'mfa', ip: '192.0.2.1' }))
    const { record: kept, version } = await found(id)
    const { pending: _pending, ip: _ip, ...rest } = kept
    assert(await store.replace(id, version, rest), 'replace')
    const after = (await found(id)).record
    assert(!('pending' in after) && !('ip' in after), 'optional fields are absent, not undefined')
  }),

  contractCase(
    'replace: false with any other version, and nothing changes',
    async ({ store, signIn, found, record }) => {
      const { id } = await signIn(record())
      const first = await found(id)
      assert(await store.replace(id, first.version, { ...first.record, authTime: 1 }), 'replace')
      const { record: kept, version } = await found(id)
      for (const other of [first.version, version + 1, 0, -1, 2 ** 40]) {
        assertEqual(await store.replace(id, other, { ...kept, authTime: 2 }), false, `replace of version ${other}`)
      }
      assertEqual(await found(id), { record: kept, version }, 'the record')
    },
  ),

  contractCase('replace: false for what is not there, and it creates nothing', async ({ store, signIn, record }) => {
    const { userId, epoch } = await signIn(record())
    const absent = record({ userId, epoch })
    for (const version of [0, 1]) assertEqual(await store.replace(absent.id, version, absent), false, 'replace')
    assertEqual(await store.find(absent.id), undefined, 'find')
    assertEqual((await store.listByUser(handleOf(absent.id))).sessions.length, 1, 'sessions of the user')
  }),

  contractCase(
    'replace: user, creation and absolute expiry cannot change',
    async ({ store, signIn, found, record }) => {
      const saved = await signIn(record())
      const { record: kept, version } = await found(saved.id)
      const forged = { ...kept, userId: 'somebody else', createdAt: 1, expiresAt: kept.expiresAt + 86_400_000 }
      await store.replace(saved.id, version, forged).catch(() => false)
      const { userId, createdAt, expiresAt } = (await found(saved.id)).record
      const { userId: user, createdAt: created, expiresAt: expires } = saved
      assertEqual(
        { userId, createdAt, expiresAt },
        { userId: user, createdAt: created, expiresAt: expires },
        'fixed fields',
      )
    },
  ),

  contractCase('replace: last seen and idle expiry never go back', async ({ store, clock, signIn, found, record }) => {
    const { id } = await signIn(record())
    const first = await found(id)
    const later = { ...first.record, lastSeenAt: clock() + 60_000, idleUntil: clock() + 3_660_000 }
    assert(await store.replace(id, first.version, later), 'a touch')
    const { record: kept, version } = await found(id)
    await store.replace(id, version, { ...kept, lastSeenAt: clock(), idleUntil: clock() + 1 })
    const { lastSeenAt, idleUntil } = (await found(id)).record
    assertEqual({ lastSeenAt, idleUntil }, { lastSeenAt: later.lastSeenAt, idleUntil: later.idleUntil }, 'times')
  }),

  contractCase(
    'replace: a touch moves the expiry that find judges by',
    async ({ store, clock, signIn, found, record }) => {
      const { id } = await signIn(record())
      clock.advance(3_000_000)
      const { record: kept, version } = await found(id)
      assert(
        await store.replace(id, version, { ...kept, lastSeenAt: clock(), idleUntil: clock() + 3_600_000 }),
        'a touch',
      )
      clock.advance(3_599_999)
      await found(id)
      clock.advance(1)
      assertEqual(await store.find(id), undefined, 'find at the new expiry')
    },
  ),

  contractCase('replace as: moves to the new id in one commit', async ({ store, signIn, found, record }) => {
    const saved = await signIn(record())
    const { record: kept, version } = await found(saved.id)
    const { id: as } = record({ userId: saved.userId })
    assert(await store.replace(saved.id, version, { ...kept, id: as, authTime: 9 }, { as }), 'replace')
    assertEqual(await store.find(saved.id), undefined, 'the old id')
    const moved = await found(as)
    assertEqual(
      [moved.record.id, moved.record.authTime, moved.record.createdAt],
      [as, 9, saved.createdAt],
      'the moved record',
    )
    assert(moved.version > version, 'the version rises')
    assertEqual(
      (await store.listByUser(handleOf(as))).sessions.map(({ id }) => id),
      [as],
      'ids of the user',
    )
    assertEqual(await store.replace(saved.id, version, kept), false, 'replace of the old id')
    assertEqual(await store.replace(saved.id, moved.version, kept), false, 'replace of the old id with the new version')
    assertEqual(await store.delete(saved.id), false, 'delete of the old id')
    assertEqual(await store.delete(as), true, 'delete of the new id')
  }),

  contractCase(
    'replace as: false with another version, and nothing moves',
    async ({ store, signIn, found, record }) => {
      const { id, userId } = await signIn(record())
      const { record: kept, version } = await found(id)
      const { id: as } = record({ userId })
      assertEqual(await store.replace(id, version + 1, { ...kept, id: as }, { as }), false, 'replace')
      assertEqual(await store.find(as), undefined, 'the new id')
      await found(id)
    },
  ),

  contractCase(
    'replace as: never takes the place of a session, nor moves to another user',
    async ({ store, signIn, found, record }) => {
      const first = await signIn(record())
      const second = await signIn(record({ userId: first.userId }))
      const stranger = record()
      const before = await found(first.id)
      const target = await found(second.id)
      for (const as of [second.id, stranger.id]) {
        const moved = await store
          .replace(first.id, before.version, { ...before.record, id: as }, { as })
          .catch(() => false)
        assertEqual(moved, false, 'replace')
      }
      assertEqual(await found(first.id), before, 'the session')
      assertEqual(await found(second.id), target, 'the other session')
      assertEqual(await store.find(stranger.id), undefined, "the stranger's id")
    },
  ),

  contractCase('delete: ends it once, and again is no error', async ({ store, signIn, found, record }) => {
    const first = await signIn(record())
    const second = await signIn(record({ userId: first.userId }))
    assertEqual(await store.delete(first.id), true, 'the first delete')
    assertEqual(await store.delete(first.id), false, 'the second')
    assertEqual(await store.find(first.id), undefined, 'find')
    assertEqual(
      (await store.listByUser(handleOf(first.id))).sessions.map(({ id }) => id),
      [second.id],
      'ids of the user',
    )
    await found(second.id)
  }),

  contractCase('delete: afterwards no replace succeeds, with any version', async ({ store, signIn, found, record }) => {
    const { id } = await signIn(record())
    const { record: kept, version } = await found(id)
    await store.delete(id)
    for (const any of [version, version + 1, version + 2, version - 1, 0, 1]) {
      assertEqual(
        await store.replace(id, any, { ...kept, lastSeenAt: kept.lastSeenAt + 1 }),
        false,
        `replace of version ${any}`,
      )
    }
    assertEqual(await store.find(id), undefined, 'find')
  }),
]

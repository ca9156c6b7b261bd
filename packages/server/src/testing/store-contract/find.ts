/**
 * What `find` and `listByUser` promise.
 * @module
 */
import { handleOf } from '@handstamp/core/credential'
import { assert, assertEqual } from '../assert.ts'
import { type ContractCase, contractCase } from './case.ts'
import { hostileIds } from './hostile.ts'

export const findCases: readonly ContractCase[] = [
  contractCase('find: what was never saved is undefined', async ({ store, record }) => {
    assertEqual(await store.find(record().id), undefined, 'find')
  }),

  contractCase('find: answers the record as it was saved, and its version', async ({ signIn, found, record }) => {
    const rotation = { g: 3, cur: 'cur', prev: null, salt: 'salt', kid: 'kid', rotatedAt: 5 }
    const options = { ip: '2001:db8::1', userAgent: 'Browser/1.0', pending: 'mfa', clientId: 'app', rotation }
    for (const given of [record(), record({ ...options, transport: 'split', persistent: false })]) {
      const saved = await signIn(given)
      const { record: kept, version } = await found(saved.id)
      assert(Number.isSafeInteger(version), 'a version is a whole number')
      assertEqual({ ...kept, version: 0 }, { ...saved, version: 0 }, 'record')
    }
  }),

  contractCase('find: reads without writing', async ({ signIn, found, record }) => {
    const { id } = await signIn(record())
    const first = await found(id)
    assertEqual(await found(id), first, 'the second find')
  }),

  contractCase(
    'find: undefined from the idle expiry on, by the clock given',
    async ({ store, clock, signIn, found, record }) => {
      const { id } = await signIn(record())
      clock.advance(3_600_000 - 1)
      await found(id)
      clock.advance(1)
      assertEqual(await store.find(id), undefined, 'find at the idle expiry')
    },
  ),

  contractCase(
    'find: undefined from the absolute expiry on, whatever the idle one says',
    async ({ store, clock, signIn, found, record }) => {
      const now = clock()
      const { id } = await signIn(record({ expiresAt: now + 10_000, idleUntil: now + 3_600_000 }))
      clock.advance(9_999)
      await found(id)
      clock.advance(1)
      assertEqual(await store.find(id), undefined, 'find at the absolute expiry')
    },
  ),

  contractCase(
    'find: a clock that jumps back and forth below the idle timeout signs nobody out',
    async ({ clock, signIn, found, record }) => {
      const { id } = await signIn(record())
      for (const jump of [-3_600_000, 1_800_000, 3_600_000, -1_800_000]) {
        clock.advance(jump)
        await found(id)
      }
    },
  ),

  contractCase('find: ids that differ in case alone are different', async ({ store, signIn, found, record }) => {
    const { id } = await signIn(record())
    const handle = handleOf(id)
    const digest = id.slice(handle.length)
    const swapped = id.replace(/[a-z]/gi, (letter) =>
      /[a-z]/.test(letter) ? letter.toUpperCase() : letter.toLowerCase(),
    )
    const others = [
      handle + digest.toLowerCase(),
      handle + digest.toUpperCase(),
      handle + swapped.slice(handle.length),
      handleOf(swapped) + digest,
      swapped,
    ]
    for (const other of others) {
      assertEqual(await store.find(other), undefined, 'find of another case')
      assertEqual(await store.delete(other), false, 'delete of another case')
    }
    await found(id)
  }),

  contractCase('find: the digest under the handle of another user is a miss', async ({ store, signIn, record }) => {
    const [ada, grace] = [await signIn(record()), await signIn(record())]
    const swapped = handleOf(grace.id) + ada.id.slice(handleOf(ada.id).length)
    assertEqual(await store.find(swapped), undefined, 'find')
    assertEqual(await store.delete(swapped), false, 'delete')
  }),

  contractCase('find: hostile ids are nobody and harm nobody', async ({ store, signIn, found, record }) => {
    const kept = await signIn(record())
    for (const id of hostileIds(kept.id)) {
      assertEqual(await store.find(id), undefined, `find of ${JSON.stringify(id.slice(0, 40))}`)
      assertEqual(await store.replace(id, 1, { ...kept, id }), false, 'replace')
      assertEqual(await store.delete(id), false, 'delete')
      const saved = await store.save(id, { ...kept, id }, { epoch: kept.epoch, cap: 100 }).catch(() => 'refused')
      assertEqual(saved, 'refused', `save of ${JSON.stringify(id.slice(0, 40))}`)
    }
    await found(kept.id)
    assertEqual((await store.listByUser(handleOf(kept.id))).sessions.length, 1, 'sessions of the user')
  }),

  contractCase('listByUser: all live sessions of the user and no other', async ({ store, clock, signIn, record }) => {
    const first = await signIn(record())
    const { userId } = first
    await signIn(record())
    const short = await signIn(record({ userId, idleUntil: clock() + 1_000 }))
    const second = await signIn(record({ userId }))
    clock.advance(1_000)
    const { epoch, sessions } = await store.listByUser(handleOf(first.id))
    assertEqual(epoch, first.epoch, 'epoch')
    assertEqual(sessions.map(({ id }) => id).sort(), [first.id, second.id].sort(), `ids, of which ${short.id} expired`)
    for (const { id, record: listed, version } of sessions)
      assertEqual(await store.find(id), { record: listed, version }, 'what find says')
  }),

  contractCase('listByUser: of a user never seen there is no epoch and no session', async ({ store, record }) => {
    const { epoch, sessions } = await store.listByUser(handleOf(record().id))
    assert(epoch === undefined && sessions.length === 0, 'nothing is known of a new user')
  }),
]

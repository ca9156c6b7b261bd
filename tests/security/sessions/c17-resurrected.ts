import { handleOf } from '@handstamp/core/credential'
import type { SessionRecord } from '@handstamp/core/session'
import { memoryStore, type SessionStore } from '@handstamp/server'
import { contractRecord } from '@handstamp/server/testing'
import { expect } from 'vitest'
import { ada } from '../../wire/visitor.ts'
import { type Attack, attack, type Inputs } from '../attack.ts'
import { during } from '../stages/session-held-write.ts'
import {
  expectDead,
  expectKnown,
  lookedUp,
  member,
  onPairs,
  type Pair,
  type PairStage,
  pairStage,
  recorded,
  stranger,
} from '../stages/session-pairs.ts'

const [touched] = lookedUp
const sessionPairs = lookedUp.filter(({ strategy }) => strategy === 'session')
const nothing = async (): Promise<void> => {}

/** A record in a store of memory, and the next state of it. */
async function saved(): Promise<{
  readonly store: SessionStore
  readonly record: SessionRecord
  readonly version: number
  readonly next: SessionRecord
}> {
  const clock = () => 1_800_000_000_000
  const store = memoryStore({ clock })
  const record = contractRecord({ createdAt: clock() })
  await store.save(record.id, record, { epoch: undefined, cap: 10 })
  const { version } = (await store.find(record.id)) ?? { version: -1 }
  return { store, record, version, next: { ...record, lastSeenAt: clock() + 1 } }
}

const other = (record: SessionRecord): SessionRecord =>
  contractRecord({ userId: record.userId, createdAt: record.createdAt })

const overTheWire: Inputs<PairStage> = {
  ...onPairs(
    'a request whose touch was under way while its session signed out',
    async (served, pair) => {
      const visitor = await member(served, pair)
      const thief = visitor.copy()
      await during(
        served,
        () => thief.ask('GET', '/api/me'),
        'replace',
        () => visitor.copy().ask('POST', '/auth/sign-out'),
      )
      await expectDead(thief)
    },
    sessionPairs,
  ),
  ...onPairs(
    'a refresh that was under way while its session signed out',
    async (served, pair) => {
      const visitor = await member(served, pair)
      const thief = visitor.copy()
      const answer = await during(
        served,
        () => thief.refresh(),
        'replace',
        () => visitor.copy().ask('POST', '/auth/sign-out'),
      )
      expect([answer.status, answer.json]).toMatchObject([400, { code: 'invalid_grant' }])
      expect((await thief.refresh()).status).toBe(400)
    },
    recorded,
  ),
  ...onPairs(
    'a refresh that was under way while the user was signed out everywhere',
    async (served, pair) => {
      const thief = await member(served, pair)
      const answer = await during(
        served,
        () => thief.refresh(),
        'replace',
        () => served.auth.sessions.revokeAll('ada'),
      )
      expect(answer.status).toBe(400)
      expect(await served.auth.sessions.list('ada')).toEqual([])
    },
    recorded,
  ),
  ...onPairs(
    'a sign-in by the old password that was under way while the user was signed out everywhere',
    async (served, pair) => {
      await member(served, pair)
      const thief = stranger(served, pair)
      // The first commit fails on the epoch; the password is asked for once more, so this one is still right.
      const answer = await during(
        served,
        () => thief.signIn(ada),
        'save',
        () => served.auth.sessions.revokeAll('ada'),
      )
      expect(answer.status).toBe(200)
      expect(await served.auth.sessions.list('ada')).toHaveLength(1)
    },
    [touched as Pair],
  ),
}

export const resurrected: Attack = attack({
  ids: ['C17'],
  title: 'a write that was under way when the session ended, and comes after it',
  cost: 'Signing out would not work for exactly those whose stolen session is in use at that moment.',
  shows: ['ASVS 7.4.1', 'ASVS 7.4.2'],
  stage: pairStage({}, recorded),
  legal: {
    ...onPairs(
      'the same touch, while nothing else happens',
      async (served, pair) => {
        const visitor = await member(served, pair)
        expect((await during(served, () => visitor.ask('GET', '/api/me'), 'replace', nothing)).status).toBe(200)
        await expectKnown(visitor)
      },
      sessionPairs,
    ),
    ...onPairs(
      'the same refresh, while another session of the user signs out',
      async (served, pair) => {
        const [visitor, second] = [await member(served, pair), await member(served, pair)]
        const answer = await during(
          served,
          () => visitor.refresh(),
          'replace',
          () => second.ask('POST', '/auth/sign-out'),
        )
        expect(answer.status).toBe(200)
        await expectKnown(visitor)
      },
      recorded,
    ),
    'a replace of the version that was read': async () => {
      const { store, record, version, next } = await saved()
      expect(await store.replace(record.id, version, next)).toBe(true)
    },
  },
  hostile: {
    ...overTheWire,
    'the store itself: a replace after the delete': async () => {
      const { store, record, version, next } = await saved()
      await store.delete(record.id)
      expect(await store.replace(record.id, version, next)).toBe(false)
      expect(await store.find(record.id)).toBeUndefined()
    },
    'a move to another id after the delete': async () => {
      const { store, record, version, next } = await saved()
      await store.delete(record.id)
      const { id } = other(record)
      expect(await store.replace(record.id, version, { ...next, id }, { as: id })).toBe(false)
      expect(await store.find(id)).toBeUndefined()
    },
    'a replace after all of the user ended, also under the new epoch': async () => {
      const { store, record, version, next } = await saved()
      const { epoch } = await store.deleteByUser(handleOf(record.id))
      expect(await store.replace(record.id, version, next)).toBe(false)
      expect(await store.replace(record.id, version, { ...next, epoch })).toBe(false)
    },
    'a save under the epoch of before': async () => {
      const { store, record } = await saved()
      const fresh = other(record)
      await store.deleteByUser(handleOf(record.id))
      expect(await store.save(fresh.id, { ...fresh, epoch: record.epoch }, { epoch: record.epoch, cap: 10 })).toBe(
        'epoch',
      )
      expect(await store.save(fresh.id, fresh, { epoch: undefined, cap: 10 })).toBe('epoch')
      expect(await store.find(fresh.id)).toBeUndefined()
    },
    'a save over a session that lives': async () => {
      const { store, record } = await saved()
      expect(
        await store.save(
          record.id,
          { ...record, userId: record.userId, user: { id: 'x' } },
          { epoch: record.epoch, cap: 10 },
        ),
      ).toBe('exists')
    },
    'a replace that would live longer, or be somebody else’s': async () => {
      const { store, record, version, next } = await saved()
      await store.replace(record.id, version, {
        ...next,
        expiresAt: record.expiresAt + 1,
        userId: 'grace',
        createdAt: 0,
      })
      const { expiresAt, userId, createdAt } = (await store.find(record.id))?.record ?? {}
      expect([expiresAt, userId, createdAt]).toEqual([record.expiresAt, record.userId, record.createdAt])
    },
  },
})

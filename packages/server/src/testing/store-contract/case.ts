/**
 * What a contract case is, what it is given, and how it makes sessions.
 * @module
 */
import { encodeBase64url } from '@handstamp/core/base64url'
import type { Clock } from '@handstamp/core/clock'
import { handleOf, sessionIdOf } from '@handstamp/core/credential'
import { randomBytes, userHandle } from '@handstamp/core/secret'
import type { SessionRecord } from '@handstamp/core/session'
import { epochAt, type Found, type SessionStore } from '../../stores/store.ts'
import { assert } from '../assert.ts'
import { type FakeClock, fakeClock, fakeClockStart } from '../fake-clock.ts'

/** A store to be judged. */
export interface StoreSubject {
  /** Answers an empty store, or one whose other contents do not matter: every case makes users of its own. */
  create(options: { readonly clock: Clock }): Promise<OpenStore> | OpenStore
  /** True where the server behind the store expires by a clock of its own; the cases then start at the real time. */
  readonly serverClock?: boolean
  /** The largest record that the store takes, if there is one: above it, `save` rejects with ERR_STORE_LIMIT. */
  readonly maxRecordBytes?: number
  /** The most sessions of a user that the store can keep, if that is less than 100. */
  readonly maxSessions?: number
}

export interface OpenStore {
  readonly store: SessionStore
  close?(): Promise<void> | void
}

/** One promise of the contract, to be run by any runner: a rejection says what does not hold. */
export interface ContractCase {
  readonly name: string
  run(subject: StoreSubject): Promise<void>
}

/** What a case works with. */
export interface Bench {
  readonly store: SessionStore
  readonly clock: FakeClock
  readonly subject: StoreSubject
  /** A record of now, of a new user unless `userId` is given. */
  record(changes?: Partial<SessionRecord>): SessionRecord
  /** Saves the record under the user's present epoch and answers it as saved. */
  signIn(record: SessionRecord, cap?: number): Promise<SessionRecord>
  /** Finds what must be there. */
  found(id: string): Promise<Found>
}

/**
 * A case that gets an open store, which is closed whatever happens.
 *
 * @example
 * ```ts
 * const kept = contractCase('what is saved is found', async ({ record, signIn, found }) => {
 *   const saved = await signIn(record())
 *   if ((await found(saved.id)).record.userId !== saved.userId) throw new Error('found another one')
 * })
 * ```
 */
export function contractCase(name: string, body: (bench: Bench) => Promise<void>): ContractCase {
  return {
    name,
    async run(subject) {
      const clock = fakeClock(subject.serverClock === true ? Date.now() : fakeClockStart)
      const { store, close } = await subject.create({ clock })
      try {
        await body({ store, clock, subject, ...sessionsIn(store, clock) })
      } finally {
        await close?.()
      }
    },
  }
}

function sessionsIn(store: SessionStore, clock: Clock): Pick<Bench, 'record' | 'signIn' | 'found'> {
  return {
    record: (changes) => contractRecord({ ...changes, createdAt: changes?.createdAt ?? clock() }),
    async signIn(record, cap = 100) {
      const { epoch } = await store.listByUser(handleOf(record.id))
      const saved = { ...record, epoch: epoch ?? record.epoch }
      const answer = await store.save(saved.id, saved, { epoch, cap })
      assert(answer === 'saved', `a sign-in under the present epoch is saved, not "${answer}"`)
      return saved
    },
    async found(id) {
      const found = await store.find(id)
      assert(found !== undefined, 'the session is found')
      return found
    },
  }
}

let users = 0

/**
 * Answers a record with a fresh id: created at `createdAt` (by default when a fake clock starts), idle for an hour, alive for a day.
 *
 * @example
 * ```ts
 * const record = contractRecord({ userId: 'u_1', createdAt: clock() })
 * await store.save(record.id, record, { epoch: undefined, cap: 100 })
 * ```
 */
export function contractRecord(changes: Partial<SessionRecord> = {}): SessionRecord {
  users += 1
  const userId = changes.userId ?? `user ${users} ${encodeBase64url(randomBytes(9))}`
  const now = changes.createdAt ?? fakeClockStart
  return {
    v: 1,
    id: sessionIdOf(userHandle(userId), randomBytes(32)),
    userId,
    user: { id: userId, role: 'member' },
    epoch: epochAt(now),
    version: 0,
    transport: 'cookie',
    persistent: true,
    createdAt: now,
    lastSeenAt: now,
    authTime: now,
    expiresAt: now + 86_400_000,
    idleUntil: now + 3_600_000,
    ...changes,
  }
}

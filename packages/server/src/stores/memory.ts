/**
 * Keeps sessions in the memory of one process: for development, tests and a single server. A restart signs everybody out.
 * @module
 */
import { type Clock, systemClock } from '@handstamp/core/clock'
import { handleOf, isSessionId } from '@handstamp/core/credential'
import { isExpired, type SessionRecord, sessionExpiry } from '@handstamp/core/session'
import { type Expiring, expiryHeap } from '../expiry-heap.ts'
import { frozenJson } from '../json-value.ts'
import { checkNames } from '../option-names.ts'
import { replacementOf } from '../replacement.ts'
import type { Found, Saved, SessionStore } from './store.ts'

export interface MemoryStoreOptions {
  /** Sessions kept at most, 100,000 by default; then the expired go first, after them the least recently used. */
  readonly maxSessions?: number
  readonly clock?: Clock
}

/** One session, linked into the order of use of all and into the list of its user. */
interface Entry extends Expiring {
  readonly user: User
  record: SessionRecord
  older: Entry | undefined
  newer: Entry | undefined
  /** The next session of the same user. */
  next: Entry | undefined
}

interface User {
  readonly handle: string
  epoch: number
  first: Entry | undefined
  count: number
}

/**
 * Users without a session whose epoch is still kept. One that is dropped is signed out, which is safe, and a new one
 * starts from the time; it is kept at all for a sign-in that read the epoch, or its absence, before everything ended.
 * That takes milliseconds, so the latest few thousand are plenty.
 */
const restingUsers = 10_000

/**
 * Answers a store that keeps everything in this process, bounded by `maxSessions`. Every operation is one synchronous
 * step, so none can come between compare and set. It sets no timer: each `save` drops what expired, a little at a time.
 *
 * @throws RangeError when `maxSessions` is not a whole number of at least 1.
 *
 * @example
 * ```ts
 * const strategy = session({ store: memoryStore(), idleTimeout: '1h' })
 * ```
 */
export function memoryStore(options: MemoryStoreOptions = {}): SessionStore {
  checkNames(options, ['maxSessions', 'clock'], 'memoryStore()')
  const { maxSessions = 100_000, clock = systemClock } = options
  if (!Number.isInteger(maxSessions) || maxSessions < 1) {
    throw new RangeError('memoryStore: maxSessions must be a whole number of at least 1, e.g. 100000')
  }
  const entries = new Map<string, Entry>()
  const users = new Map<string, User>()
  const resting = new Set<User>()
  let inOrder = resting.values()
  const byExpiry = expiryHeap<Entry>()
  let oldest: Entry | undefined
  let newest: Entry | undefined
  let lastVersion = 0

  return {
    singleProcess: true,

    find(id) {
      const entry = entries.get(id)
      if (entry === undefined || !isLive(entry, clock())) return Promise.resolve(undefined)
      used(entry)
      return Promise.resolve(foundIn(entry))
    },

    async save(id, record, { epoch, cap }): Promise<Saved> {
      if (!isSessionId(id)) throw new TypeError('a session id is <handle>.<digest>')
      const now = clock()
      const handle = handleOf(id)
      const user = users.get(handle)
      if (user?.epoch !== epoch || (epoch !== undefined && record.epoch !== epoch)) return 'epoch'
      const taken = entries.get(id)
      if (taken !== undefined && isLive(taken, now)) return 'exists'
      const kept = frozenRecord(record, id)
      if (user !== undefined) resting.delete(user)
      if (taken !== undefined) drop(taken)
      dropExpired(now, 2)
      while (user?.first !== undefined && user.count >= cap) drop(idleLongest(user.first, now))
      while (entries.size >= maxSessions) dropOne(now)
      add(user ?? newUser(handle, record.epoch), kept)
      return 'saved'
    },

    async replace(id, expectedVersion, record, { as = id } = {}) {
      const entry = entries.get(id)
      if (entry === undefined || entry.record.version !== expectedVersion || !isLive(entry, clock())) return false
      if (record.epoch !== entry.user.epoch) return false
      if (as !== id && (entries.has(as) || !isSessionId(as) || handleOf(as) !== entry.user.handle)) return false
      entry.record = frozenRecord(replacementOf(entry.record, record), as)
      if (as !== id) {
        entries.delete(id)
        entries.set(as, entry)
      }
      used(entry)
      return true
    },

    async delete(id) {
      const entry = entries.get(id)
      if (entry === undefined) return false
      const live = isLive(entry, clock())
      drop(entry)
      return live
    },

    async listByUser(handle) {
      const user = users.get(handle)
      const now = clock()
      const live = sessionsOf(user).filter((entry) => isLive(entry, now))
      return { epoch: user?.epoch, sessions: live.map((entry) => ({ ...foundIn(entry), id: entry.record.id })) }
    },

    async deleteByUser(handle, { except } = {}) {
      const now = clock()
      const known = users.get(handle)
      const user = known ?? newUser(handle, 0)
      user.epoch = Math.max(Math.floor(now * 1000), user.epoch + 1)
      for (const entry of sessionsOf(user)) {
        if (entry.record.id !== except || isExpired(entry.record, now)) drop(entry)
        else entry.record = frozenRecord({ ...entry.record, epoch: user.epoch }, except)
      }
      if (user.count === 0) rest(user)
      return { epoch: user.epoch }
    },

    async sweep({ before, limit }) {
      const removed = dropExpired(before - 1, limit)
      const first = byExpiry.first()
      return { removed, more: first !== undefined && first.dueAt < before }
    },
  }

  function isLive(entry: Entry, now: number): boolean {
    return entry.record.epoch === entry.user.epoch && !isExpired(entry.record, now)
  }

  function frozenRecord(record: SessionRecord, id: string): SessionRecord {
    lastVersion += 1
    return frozenJson({ ...record, id, version: lastVersion }, 'record')
  }

  function add(user: User, record: SessionRecord): void {
    const entry: Entry = { user, record, older: undefined, newer: undefined, next: user.first, dueAt: 0, slot: -1 }
    entries.set(record.id, entry)
    byExpiry.add(entry, sessionExpiry(record))
    resting.delete(user)
    user.first = entry
    user.count += 1
    append(entry)
  }

  function drop(entry: Entry): void {
    const { user } = entry
    entries.delete(entry.record.id)
    byExpiry.remove(entry)
    unlink(entry)
    if (user.first === entry) user.first = entry.next
    else for (const one of sessionsOf(user)) if (one.next === entry) one.next = entry.next
    user.count -= 1
    if (user.count === 0) rest(user)
  }

  function dropOne(now: number): void {
    if (dropExpired(now, 64) === 0 && oldest !== undefined) drop(oldest)
  }

  /** Takes at most so many steps, of which some may only find that a session was touched meanwhile. */
  function dropExpired(now: number, steps: number): number {
    let removed = 0
    for (let step = 0; step < steps; step += 1) {
      const first = byExpiry.first()
      if (first === undefined || first.dueAt > now) break
      if (!byExpiry.settle(first, sessionExpiry(first.record), now)) continue
      drop(first)
      removed += 1
    }
    return removed
  }

  function newUser(handle: string, epoch: number): User {
    const user: User = { handle, epoch, first: undefined, count: 0 }
    users.set(handle, user)
    return user
  }

  function rest(user: User): void {
    resting.delete(user)
    resting.add(user)
    if (resting.size <= restingUsers) return
    const longest = restingLongest()
    resting.delete(longest)
    users.delete(longest.handle)
  }

  /** Each is asked for once, in the order in which they came to rest; starting anew would pass over all that are gone. */
  function restingLongest(): User {
    let next = inOrder.next()
    if (next.done === true) {
      inOrder = resting.values()
      next = inOrder.next()
    }
    return next.value as User
  }

  function used(entry: Entry): void {
    if (entry === newest) return
    unlink(entry)
    append(entry)
  }

  function append(entry: Entry): void {
    entry.older = newest
    entry.newer = undefined
    if (newest === undefined) oldest = entry
    else newest.newer = entry
    newest = entry
  }

  function unlink({ older, newer }: Entry): void {
    if (older === undefined) oldest = newer
    else older.newer = newer
    if (newer === undefined) newest = older
    else newer.older = older
  }
}

function foundIn({ record }: Entry): Found {
  return { record, version: record.version }
}

function sessionsOf(user: User | undefined): readonly Entry[] {
  const sessions: Entry[] = []
  for (let entry = user?.first; entry !== undefined; entry = entry.next) sessions.push(entry)
  return sessions
}

function idleLongest(first: Entry, now: number): Entry {
  let longest = first
  for (let entry: Entry | undefined = first; entry !== undefined; entry = entry.next) {
    if (isExpired(entry.record, now)) return entry
    if (entry.record.lastSeenAt <= longest.record.lastSeenAt) longest = entry
  }
  return longest
}

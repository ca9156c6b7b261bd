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
import { spreadMap } from '../spread-map.ts'
import { epochAt, type Found, type Saved, type SessionStore } from './store.ts'

export interface MemoryStoreOptions {
  /** Sessions kept at most, 100,000 by default; then the expired go first, after them the least recently used. */
  readonly maxSessions?: number
  readonly clock?: Clock
}

/** One session, linked into the order of use of all and into the list of its user. */
interface Entry extends Expiring {
  readonly user: User
  record: SessionRecord
  /** Used since it took its place in that order. A mark instead of a new place, so that a find writes to one entry alone. */
  used: boolean
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
  /** The place among the resting that is its own; -1: none. */
  place: number
}

/**
 * Users without a session whose epoch is still kept. One that is dropped is signed out, which is safe, and a new one
 * starts from the time; it is kept at all for a sign-in that read the epoch, or its absence, before everything ended.
 * That takes milliseconds, so the latest few thousand are plenty.
 */
const restingUsers = 10_000

const sharedUserAgents = 1_000

/** Steps of one sweep, whatever its limit: a few milliseconds, in which nobody else is served. */
const longestBatch = 500

/** How many are looked at, at most, for one that may go; each that was used goes to the end once more. */
const longestSearch = 64

/**
 * Answers a store that keeps everything in this process, bounded by `maxSessions`. Every operation is one synchronous
 * step, so none can come between compare and set. It sets no timer: each `save` drops what expired, a little at a time.
 * An entry is there only while its record's epoch is its user's, so a find need not compare them.
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
  const entries = spreadMap<Entry>()
  const users = spreadMap<User>()
  const resting: User[] = []
  let nextPlace = 0
  let size = 0
  const userAgents = new Map<string, string>()
  const byExpiry = expiryHeap<Entry>()
  let oldest: Entry | undefined
  let newest: Entry | undefined
  let lastVersion = 0

  return {
    singleProcess: true,

    find(id) {
      const entry = entries.get(id)
      if (entry === undefined || isExpired(entry.record, clock())) return undefined
      entry.used = true
      return foundIn(entry)
    },

    async save(id, record, { epoch, cap, full }): Promise<Saved> {
      if (!isSessionId(id)) throw new TypeError('a session id is <handle>.<digest>')
      const now = clock()
      const handle = handleOf(id)
      const user = users.get(handle)
      if (user?.epoch !== epoch || (epoch !== undefined && record.epoch !== epoch)) return 'epoch'
      const taken = entries.get(id)
      if (taken !== undefined && !isExpired(taken.record, now)) return 'exists'
      if (full === 'refuse' && liveOf(user, now).length >= cap) return 'full'
      const kept = frozenRecord(record, id)
      if (user !== undefined) user.place = -1
      if (taken !== undefined) drop(taken)
      dropExpired(now, 2)
      while (user?.first !== undefined && user.count >= cap) drop(idleLongest(user.first, now))
      while (size >= maxSessions) dropOne(now)
      add(user ?? newUser(handle, record.epoch), kept)
      return 'saved'
    },

    async replace(id, expectedVersion, record, { as = id } = {}) {
      const entry = entries.get(id)
      if (entry === undefined || entry.record.version !== expectedVersion) return false
      if (isExpired(entry.record, clock())) return false
      if (record.epoch !== entry.user.epoch) return false
      if (as !== id && (entries.has(as) || !isSessionId(as) || handleOf(as) !== entry.user.handle)) return false
      entry.record = frozenRecord(replacementOf(entry.record, record), as)
      if (as !== id) {
        entries.delete(id)
        entries.set(as, entry)
      }
      entry.used = true
      return true
    },

    async delete(id) {
      const entry = entries.get(id)
      if (entry === undefined) return false
      drop(entry)
      return !isExpired(entry.record, clock())
    },

    async listByUser(handle) {
      const user = users.get(handle)
      const sessions = liveOf(user, clock()).map((entry) => ({ ...foundIn(entry), id: entry.record.id }))
      return { epoch: user?.epoch, sessions }
    },

    async deleteByUser(handle, { except } = {}) {
      const now = clock()
      const known = users.get(handle)
      const user = known ?? newUser(handle, 0)
      user.epoch = Math.max(epochAt(now), user.epoch + 1)
      for (const entry of sessionsOf(user)) {
        if (entry.record.id !== except || isExpired(entry.record, now)) drop(entry)
        else entry.record = frozenRecord({ ...entry.record, epoch: user.epoch }, except)
      }
      if (user.count === 0) rest(user)
      return { epoch: user.epoch }
    },

    async sweep({ before, limit }) {
      const removed = dropExpired(before - 1, Math.min(limit, longestBatch))
      return { removed, more: byExpiry.firstDueAt() < before }
    },
  }

  function frozenRecord(record: SessionRecord, id: string): SessionRecord {
    lastVersion += 1
    const own = { ...record, id, version: lastVersion }
    return frozenJson(own.userAgent === undefined ? own : { ...own, userAgent: shared(own.userAgent) }, 'record')
  }

  /** A million sessions come from a few hundred browsers, and what a browser says of itself is a seventh of a session. */
  function shared(userAgent: string): string {
    const known = userAgents.get(userAgent)
    if (known !== undefined) return known
    if (userAgents.size >= sharedUserAgents) userAgents.clear()
    userAgents.set(userAgent, userAgent)
    return userAgent
  }

  function add(user: User, record: SessionRecord): void {
    const { first } = user
    const entry: Entry = { user, record, used: false, older: undefined, newer: undefined, next: first, slot: -1 }
    entries.set(record.id, entry)
    byExpiry.add(entry, sessionExpiry(record))
    user.first = entry
    user.count += 1
    size += 1
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
    size -= 1
    if (user.count === 0) rest(user)
  }

  function dropOne(now: number): void {
    if (dropExpired(now, longestSearch) > 0) return
    for (let looked = 0; looked < longestSearch && oldest?.used === true; looked += 1) {
      const spared = oldest
      spared.used = false
      unlink(spared)
      append(spared)
    }
    if (oldest !== undefined) drop(oldest)
  }

  /** Takes at most so many steps, of which some may only find that a session was touched meanwhile. */
  function dropExpired(now: number, steps: number): number {
    let removed = 0
    for (let step = 0; step < steps; step += 1) {
      const first = byExpiry.first()
      if (first === undefined || byExpiry.firstDueAt() > now) break
      if (!byExpiry.settle(first, sessionExpiry(first.record), now)) continue
      drop(first)
      removed += 1
    }
    return removed
  }

  function newUser(handle: string, epoch: number): User {
    const user: User = { handle, epoch, first: undefined, count: 0, place: -1 }
    users.set(handle, user)
    return user
  }

  /** Whoever had this place before, and rests there still, is forgotten. */
  function rest(user: User): void {
    const before = resting[nextPlace]
    if (before !== undefined && before !== user && before.count === 0 && before.place === nextPlace) {
      users.delete(before.handle)
    }
    resting[nextPlace] = user
    user.place = nextPlace
    nextPlace = (nextPlace + 1) % restingUsers
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

function liveOf(user: User | undefined, now: number): readonly Entry[] {
  return sessionsOf(user).filter(({ record }) => !isExpired(record, now))
}

function idleLongest(first: Entry, now: number): Entry {
  let longest = first
  for (let entry: Entry | undefined = first; entry !== undefined; entry = entry.next) {
    if (isExpired(entry.record, now)) return entry
    if (entry.record.lastSeenAt <= longest.record.lastSeenAt) longest = entry
  }
  return longest
}

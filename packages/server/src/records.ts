/**
 * Records of sessions: how they begin, age, are renewed, listed and ended, for every strategy that keeps them.
 * @module
 */
import { type Duration, parseDuration } from '@handstamp/core/duration'
import { AuthError } from '@handstamp/core/errors'
import type { AccessClaims } from '@handstamp/core/jwt/claims'
import { after, type Eventual } from '@handstamp/core/jwt/eventual'
import { userHandle } from '@handstamp/core/secret'
import { isExpired, type SessionRecord, sessionExpiry, wholeSecond } from '@handstamp/core/session'
import type { PublishingStore } from './publish-ends.ts'
import { epochAt, type Found } from './stores/store.ts'
import type { Entry, RecordKeeper, StrategyContext } from './strategies/strategy.ts'

/** Milliseconds. */
export interface Lifetimes {
  readonly idle: number
  readonly lifetime: number
}

/** The two expiries from options; the idle timeout may not be the longer one. */
export function readLifetimes(
  options: { readonly idleTimeout?: Duration; readonly lifetime?: Duration },
  defaults: { readonly idleTimeout: Duration; readonly lifetime: Duration },
  strategy: string,
): Lifetimes {
  const lifetime = parseDuration(options.lifetime ?? defaults.lifetime, `${strategy}({ lifetime })`)
  const idle = parseDuration(options.idleTimeout ?? defaults.idleTimeout, `${strategy}({ idleTimeout })`)
  if (options.idleTimeout !== undefined && idle > lifetime) {
    throw new RangeError(
      `${strategy}({ idleTimeout }) is longer than the lifetime: write one that is shorter, or leave it out`,
    )
  }
  return { idle: Math.min(idle, lifetime), lifetime }
}

/** The record of a new session. Proof times are whole seconds, as `auth_time` is (OpenID Connect Core §2). */
export function newRecord<User extends { readonly id: string }>(
  id: string,
  entry: Entry<User>,
  lifetimes: Lifetimes,
): SessionRecord {
  const { now } = entry
  const expiresAt = now + Math.min(entry.lifetime ?? lifetimes.lifetime, lifetimes.lifetime)
  return {
    v: 1,
    id,
    userId: entry.user.id,
    user: entry.user,
    epoch: entry.epoch ?? epochAt(now),
    version: 1,
    transport: entry.transport,
    persistent: entry.persistent,
    createdAt: now,
    lastSeenAt: now,
    authTime: wholeSecond(now),
    expiresAt,
    idleUntil: Math.min(now + lifetimes.idle, expiresAt),
    ...(entry.ip === undefined ? {} : { ip: entry.ip }),
    ...(entry.userAgent === undefined ? {} : { userAgent: entry.userAgent }),
    ...(entry.pending === undefined ? {} : { pending: entry.pending }),
  }
}

/** The same session under another id: proven anew, nothing owed any more unless `entry` says so. */
export function renewedRecord<User>(
  record: SessionRecord,
  id: string,
  entry: Pick<Entry<User>, 'user' | 'now' | 'pending' | 'ip' | 'userAgent'>,
  lifetimes: Lifetimes,
): SessionRecord {
  const { pending: _owed, ...kept } = seen(record, entry.now, lifetimes.idle)
  return {
    ...kept,
    id,
    user: entry.user,
    authTime: wholeSecond(entry.now),
    ...(entry.pending === undefined ? {} : { pending: entry.pending }),
    ...(entry.ip === undefined ? {} : { ip: entry.ip }),
    ...(entry.userAgent === undefined ? {} : { userAgent: entry.userAgent }),
  }
}

/** The record after it was used now; a clock that went back takes nothing away. */
export function seen(record: SessionRecord, now: number, idle: number): SessionRecord {
  return {
    ...record,
    lastSeenAt: Math.max(record.lastSeenAt, now),
    idleUntil: Math.max(record.idleUntil, Math.min(now + idle, record.expiresAt)),
  }
}

/** Thrown where compare-and-swap was lost too often. */
export function conflict(): AuthError {
  return new AuthError('ERR_STORE_CONFLICT', 'the session changed under every attempt to write it')
}

/** What every strategy with a store does with records. */
export interface Records<User> extends RecordKeeper<User> {
  epoch(userId: string): Promise<number | undefined>
  readUser(record: SessionRecord): Eventual<User | undefined>
  move(found: Found, to: SessionRecord): Promise<'saved' | 'exists'>
  /** `signed`: the claims of a genuine token. What it names was there, so its end is told even where the store has lost it. */
  end(
    ids: readonly string[],
    signed?: AccessClaims,
  ): Promise<{ readonly revoked: true; readonly standing?: { readonly id: string; readonly userId: string } }>
}

/** Listing, ending and rewriting the records of a store. */
export function keepRecords<User extends { readonly id: string }>(
  store: PublishingStore,
  context: StrategyContext<User>,
): Records<User> {
  function readUser(record: SessionRecord): Eventual<User | undefined> {
    return after(context.readUser(record.user), (user) => {
      if (user !== undefined && user.id === record.userId) return user
      context.emit({ type: 'store.corrupt', sessionId: record.id })
      return undefined
    })
  }

  async function rewrite(id: string, user: User): Promise<boolean> {
    for (let attempt = 0; attempt < 4; attempt += 1) {
      const found = await store.find(id)
      if (!found) return false
      await store.changing(id, found.version)
      if (await store.replace(id, found.version, { ...found.record, user })) return true
    }
    throw conflict()
  }

  return {
    readUser,

    async epoch(userId) {
      const handle = userHandle(userId)
      const { epoch } = await store.listByUser(handle)
      if (epoch === undefined) return undefined
      // Told to have ended, but the store was not reached: what begins now would count as ended with it.
      const begun = await context.feed?.changes.endOf(handle, epoch)
      return begun ? (await store.deleteByUser(handle, begun)).epoch : epoch
    },

    async move(found, to) {
      return (await store.replace(found.record.id, found.version, to, { as: to.id })) ? 'saved' : 'exists'
    },

    async end(ids, signed) {
      let standing: { readonly id: string; readonly userId: string } | undefined
      for (const id of ids) {
        const wasThere = async () => id === signed?.sid && (await context.feed?.changes.judge(signed)) !== 'revoked'
        const { found, ended } = await store.end(id, wasThere)
        if (ended && found) standing = { id, userId: found.record.userId }
      }
      return { revoked: true, ...(standing ? { standing } : {}) }
    },

    async list(userId) {
      const now = context.clock()
      const { sessions } = await store.listByUser(userHandle(userId))
      return sessions
        .map(({ record }) => record)
        .filter((record) => record.userId === userId && !isExpired(record, now))
    },

    async expiry(id) {
      const found = await store.find(id)
      return found && !isExpired(found.record, context.clock()) ? sessionExpiry(found.record) : undefined
    },

    async revoke(id) {
      const { found, ended } = await store.end(id)
      if (ended && found) context.emit({ type: 'session.ended', sessionId: id, userId: found.record.userId })
      return ended
    },

    async revokeAll(userId, except) {
      const handle = userHandle(userId)
      const { sessions } = await store.listByUser(handle)
      await store.deleteByUser(handle, except === undefined ? {} : { except })
      return sessions.filter(({ id }) => id !== except).length
    },

    async update(user) {
      const tried = new Map<string, boolean>()
      // A renewal or a sign-in under way brings another id, with the user that it had read before.
      for (let round = 0; round < 4; round += 1) {
        const { sessions } = await store.listByUser(userHandle(user.id))
        const left = sessions.filter(({ id }) => !tried.has(id))
        if (left.length === 0) return sessions.filter(({ id }) => tried.get(id)).length
        const outcomes = await Promise.allSettled(left.map(async ({ id }) => tried.set(id, await rewrite(id, user))))
        // Only when none is under way any more, which would write this user over one that comes after the error.
        for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
      }
      throw conflict()
    },
  }
}

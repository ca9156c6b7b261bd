/**
 * The session strategy: an unguessable id travels, the record stays in the store.
 * @module
 */
import { parseSessionCredential, sessionCredential } from '@handstamp/core/credential'
import { type Duration, parseDuration } from '@handstamp/core/duration'
import { after, type Eventual } from '@handstamp/core/jwt/eventual'
import { userHandle } from '@handstamp/core/secret'
import { isExpired, type SessionRecord, sessionOf } from '@handstamp/core/session'
import { openStore } from '../open-store.ts'
import { checkNames } from '../option-names.ts'
import { conflict, keepRecords, type Lifetimes, newRecord, readLifetimes, renewedRecord, seen } from '../records.ts'
import { checkStore, type Found, type SessionStore } from '../stores/store.ts'
import {
  type Grant,
  type Held,
  type OpenStrategy,
  type Proof,
  type Refused,
  refuse,
  type Strategy,
  type StrategyContext,
} from './strategy.ts'

export interface SessionOptions {
  readonly store: SessionStore
  /** A session that is not used for so long ends; `1d` unless set. */
  readonly idleTimeout?: Duration
  /** A session ends so long after sign-in, whatever happens; `30d` unless set. */
  readonly lifetime?: Duration
  /** How often at most a used session is written back; a twentieth of the idle timeout, at most `1h`, unless set. 0: at each request. */
  readonly touchAfter?: Duration | 0
}

/**
 * Sessions that live in the store; only an unguessable id travels. Every request reads the store once, and ending a
 * session ends it at once.
 *
 * @example
 * ```ts
 * import { memoryStore, session } from '@handstamp/server'
 * const strategy = session({ store: memoryStore(), idleTimeout: '1h', lifetime: '30d' })
 * ```
 * @throws TypeError | RangeError naming the option.
 */
export function session(options: SessionOptions): Strategy<'session'> {
  checkNames(options, ['store', 'idleTimeout', 'lifetime', 'touchAfter'], 'session()')
  checkStore(options.store, 'session({ store })')
  const lifetimes = readLifetimes(options, { idleTimeout: '1d', lifetime: '30d' }, 'session')
  const window = options.touchAfter === 0 ? 0 : touchWindow(lifetimes.idle, options.touchAfter)
  return {
    kind: 'session',
    stateful: true,
    revocable: true,
    refreshes: false,
    open: (context) => openSession(options.store, lifetimes, window, context),
  }
}

function openSession<User extends { readonly id: string }>(
  given: SessionStore,
  lifetimes: Lifetimes,
  window: number,
  context: StrategyContext<User>,
): OpenStrategy<User> {
  const store = openStore(given, context, cachesForget)
  const records = keepRecords(store, context)
  const touching = new Set<string>()

  /** A record that rotates belongs to refresh tokens: part of each, also of a spent one, would open it here. */
  function find(id: string, cached = false): Eventual<Found | undefined> {
    return after(store.find(id, { cached }), (found) => (found?.record.rotation === undefined ? found : undefined))
  }

  function prove(found: Found, now: number): Eventual<Proof<User> | Refused> {
    const { record } = found
    if (isExpired(record, now)) return refuse('expired', false)
    return after(records.readUser(record), (user) =>
      user === undefined
        ? refuse('unknown', false)
        : {
            ok: true,
            session: sessionOf(record, user),
            standing: record,
            expiresIn: null,
            refreshable: false,
            touch: () => touch(found, now),
          },
    )
  }

  function touch({ record, version }: Found, now: number): void {
    const unseen = now - record.lastSeenAt
    if (unseen < window * 0.75 || unseen < window * (0.75 + 0.25 * jitter(record.id, version))) return
    if (touching.has(record.id)) return
    touching.add(record.id)
    // A touch that fails or loses its race is no loss: the next request is due again.
    const work = store.replace(record.id, version, seen(record, now, lifetimes.idle)).catch(() => false)
    context.defer(work.finally(() => touching.delete(record.id)))
  }

  function grant(record: SessionRecord, user: User, access: string): Grant<User> {
    return {
      session: sessionOf(record, user),
      transport: record.transport,
      persistent: record.persistent,
      access,
      expiresIn: null,
      refreshable: false,
      // Not the idle expiry: reading sets no cookie, so the browser would drop the cookie of a session in use.
      cookieUntil: record.expiresAt,
    }
  }

  return {
    epoch: records.epoch,
    sharedClock: store.singleProcess !== true,

    async issue(entry) {
      const { id, text } = sessionCredential(userHandle(entry.user.id), context.random(32))
      const record = newRecord(id, entry, lifetimes)
      return {
        grant: grant(record, entry.user, text),
        save: () => store.save(record.id, record, { epoch: entry.epoch, cap: context.sessionsPerUser }),
      }
    },

    authenticate({ access }, now, cached) {
      const parsed = access && parseSessionCredential(access.text)
      if (!parsed) return refuse(access ? 'malformed' : 'absent', false)
      return after(find(parsed.id, cached), (found) => (found ? prove(found, now) : refuse('unknown', false)))
    },

    async renew({ access }, entry) {
      const parsed = access && parseSessionCredential(access.text)
      const found = parsed && (await find(parsed.id))
      if (!found) return refuse('unknown', false)
      const { id, text } = sessionCredential(userHandle(entry.user.id), context.random(32))
      const record = renewedRecord(found.record, id, entry, lifetimes)
      return {
        grant: grant(record, entry.user, text),
        save: () => records.move(found, record),
      }
    },

    async refresh({ access }, now, admit) {
      const parsed = access && parseSessionCredential(access.text)
      if (!access || !parsed) return refuse('malformed', false)
      for (let attempt = 0; attempt < 4; attempt += 1) {
        const found = await find(parsed.id)
        if (!found) return refuse('unknown', false)
        if (isExpired(found.record, now)) return refuse('expired', false)
        const refusal = admit(found.record, access.via)
        if (refusal) return refuse(refusal, false)
        const user = await records.readUser(found.record)
        if (user === undefined) return refuse('unknown', false)
        const record = seen(found.record, now, lifetimes.idle)
        if (await store.replace(record.id, found.version, record)) return grant(record, user, access.text)
      }
      throw conflict()
    },

    async revoke(held) {
      return records.end(sessionIds(held))
    },

    sessions: records,
  }
}

/** Milliseconds for which an end must be told to who watches the session; near-caches forget sooner. */
const cachesForget = 3_600_000

function sessionIds({ access }: Held): string[] {
  const parsed = access && parseSessionCredential(access.text)
  return parsed ? [parsed.id] : []
}

function touchWindow(idle: number, option: Duration | undefined): number {
  const window =
    option === undefined ? Math.min(idle / 20, 3_600_000) : parseDuration(option, 'session({ touchAfter })')
  if (window >= idle)
    throw new RangeError('session({ touchAfter }) must be shorter than the idle timeout: write a twentieth of it')
  return window
}

/** 0–1, the same on every node for one state of a session: jitter makes a touch early, and never late. */
function jitter(id: string, version: number): number {
  let mixed = Math.imul(version, 0x9e3779b1)
  for (let at = id.length - 6; at < id.length; at += 1) mixed = Math.imul(mixed ^ id.charCodeAt(at), 0x01000193)
  return (mixed >>> 0) / 0x1_0000_0000
}

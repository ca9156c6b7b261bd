/**
 * The contract of a session store. Every store is a leaf that implements this and nothing else.
 * @module
 */
import type { Eventual } from '@handstamp/core/jwt/eventual'
import type { SessionRecord } from '@handstamp/core/session'
import type { ChangeFeed } from '../feeds/feed.ts'

/** A record and the version that a later `replace` must name. */
export interface Found {
  readonly record: SessionRecord
  readonly version: number
}

/**
 * `exists`: the id is taken; `epoch`: the user was signed out everywhere since the epoch was read; `full`: one more would
 * pass the cap, and nobody was to go for it.
 */
export type Saved = 'saved' | 'exists' | 'epoch' | 'full'

export interface SaveOptions {
  /** The user's epoch as read before; undefined: there was none. */
  readonly epoch: number | undefined
  /** Live sessions of the user at most, this one among them. */
  readonly cap: number
  /** `evict`: where one more would pass the cap, the one idle longest goes, unless set. `refuse`: all stays as it was. */
  readonly full?: 'evict' | 'refuse'
}

/** All that is kept of one user. `epoch` is undefined where the store has none: nobody is signed in then. */
export interface UserSessions {
  readonly epoch: number | undefined
  readonly sessions: readonly (Found & { readonly id: string })[]
}

export interface FindOptions {
  /** The answer is not waited for any longer. */
  readonly signal?: AbortSignal
  /** A near-cache in front of the store may answer. Without it nothing but the store itself does. */
  readonly cached?: boolean
}

/**
 * Persistence of sessions. Ids are `<handle>.<digest>`; the handle names the user, who is the unit of consistency: all
 * of a user's keys change in one atomic step. A rejected promise means that the store could not answer; "not there"
 * is a value.
 *
 * Two rules carry everything. A record lives only while its `epoch` equals the user's; no epoch means signed out.
 * The only conditional write is compare-and-swap on the version, so nothing that was ended can be revived.
 */
export interface SessionStore {
  /** True where one process holds all the data, so that no other clock can have written it. */
  readonly singleProcess?: boolean

  /** On whose word it answers from memory. `createAuth` needs the same one, or nothing that ends is told there. */
  readonly feed?: ChangeFeed

  /**
   * The live record: undefined when absent, when past the record's own expiry, or when its epoch is not the user's.
   * Reads the primary and never writes. A store that has it at hand answers at once, without a promise.
   */
  find(id: string, options?: FindOptions): Eventual<Found | undefined>

  /**
   * Creates, and only creates; atomic with the comparison of the epoch and the cap on sessions of a user, of which dead
   * ones do not count. `epoch: undefined` says "I saw none": the store then makes the record's own, which its author took
   * from {@link epochAt}, and answers `epoch` if there is one by now. Else `record.epoch` equals `epoch`.
   *
   * With a change feed `full: 'refuse'` is asked, so that who has to go is told of first. A store that evicts all the same
   * works, but nobody is told of whom it pushes out: where sign-ins of a user race, or where it keeps fewer than `cap`.
   */
  save(id: string, record: SessionRecord, options: SaveOptions): Promise<Saved>

  /**
   * Compare-and-swap. False if the record is absent, has another version, or is dead by epoch; it never creates. `as`
   * moves the session to a new id in the same commit. `createdAt`, `expiresAt` and `userId` do not change; `lastSeenAt`
   * and `idleUntil` never go back.
   */
  replace(
    id: string,
    expectedVersion: number,
    record: SessionRecord,
    options?: { readonly as?: string },
  ): Promise<boolean>

  /** Deleting what is not there is no error. True when this call ended it; once acknowledged, no `replace` succeeds. */
  delete(id: string): Promise<boolean>

  /** All live sessions of a user and the epoch, complete, or a rejection. */
  listByUser(handle: string): Promise<UserSessions>

  /**
   * Ends all sessions of a user: raises the epoch to max(epochAt(now), old + 1) first, so that a `save` or `replace` in
   * flight fails, then drops the records. `except` is kept, rewritten with the new epoch in the same commit.
   */
  deleteByUser(handle: string, options?: { readonly except?: string }): Promise<{ readonly epoch: number }>

  /** Housekeeping: removes up to `limit` records that expired before `before`. `more`: call again. */
  sweep(options: {
    readonly before: number
    readonly limit: number
  }): Promise<{ readonly removed: number; readonly more: boolean }>
}

/**
 * A store over something that cannot compare and swap: it keeps the contract within one process, and between several the
 * last write holds, so that one can undo another. `hybrid()` refuses it, since two servers would rotate one token.
 */
export interface BridgedStore extends SessionStore {
  readonly compareAndSwap: false
}

/**
 * True for a store that says of itself that it cannot compare and swap.
 *
 * @example
 * ```ts
 * isBridged(memoryStore()) // false
 * ```
 */
export function isBridged(store: SessionStore): store is BridgedStore {
  return (store as Partial<BridgedStore>).compareAndSwap === false
}

/** 2200-01-01T00:00:00Z, until which an epoch counts microseconds; after it, milliseconds. */
const year2200 = 7_258_118_400_000

/** The latest that a clock can make of an epoch: what is left up to 2^53 is for those that are raised by one. */
const latestEpoch = 9_000_000_000_000_000

/**
 * Answers the epoch that a time makes (decision 9): in microseconds until 2200, one more for each millisecond from then
 * on, so that a later time makes a later epoch and every one is a number that JSON, Lua and JavaScript keep exactly.
 *
 * @example
 * ```ts
 * epochAt(Date.UTC(2026, 0, 1)) // 1767225600000000
 * ```
 */
export function epochAt(now: number): number {
  return Math.min(Math.floor(Math.min(now, year2200) * 1000 + Math.max(0, now - year2200)), latestEpoch)
}

const methods = ['find', 'save', 'replace', 'delete', 'listByUser', 'deleteByUser', 'sweep'] as const

/**
 * A TypeError that names the option, unless the value has a store's methods.
 *
 * @example
 * ```ts
 * checkStore({}, 'session({ store })') // throws: session({ store }) has no method find()
 * ```
 */
export function checkStore(value: unknown, option: string): asserts value is SessionStore {
  if (typeof value !== 'object' || value === null) {
    throw new TypeError(`${option} must be a session store: write memoryStore() or another one`)
  }
  const missing = methods.find((name) => typeof (value as Record<string, unknown>)[name] !== 'function')
  if (missing === undefined) return
  // A client of Redis can be duplicated.
  const instead = 'duplicate' in value ? 'write redisStore({ client })' : 'see SessionStore'
  throw new TypeError(`${option} has no method ${missing}(): ${instead}`)
}

/**
 * The contract of a change feed: the durable log in which servers tell each other what has ended. Every feed is a leaf
 * that implements this and nothing else.
 * @module
 */
import { isSessionId } from '@handstamp/core/credential'

/**
 * What has happened, for good. Facts are idempotent and commute, so that reading one twice, or two in another order,
 * changes nothing. Past `until` (milliseconds since the epoch) nothing that it concerns can be presented any more.
 */
export type Fact =
  /** The session has ended. */
  | { readonly kind: 'session'; readonly id: string; readonly until: number }
  /** All sessions of a user from before the epoch have ended, but for one. */
  | {
      readonly kind: 'user'
      readonly handle: string
      readonly epoch: number
      readonly except?: string
      readonly until: number
    }
  /** What the session says of its user has changed: what was read of it up to this version is out of date. */
  | { readonly kind: 'changed'; readonly id: string; readonly version: number; readonly until: number }
  /** A signing key is trusted no more. */
  | { readonly kind: 'key'; readonly kid: string; readonly until: number }

/** A place in the log; opaque to all but its own feed. */
export type Cursor = string

/** Facts in the order of the log, and the place after the last of them. */
export interface Facts {
  readonly facts: readonly Fact[]
  readonly cursor: Cursor
  /**
   * Milliseconds by which this may be older than the moment at which it was asked for: for a feed that is read through
   * caches. 0 unless set.
   */
  readonly age?: number
  /** True where a read would find more at once. Unless set, as many facts as the limit say so. */
  readonly more?: boolean
}

export interface ReadOptions {
  /** Milliseconds to wait for a fact where there is none yet. */
  readonly waitMs: number
  /** Facts at most. */
  readonly limit: number
}

/**
 * A log that is pulled. An answer proves that everything appended before it was asked for is known by now, without any
 * clock but the reader's own; a feed that is pushed proves nothing when it is silent.
 */
export interface ChangeFeed {
  /** Milliseconds by which `until` may lie ahead; any number unless set. */
  readonly keepsFor?: number
  /** Durable before it answers. */
  append(fact: Fact): Promise<Cursor>
  /** `gap`: what came after the cursor is not all there any more, or never was in this log. Take a snapshot. */
  read(after: Cursor, options: ReadOptions): Promise<Facts | 'gap'>
  /** Every fact that is not past its `until`. */
  snapshot(): Promise<Facts>
  /** Ends what it opened by itself. */
  close?(): Promise<void>
}

/** As much of a feed as it takes to follow it. */
export type ReadableFeed = Pick<ChangeFeed, 'read' | 'snapshot'>

/** A TypeError that names the option, unless the value has a feed's methods. */
export function checkFeed(value: unknown, option: string): asserts value is ChangeFeed {
  checkReadable(value, option)
  if (typeof (value as Partial<ChangeFeed>).append !== 'function')
    throw new TypeError(`${option} has no method append(): see ChangeFeed`)
}

/** The same of one that is only followed. */
export function checkReadable(value: unknown, option: string): asserts value is ReadableFeed {
  if (typeof value !== 'object' || value === null)
    throw new TypeError(`${option} must be a change feed: write memoryFeed() or another one`)
  const missing = (['read', 'snapshot'] as const).find((name) => typeof (value as ReadableFeed)[name] !== 'function')
  if (missing === undefined) return
  // A client of Redis can be duplicated.
  const instead = 'duplicate' in value ? 'write redisFeed({ client })' : 'see ChangeFeed'
  throw new TypeError(`${option} has no method ${missing}(): ${instead}`)
}

const isTime = (value: unknown): boolean => typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER
const isId = (value: unknown): boolean => typeof value === 'string' && isSessionId(value)
const isName = (value: unknown): boolean => typeof value === 'string' && value.length > 0 && value.length <= 256

/** True for a fact that this version understands. What a log holds may be of another version, or not ours. */
export function isFact(value: unknown): value is Fact {
  if (typeof value !== 'object' || value === null) return false
  const { kind, id, handle, epoch, except, version, kid, until } = value as Record<string, unknown>
  if (!isTime(until)) return false
  switch (kind) {
    case 'session':
      return isId(id)
    case 'user':
      return isName(handle) && isTime(epoch) && (except === undefined || isId(except))
    case 'changed':
      return isId(id) && isTime(version)
    case 'key':
      return isName(kid)
    default:
      return false
  }
}

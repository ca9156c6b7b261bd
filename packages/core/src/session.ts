/**
 * The session: its record in a store, its face to the application and the wire, and the rules of its two expiries.
 * @module
 */

/** How credentials travel: both in HttpOnly cookies, both in the client's hands, or the access token there and the refresh token in a cookie. */
export type Transport = 'cookie' | 'bearer' | 'split'

/**
 * Who is signed in, wherever the record lives. Times are milliseconds since the epoch; `expiresAt` is the earlier of
 * the idle and the absolute expiry. `id` is public: it names the session in lists and URLs and proves nothing.
 */
export interface Session<User> {
  readonly id: string
  readonly user: User
  readonly createdAt: number
  readonly lastSeenAt: number
  readonly expiresAt: number
  /** When the user last proved who they are; no refresh moves it. */
  readonly authTime: number
  /** The factor that is still owed, e.g. `mfa`; refused everywhere until the session is renewed. */
  readonly pending?: string
}

/** One row of a user's list of sessions. */
export interface SessionListing {
  readonly id: string
  readonly createdAt: number
  readonly lastSeenAt: number
  readonly expiresAt: number
  readonly ip?: string
  readonly userAgent?: string
  readonly current: boolean
}

/** The state of refresh rotation, of which the secrets themselves are no part. Hashes and salts are base64url. */
export interface Rotation {
  /** Generation of the live refresh token. */
  readonly g: number
  /** Hash of the live token. */
  readonly cur: string
  /** Hash of the one before it. */
  readonly prev: string | null
  readonly salt: string
  /** Which rotation secret derived the live token. */
  readonly kid: string
  readonly rotatedAt: number
}

/** What a store keeps of a session. It never holds a secret: `id` is the digest of the one that travels. */
export interface SessionRecord {
  readonly v: 1
  readonly id: string
  readonly userId: string
  readonly user: unknown
  /** The user's epoch at the time of writing; the record lives while it is equal to the store's. */
  readonly epoch: number
  /** Kept by the store, which raises it at each write. */
  readonly version: number
  readonly transport: Transport
  /** False: the cookie goes with the browser's own session. */
  readonly persistent: boolean
  readonly createdAt: number
  readonly lastSeenAt: number
  readonly authTime: number
  /** Absolute expiry; nothing moves it. */
  readonly expiresAt: number
  readonly idleUntil: number
  readonly ip?: string
  readonly userAgent?: string
  readonly pending?: string
  readonly clientId?: string
  readonly rotation?: Rotation
}

/** When a session ends if nothing more happens: the earlier of its two expiries, in milliseconds since the epoch. */
export function sessionExpiry(record: Pick<SessionRecord, 'expiresAt' | 'idleUntil'>): number {
  return Math.min(record.expiresAt, record.idleUntil)
}

/**
 * True from the very millisecond of the earlier expiry on.
 *
 * @example
 * ```ts
 * isExpired({ expiresAt: 2_000, idleUntil: 1_000 }, 1_000) // true
 * ```
 */
export function isExpired(record: Pick<SessionRecord, 'expiresAt' | 'idleUntil'>, now: number): boolean {
  return now >= sessionExpiry(record)
}

/** The session as the application and the wire see it. */
export function sessionOf<User>(record: SessionRecord, user: User): Session<User> {
  const session = {
    id: record.id,
    user,
    createdAt: record.createdAt,
    lastSeenAt: record.lastSeenAt,
    expiresAt: sessionExpiry(record),
    authTime: record.authTime,
  }
  return record.pending === undefined ? session : { ...session, pending: record.pending }
}

/** The row that a list of sessions shows for a record. */
export function listingOf(record: SessionRecord, currentId: string | undefined): SessionListing {
  return {
    id: record.id,
    createdAt: record.createdAt,
    lastSeenAt: record.lastSeenAt,
    expiresAt: sessionExpiry(record),
    ...(record.ip === undefined ? {} : { ip: record.ip }),
    ...(record.userAgent === undefined ? {} : { userAgent: record.userAgent }),
    current: record.id === currentId,
  }
}

/** The time in milliseconds at the beginning of its second: proofs are kept so, as `auth_time` can tell no more. */
export function wholeSecond(time: number): number {
  return time - (time % 1000)
}

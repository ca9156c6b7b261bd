/**
 * The narrow waist: what a strategy must do, and nothing else of the server asks which one it is.
 * @module
 */
import type { Clock } from '@handstamp/core/clock'
import type { Eventual } from '@handstamp/core/jwt/eventual'
import type { KeyRing } from '@handstamp/core/jwt/key-ring'
import type { Rejection } from '@handstamp/core/rejection'
import type { RandomBytes } from '@handstamp/core/secret'
import type { Session, SessionRecord, Transport } from '@handstamp/core/session'
import type { StrategyKind } from '@handstamp/core/shape'
import type { RevocationsClaims } from '@handstamp/core/wire'
import type { EmitEvent } from '../events.ts'
import type { OpenFeed } from '../feed-options.ts'
import type { Saved } from '../stores/store.ts'

/** What `session()`, `token()` and `hybrid()` answer: a few plain facts, and the way to open it for one `createAuth`. */
export interface Strategy<Kind extends StrategyKind = StrategyKind> {
  readonly kind: Kind
  /** Keeps records in a store, so that sessions can be listed. */
  readonly stateful: boolean
  /** Can end a session before its credential expires. */
  readonly revocable: boolean
  /** Has a refresh credential of its own, and so knows the split transport. */
  readonly refreshes: boolean
  open<User extends { readonly id: string }>(context: StrategyContext<User>): OpenStrategy<User>
}

/** What `createAuth` lends to its strategy. */
export interface StrategyContext<User> {
  readonly clock: Clock
  readonly random: RandomBytes
  /** The first origin: issuer and audience unless the strategy's options name others. */
  readonly origin: string
  /** Most sessions of one user; the one idle longest goes. */
  readonly sessionsPerUser: number
  /** Milliseconds that one call to a store may take. */
  readonly storeTimeout: number
  /** Where ends are told, and what others have told. */
  readonly feed: OpenFeed | undefined
  /** The user in the schema's own type; undefined if what was stored no longer fits it. */
  readonly readUser: (stored: unknown) => Eventual<User | undefined>
  readonly emit: EmitEvent
  /** Work that the answer does not wait for, but shutdown does. */
  readonly defer: (work: Promise<unknown>) => void
}

/** Where a credential was found in the request. */
export type Via = 'cookie' | 'authorization' | 'body'

/** The credentials that one request presents. */
export interface Held {
  readonly access?: { readonly text: string; readonly via: Via }
  readonly refresh?: { readonly text: string; readonly via: Via }
}

/** What a credential stands for, as far as admission asks; a record is one. */
export interface Standing {
  readonly id: string
  readonly userId: string
  readonly transport: Transport
  readonly authTime: number
  readonly ip?: string
  readonly userAgent?: string
}

/** A credential that holds. */
export interface Proof<User> {
  readonly ok: true
  readonly session: Session<User>
  readonly standing: Standing
  /** Seconds until a refresh is due; null: never. */
  readonly expiresIn: number | null
  readonly refreshable: boolean
  /** Notes that the session was seen, where that is kept; called once the request is admitted. */
  readonly touch?: () => void
}

/** A credential that does not. */
export interface Refused {
  readonly ok: false
  readonly reason: Rejection
  readonly refreshable?: boolean
}

/** What a new session begins with. Times are milliseconds since the epoch, `lifetime` a duration in milliseconds. */
export interface Entry<User> {
  readonly user: User
  readonly transport: Transport
  readonly persistent: boolean
  readonly now: number
  readonly lifetime?: number
  readonly pending?: string
  readonly ip?: string
  readonly userAgent?: string
  /** The user's epoch as read before; undefined: there was none. */
  readonly epoch: number | undefined
}

/** The credentials of a live session, the same for all strategies. */
export interface Grant<User> {
  readonly session: Session<User>
  readonly transport: Transport
  readonly persistent: boolean
  readonly access: string
  readonly refresh?: string
  readonly expiresIn: number | null
  readonly refreshable: boolean
  /** How long a browser may keep the cookies, in milliseconds since the epoch. */
  readonly cookieUntil: number
}

/** A grant that is composed and not yet kept, so that its size can be judged before anything is written. */
export interface Draft<User> {
  readonly grant: Grant<User>
  save(): Promise<Saved>
}

/** Refuses a genuine credential for reasons outside of it: its transport, the client it is bound to. */
export type Admit = (standing: Standing, via: Via) => Rejection | undefined

/** Throws where a credential would not reach the client; asked before anything is written for it. */
export type Judge<User> = (grant: Grant<User>) => void

export interface Ended {
  /** False: what is signed stays good until `validUntil`. */
  readonly revoked: boolean
  readonly validUntil?: number
  readonly standing?: Pick<Standing, 'id' | 'userId'>
}

export interface OpenStrategy<User> {
  /**
   * The user's epoch, read before credentials are judged final; undefined where there is none or none is kept. A sign-out
   * everywhere that was told and not done is finished first.
   */
  epoch(userId: string): Promise<number | undefined>
  /** True where the epoch may have been written by another machine's clock. */
  readonly sharedClock: boolean
  issue(entry: Entry<User>): Promise<Draft<User>>
  /** At once where the schema and the store answer at once. */
  /** `cached`: what a near-cache remembers of the session is good enough. */
  authenticate(held: Held, now: number, cached: boolean): Eventual<Proof<User> | Refused>
  /** The same session under a new secret, for a step-up or a change of privileges. */
  renew(
    held: Held,
    entry: Omit<Entry<User>, 'epoch' | 'transport' | 'persistent' | 'lifetime'>,
  ): Promise<Draft<User> | Refused>
  refresh(held: Held, now: number, admit: Admit, judge: Judge<User>): Promise<Grant<User> | Refused>
  revoke(held: Held, now: number): Promise<Ended>
  /** Listing and revoking, where records are kept. */
  readonly sessions?: RecordKeeper<User>
  /** A page of the feed, signed for verifiers that have no connection to it; where there are keys. */
  signRevocations?(claims: Omit<RevocationsClaims, 'iss'>, now: number): Eventual<string>
  /** The public keys, where there are any. */
  jwks?(now: number): ReturnType<KeyRing['jwks']>
}

/** Sessions as records, by user. */
export interface RecordKeeper<User> {
  list(userId: string): Promise<readonly SessionRecord[]>
  /** When the session ends if nothing more happens; undefined where it has. */
  expiry(id: string): Promise<number | undefined>
  /** True when this call ended it. */
  revoke(id: string): Promise<boolean>
  /** How many were ended. */
  revokeAll(userId: string, except: string | undefined): Promise<number>
  /** Rewrites the user in all records, also those that come meanwhile; answers how many there are. */
  update(user: User): Promise<number>
}

/** The credential's way must be the one fixed at sign-in. */
export function travelsBy(transport: Transport, credential: 'access' | 'refresh', via: Via): boolean {
  if (transport === 'cookie') return via === 'cookie'
  if (credential === 'access') return via === 'authorization'
  return via === (transport === 'split' ? 'cookie' : 'body')
}

/** Milliseconds by which any two clocks of servers that share a store may differ. */
export const sharedClockSkew = 30_000

/** A refusal of a strategy; `refreshable` says whether a refresh would help, where that is known. */
export function refuse(reason: Rejection, refreshable?: boolean): Refused {
  return refreshable === undefined ? { ok: false, reason } : { ok: false, reason, refreshable }
}

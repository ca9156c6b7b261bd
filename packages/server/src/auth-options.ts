/**
 * The options of `createAuth`, and the rules that types can hold.
 * @module
 */
import type { Clock } from '@handstamp/core/clock'
import type { Duration } from '@handstamp/core/duration'
import type { CheckUser, Infer, StandardSchema } from '@handstamp/core/schema'
import type { RandomBytes } from '@handstamp/core/secret'
import type { Transport } from '@handstamp/core/session'
import type { StrategyKind } from '@handstamp/core/shape'
import type { allowInsecureLoopback } from '@handstamp/core/unsafe'
import type { BindingOptions } from './admission.ts'
import type { CookieOptions } from './cookies.ts'
import type { AuthEvent } from './events.ts'
import type { FeedOptions } from './feed-options.ts'
import type { Strategy } from './strategies/strategy.ts'

/** One transport or a list of them. */
export type Transports = Transport | readonly Transport[]
export type OneOf<T> = T extends readonly (infer X)[] ? X : T

/** Cookie options go with a transport that uses cookies. */
export type CookieOnly<T> = [OneOf<T>] extends ['bearer'] ? { cookie?: never } : { cookie?: CookieOptions }

/** Split belongs to hybrid. */
export type CheckTransport<K, T> =
  'split' extends OneOf<T>
    ? K extends 'hybrid'
      ? unknown
      : { readonly 'split needs hybrid(): there is no refresh credential to keep in a cookie': never }
    : unknown

/** What `verifyCredentials` answers: the user, the user who still owes a factor, or nobody. */
export type Verified<User> = User | { readonly user: User; readonly pending: string } | null

export interface LimitOptions {
  /** Attempts to sign in: for one identifier and for one address, within a window. False: none here, since something before this server limits them. */
  readonly signIn?: false | { readonly identifier?: number; readonly address?: number; readonly window?: Duration }
  /** Most sessions of one user; 100 unless set. The one idle longest goes. */
  readonly sessionsPerUser?: number
  /** How long one call to the store may take; `2s` unless set. */
  readonly storeTimeout?: Duration
}

export interface PageOptions {
  /** Where a form goes that was refused, with `?error=…`; `/` unless set. */
  readonly signIn?: string
}

export interface AuthOptions<
  K extends StrategyKind,
  T extends Transports,
  U extends StandardSchema,
  C extends StandardSchema<unknown>,
> extends FeedOptions {
  readonly strategy: Strategy<K>
  /** How credentials travel. With a list the client says which at sign-in; the first is the default. */
  readonly transport: T
  /** The application's own origin, exactly as a browser writes it: `https://app.example`. */
  readonly origin: string
  /** More origins that may sign in and send cookies; CORS answers them. */
  readonly origins?: readonly string[]
  /** Any Standard Schema: the one source of the user's type and claims. Its output is JSON, no Date or Map, and it accepts that again. */
  readonly user: U
  /** The schema of what a sign-in sends. */
  readonly credentials?: C
  /** Whose credentials are these? Null: nobody's. It takes the same time either way; see `verifyPassword`. */
  readonly verifyCredentials?: (credentials: Infer<C>, request: Request) => Promise<Verified<Infer<U>>>
  /** Names the account that an attempt to sign in is for, to limit attempts; the email, username or identifier field unless set. */
  readonly identify?: (credentials: Infer<C>) => string | undefined
  /** Where the routes are mounted; `/auth` unless set. */
  readonly basePath?: string
  readonly binding?: BindingOptions
  readonly limits?: LimitOptions
  readonly pages?: PageOptions
  /** Signs out everybody who proved themselves before. */
  readonly notBefore?: Date
  /** Told what happened; never given a credential. */
  readonly events?: (event: AuthEvent) => unknown
  readonly clock?: Clock
  readonly random?: RandomBytes
  /** Keeps the process of an edge runtime alive for work that the answer does not wait for. */
  readonly waitUntil?: (work: Promise<unknown>) => void
  /** Plain http on a loopback address, for development alone. */
  readonly [allowInsecureLoopback]?: boolean
}

/** The options of `createAuth` with the rules that types can hold. */
export type CheckedOptions<
  K extends StrategyKind,
  T extends Transports,
  U extends StandardSchema,
  C extends StandardSchema<unknown>,
> = AuthOptions<K, T, U, C> &
  CookieOnly<NoInfer<T>> &
  CheckTransport<NoInfer<K>, NoInfer<T>> & { readonly user: CheckUser<Infer<U>> }

/**
 * Handstamp on the server.
 * @module
 */
export type { Authenticated, AuthResult, GrantBody, Granted, Rejected } from '@handstamp/core/auth-result'
export type { Clock } from '@handstamp/core/clock'
export type { Duration } from '@handstamp/core/duration'
export type { Effect } from '@handstamp/core/effect'
export { AuthError, type AuthErrorCode, isAuthError } from '@handstamp/core/errors'
export { createKeyRing, type KeyRing, type KeyRingJwk } from '@handstamp/core/jwt/key-ring'
export type { Rejection } from '@handstamp/core/rejection'
export type { CheckUser, Infer, StandardSchema, UserLike } from '@handstamp/core/schema'
export type { Session, SessionListing, SessionRecord, Transport } from '@handstamp/core/session'
export type { AuthShape, StrategyKind } from '@handstamp/core/shape'
export { allowInsecureLoopback } from '@handstamp/core/unsafe'
export type { BindingOptions, OnMismatch } from './admission.ts'
export { type Auth, type AuthCore, createAuth, type InferUser, type Sessions } from './auth.ts'
export type {
  AuthOptions,
  CheckedOptions,
  CheckTransport,
  CookieOnly,
  LimitOptions,
  OneOf,
  PageOptions,
  Transports,
  Verified,
} from './auth-options.ts'
export type { AuthenticateOptions } from './authenticate.ts'
export type { CookieOptions } from './cookies.ts'
export type { AuthEvent } from './events.ts'
export type { FeedOptions } from './feed-options.ts'
export type { ChangeFeed, Cursor, Fact, Facts, ReadOptions } from './feeds/feed.ts'
export { type MemoryFeedOptions, memoryFeed } from './feeds/memory.ts'
export { errorResponse } from './problem.ts'
export { addressOf, type RequestFace, withAddress } from './request-face.ts'
export type { SignInOptions } from './sign-in.ts'
export type { SignedOut } from './sign-out.ts'
export { type MemoryStoreOptions, memoryStore } from './stores/memory.ts'
export type { Found, Saved, SessionStore, UserSessions } from './stores/store.ts'
export { type HybridOptions, hybrid } from './strategies/hybrid.ts'
export { type SessionOptions, session } from './strategies/session.ts'
export type { Strategy } from './strategies/strategy.ts'
export { type TokenOptions, token } from './strategies/token.ts'
export { challenge, createVerifier, type VerifierOptions, type Verify } from './verifier.ts'

/**
 * The nouns and pure rules that server and client share.
 * @module
 */
export type { Authenticated, AuthResult, GrantBody, Granted, Rejected } from './auth-result.ts'
export { type Clock, systemClock } from './clock.ts'
export { type Duration, parseDuration } from './duration.ts'
export type { Effect } from './effect.ts'
export { AuthError, type AuthErrorCode, isAuthError } from './errors.ts'
export { createKeyRing, type KeyRing, type KeyRingJwk } from './jwt/key-ring.ts'
export { createRemoteJwks, type RemoteJwks } from './jwt/remote-jwks.ts'
export type { ProblemCode, Rejection } from './rejection.ts'
export type { CheckUser, Infer, StandardSchema, UserLike } from './schema.ts'
export type { Session, SessionListing, SessionRecord, Transport } from './session.ts'
export type { AuthShape, StrategyKind } from './shape.ts'
export { allowInsecureLoopback } from './unsafe.ts'

/**
 * The client's public face; each storage and interceptor also has a subpath of its own.
 * @module
 */
export type { AuthFetch } from './auth-fetch.ts'
export type { RefusalCode } from './auth-server.ts'
export type { ClientStatus } from './auth-state.ts'
export { type AuthClient, type ClientCore, createAuthClient } from './client.ts'
export { type FetchingClient, type FetchScope, interceptFetch } from './interceptors/fetch.ts'
export type { AnyAuth, AuthClientOptions, BearerStorage, ClientStorage, ShapeOf } from './options.ts'
export { ClientError, type ClientSessions } from './sessions.ts'
export type { SignedIn, SignedOut } from './sign-in.ts'
export type { TokenStorage } from './storages/storage.ts'

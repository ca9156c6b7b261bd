/**
 * What is known of an Auth by type alone: the thread that carries the server's types to the client.
 * @module
 */
import type { UserLike } from './schema.ts'
import type { Transport } from './session.ts'

/** How credentials are issued: `token+store` is a token whose sessions can be listed and revoked. */
export type StrategyKind = 'session' | 'token' | 'token+store' | 'hybrid'

/**
 * The shape of an Auth. An Auth carries it as `readonly '~shape'?: Shape`, which is never there at run time, and whoever
 * needs the types reads them structurally from there.
 *
 * @example
 * ```ts
 * type Shape = { user: { id: string; role: 'admin' | 'member' }; strategy: 'hybrid'; transport: 'cookie'; credentials: never }
 * declare const auth: { readonly '~shape'?: Shape }
 * ```
 */
export interface AuthShape {
  user: UserLike
  strategy: StrategyKind
  /** All transports that the server allows, as a union. */
  transport: Transport
  /** What a sign-in takes; `never` where the server verifies no credentials. */
  credentials: unknown
}

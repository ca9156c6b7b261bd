/** What the examples in doc comments stand in: things of an application and values at hand, which none of them declares. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AuthClient, ShapeOf } from '@handstamp/client'
import type { AccessClaims } from '@handstamp/core/jwt/claims'
import type { CompactParts } from '@handstamp/core/jwt/decode'
import type { KeyRing, KeyRingJwk } from '@handstamp/core/jwt/key-ring'
import type { VerifyOptions } from '@handstamp/core/jwt/verify'
import type { Auth, AuthResult, Clock, Found, SessionRecord, SessionStore, Verify } from '@handstamp/server'

interface User {
  readonly id: string
  readonly role: 'admin' | 'member'
}

interface Account extends User {
  readonly password: string
}

export declare const auth: Auth<{
  user: User
  strategy: 'hybrid'
  transport: 'cookie' | 'bearer'
  credentials: { email: string; password: string }
}>
export declare const client: AuthClient<ShapeOf<typeof auth>>
export declare const verify: Verify<User>
export declare const result: AuthResult<User>
export declare const request: Request
export declare const response: Response
export declare const req: IncomingMessage
export declare const res: ServerResponse
export declare const app: { fetch(request: Request): Promise<Response>; use(middleware: object): void }
export declare const users: {
  find(email: string): Promise<Account | undefined>
  update(id: string, change: { password: string }): Promise<void>
}
export declare const info: { readonly remoteAddr: { readonly hostname: string } }
export declare const native: {
  read(name: string): Promise<string | null>
  write(name: string, text: string): Promise<void>
  delete(name: string): Promise<void>
}
export declare const id: string
export declare const email: string
export declare const password: string
export declare const text: string
export declare const record: SessionRecord
export declare const found: Found
export declare const store: SessionStore
export declare const clock: Clock
export declare function myStore(options: { readonly clock: Clock }): SessionStore
export declare const controller: AbortController
/** What a store keeps in order of expiry. */
export interface Entry {
  slot: number
  dueAt: number
}
export declare const entry: Entry

export declare const token: string
export declare const claims: AccessClaims
export declare const parts: CompactParts
export declare const jwk: KeyRingJwk
export declare const old: KeyRingJwk
export declare const next: KeyRingJwk
export declare const ring: KeyRing
export declare const options: VerifyOptions
export declare const issuer: string
export declare const audience: string
export declare const now: number
export declare const acceptFor: number
export declare const isGenuine: boolean

// Bytes of keys and secrets.
export declare const x: Uint8Array
export declare const y: Uint8Array
export declare const d: Uint8Array
export declare const key: Uint8Array
export declare const secret: Uint8Array
export declare const salt: Uint8Array
export declare const family: Uint8Array
export declare const generation: Uint8Array
export declare const presented: Uint8Array
export declare const storedDigest: Uint8Array

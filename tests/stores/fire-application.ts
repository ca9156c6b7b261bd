/**
 * The application that several processes serve: hybrid over bearer, with the same keys and secrets everywhere.
 * @module
 */
import type { StandardSchema } from '@handstamp/core/schema'
import { type Auth, type AuthEvent, createAuth, hybrid } from '@handstamp/server'
import type { ChangeFeed } from '@handstamp/server/feeds/feed'
import type { SessionStore } from '@handstamp/server/stores/store'
import type { KeyPair } from '../wire/key-pair.ts'

export interface User {
  readonly id: string
}

export type FireAuth = Auth<{ user: User; strategy: 'hybrid'; transport: 'bearer'; credentials: never }>

export const origin = 'https://app.example'

const user: StandardSchema<User> = {
  '~standard': { version: 1, vendor: 'tests', validate: (value) => ({ value: value as User }) },
}

export interface FireOptions {
  readonly store: SessionStore
  readonly keys: readonly KeyPair['jwk'][]
  readonly secrets: readonly string[]
  readonly clock?: (() => number) | undefined
  readonly sessionsPerUser?: number
  readonly feed?: ChangeFeed
  readonly limits?: { readonly storeTimeout: number }
  readonly events?: (event: AuthEvent) => void
}

export function fireAuth({
  store,
  keys,
  secrets,
  sessionsPerUser = 100,
  limits,
  clock,
  ...options
}: FireOptions): FireAuth {
  return createAuth({
    origin,
    strategy: hybrid({ store, keys, secrets }),
    transport: 'bearer',
    user,
    limits: { signIn: false, sessionsPerUser, ...limits },
    ...(clock ? { clock } : {}),
    ...options,
  }) as FireAuth
}

export interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
}

export async function signIn(auth: FireAuth, id: string): Promise<Tokens & { readonly id: string }> {
  const granted = await auth.signIn({ id }, new Request(origin))
  return { ...(granted.body as unknown as Tokens), id: granted.session.id }
}

/** By the route. Throws where it answers 503, which is neither yes nor no. */
export async function refresh(
  auth: FireAuth,
  token: string,
): Promise<{ readonly ok: true; readonly tokens: Tokens } | { readonly ok: false; readonly reason: string }> {
  const request = new Request(`${origin}/auth/refresh`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin },
    body: JSON.stringify({ refresh_token: token }),
  })
  const response = await auth.handler(request)
  const body = (await response?.json()) as Tokens & { readonly code: string }
  if (response?.status === 503) throw Object.assign(new Error('503'), { code: body.code })
  return response?.status === 200 ? { ok: true, tokens: body } : { ok: false, reason: body.code }
}

export async function whoIs(auth: FireAuth, access: string): Promise<string> {
  const request = new Request(origin, { headers: { authorization: `Bearer ${access}` } })
  const result = await auth.authenticate(request)
  return result.ok ? result.session.user.id : result.reason
}

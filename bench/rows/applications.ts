/**
 * Handstamp as an application sets it up, once for each strategy that is measured, and credentials of signed-in users.
 * @module
 */
import { createKeyRing, type KeyRingJwk } from '@handstamp/core/jwt/key-ring'
import {
  type AuthResult,
  createAuth,
  type Granted,
  hybrid,
  memoryStore,
  type RequestFace,
  type SessionStore,
  session,
  token,
} from '@handstamp/server'
import { browser } from './browser.ts'
import { type BenchUser, issuer, jwkOf, newKey, userSchema } from './subject.ts'

/** The part of an auth that the bench calls, whatever its strategy. */
export interface Application {
  readonly origin: string
  authenticate(request: RequestFace): Promise<AuthResult<BenchUser>>
  signIn(user: BenchUser, request: RequestFace): Promise<Granted<BenchUser>>
}

export function sessionApplication(store: SessionStore = memoryStore()): Application {
  const feed = store.feed === undefined ? {} : { feed: store.feed }
  return createAuth({ origin: issuer, strategy: session({ store }), transport: 'cookie', user: userSchema, ...feed })
}

export function tokenApplication(): Application {
  return createAuth({ origin: issuer, strategy: token({ keys: newRing() }), transport: 'bearer', user: userSchema })
}

export function hybridApplication(): Application {
  const strategy = hybrid({
    keys: newRing(),
    secrets: ['a secret of the bench of more than 32 bytes'],
    store: memoryStore(),
  })
  return createAuth({ origin: issuer, strategy, transport: 'bearer', user: userSchema })
}

/** Signs a user in and answers the header that its client sends from then on. */
export async function signedIn(auth: Application, user: BenchUser): Promise<readonly [name: string, value: string]> {
  const agent = Buffer.from(browser).toString('latin1')
  const headers = { get: (name: string) => (name === 'user-agent' ? agent : null) }
  const granted = await auth.signIn(user, { method: 'POST', url: `${issuer}/sign-in`, headers, address: '192.0.2.1' })
  if (granted.body.access_token !== undefined) return ['authorization', `Bearer ${granted.body.access_token}`]
  const cookie = granted.effects.find((effect) => effect.type === 'set-cookie')
  if (cookie === undefined) throw new Error('a sign-in set no cookie')
  return ['cookie', `${cookie.name}=${cookie.value}`]
}

function newRing(): ReturnType<typeof createKeyRing> {
  return createKeyRing([jwkOf(newKey('ES256')) as KeyRingJwk])
}

/**
 * The application under load: sessions over cookies at `/auth`, rotating tokens over bearer at `/tokens`, both in one store; a
 * page for everybody and one for whoever is signed in.
 * @module
 */
import { isAuthError } from '@handstamp/core/errors'
import { type Auth, createAuth, hybrid, type SessionStore, session } from '@handstamp/server'
import type { AuthHandler } from '@handstamp/server/adapters/node'
import type { KeyPair } from '../wire/key-pair.ts'
import { schemaOf } from '../wire/served-auth.ts'

interface User {
  readonly id: string
}

export interface LoadOptions {
  readonly store: SessionStore
  readonly key: KeyPair['jwk']
  readonly secret: string
  readonly clock: () => number
  /** Milliseconds. */
  readonly storeTimeout: number
  /** Milliseconds by which the use of a session is noted late. */
  readonly touchesWait?: number
}

export interface LoadApplication extends AuthHandler {
  readonly sessions: Auth<{ user: User; strategy: 'session'; transport: 'cookie'; credentials: User }>
  readonly tokens: Auth<{ user: User; strategy: 'hybrid'; transport: 'bearer'; credentials: User }>
  handler(request: Request): Promise<Response | undefined>
  close(): Promise<void>
}

export const origin = 'https://app.example'

export function loadApplication(options: LoadOptions): LoadApplication {
  const { store, key, secret, clock, storeTimeout, touchesWait = 0 } = options
  const common = {
    origin,
    user: schemaOf<User>('id'),
    credentials: schemaOf<User>('id'),
    verifyCredentials: async ({ id }: User) => ({ id }),
    limits: { signIn: false, storeTimeout },
    clock,
  } as const
  const times = { idleTimeout: '30d', lifetime: '60d' } as const
  const sessions = createAuth({
    ...common,
    strategy: session({ store: touchesWait > 0 ? slow(store, touchesWait) : store, touchAfter: 0, ...times }),
    transport: 'cookie',
  })
  const tokens = createAuth({
    ...common,
    basePath: '/tokens',
    strategy: hybrid({ store, keys: [key], secrets: [secret], ...times }),
    transport: 'bearer',
  })

  async function me(request: Request): Promise<Response> {
    const result = await sessions.authenticate(request)
    return result.ok
      ? sessions.apply(result, Response.json({ session: result.session.user.id }))
      : sessions.challenge(result)
  }

  async function everybody(request: Request): Promise<Response> {
    try {
      const result = await sessions.authenticate(request)
      return sessions.apply(result, Response.json({ session: result.ok ? result.session.user.id : null }))
    } catch (error) {
      if (!isAuthError(error)) throw error
      return Response.json({ session: 'unavailable' })
    }
  }

  return {
    origin,
    sessions,
    tokens,
    async handler(request) {
      const { pathname } = new URL(request.url)
      if (pathname === '/me') return me(request)
      if (pathname === '/everybody') return everybody(request)
      return (await sessions.handler(request)) ?? tokens.handler(request)
    },
    async close() {
      await Promise.all([sessions.close(), tokens.close()])
    },
  }
}

function slow(store: SessionStore, milliseconds: number): SessionStore {
  return {
    ...store,
    async replace(...given) {
      await new Promise((resolve) => setTimeout(resolve, milliseconds))
      return store.replace(...given)
    },
  }
}

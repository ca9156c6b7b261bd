/**
 * An auth of any configuration, served over HTTP by this process: for what the playground has no flag, and for the clock.
 * @module
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { StandardSchema } from '@handstamp/core/schema'
import type { Transport } from '@handstamp/core/session'
import {
  type Auth,
  type AuthEvent,
  type AuthOptions,
  createAuth,
  type Duration,
  hybrid,
  memoryStore,
  type SessionStore,
  type Strategy,
  session,
  token,
} from '@handstamp/server'
import { toNodeHandler } from '@handstamp/server/adapters/node'
import { type FakeClock, type FaultStore, fakeClock, faultStore } from '@handstamp/server/testing'
import { type KeyPair, newKeyPair } from './key-pair.ts'
import { ada, grace } from './visitor.ts'
import { openWire, type Wire } from './wire.ts'

export interface User {
  readonly id: string
  readonly role: string
}

export type StrategyName = 'session' | 'token' | 'token+store' | 'hybrid'

/** The widest shape stands for all; the library's own checks judge the pair. */
type AnyAuth = Auth<{ user: User; strategy: 'hybrid'; transport: Transport; credentials: unknown }>
type AnyOptions = AuthOptions<'hybrid', Transport | readonly Transport[], StandardSchema<User>, StandardSchema<unknown>>

/** Options of `createAuth` over those below. */
export interface Setting extends Partial<Omit<AnyOptions, 'strategy' | 'clock' | 'events'>> {
  readonly strategy: StrategyName | Strategy
  readonly times?: Parameters<typeof strategyOf>[3]
  readonly transport: Transport | readonly Transport[]
  readonly cookie?: object
}

export interface Served {
  readonly wire: Wire
  readonly auth: AnyAuth
  readonly clock: FakeClock
  readonly store: FaultStore
  readonly keys: KeyPair
  readonly events: readonly AuthEvent[]
  stop(): Promise<void>
}

/** Behind a proxy that ends TLS, as most servers stand: the origin is https, and this is the http inside. */
export const servedOrigin = 'https://app.example'

/**
 * Serves the routes, and routes of an application: `/api/me` and `/api/notes` for whoever is signed in, `/api/fresh` for
 * whoever proved themselves in the last five minutes.
 */
export async function serveAuth(setting: Setting, startsAt?: number): Promise<Served> {
  const clock = fakeClock(startsAt)
  const keys = newKeyPair()
  const store = faultStore(memoryStore({ clock }))
  const events: AuthEvent[] = []
  const { strategy, times, ...options } = setting
  const auth = createAuth({
    origin: servedOrigin,
    user: schemaOf<User>('id', 'role'),
    credentials: schemaOf<unknown>('email', 'password'),
    verifyCredentials: async (credentials: unknown) => accountOf(credentials as typeof ada),
    limits: { signIn: false },
    ...options,
    strategy: typeof strategy === 'string' ? strategyOf(strategy, store, keys, times) : strategy,
    clock,
    events: (event) => events.push(event),
  } as AnyOptions & { transport: Transport; user: StandardSchema<User> }) as unknown as AnyAuth

  const server = createServer(
    toNodeHandler({
      origin: auth.origin,
      handler: async (request) => (await auth.handler(request)) ?? answerApplication(request, auth),
    }),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    wire: openWire({ origin: auth.origin, port }),
    auth,
    clock,
    store,
    keys,
    events,
    async stop() {
      await new Promise((resolve) => server.close(resolve))
      await auth.close()
    },
  }
}

async function answerApplication(request: Request, auth: AnyAuth): Promise<Response | undefined> {
  const { pathname } = new URL(request.url)
  if (!['/api/me', '/api/notes', '/api/fresh'].includes(pathname)) return undefined
  const result = await auth.authenticate(request, pathname === '/api/fresh' ? { fresh: '5m' } : {})
  const response = result.ok ? auth.apply(result, Response.json({ user: result.session.user })) : auth.challenge(result)
  for (const [name, value] of auth.corsHeaders(request)) response.headers.append(name, value)
  return response
}

/** Access tokens live 5 minutes, sessions 1 hour idle and 8 hours in all unless said, and every use is noted. */
export function strategyOf(
  name: StrategyName,
  store: SessionStore,
  keys: KeyPair,
  times: { readonly idleTimeout: Duration; readonly lifetime: Duration } = { idleTimeout: '1h', lifetime: '8h' },
): Strategy {
  const { lifetime } = times
  switch (name) {
    case 'session':
      return session({ store, ...times, touchAfter: 0 })
    case 'token':
      return token({ keys: [keys.jwk], accessLifetime: '5m', lifetime })
    case 'token+store':
      return token({ keys: [keys.jwk], accessLifetime: '5m', lifetime, store })
    case 'hybrid':
      return hybrid({ keys: [keys.jwk], secrets: [keys.secret], accessLifetime: '5m', store, ...times })
  }
}

function accountOf({ email, password }: typeof ada): User | null {
  const known = [ada, grace].find((account) => account.email === email && account.password === password)
  if (!known) return null
  return known === ada ? { id: 'ada', role: 'admin' } : { id: 'grace', role: 'member' }
}

/** A schema of an object whose fields are text. */
export function schemaOf<T>(...fields: readonly string[]): StandardSchema<T> {
  return {
    '~standard': {
      version: 1,
      vendor: 'handstamp-tests',
      validate(value) {
        const wrong = fields.find((field) => typeof (value as Record<string, unknown> | null)?.[field] !== 'string')
        return wrong === undefined ? { value: value as T } : { issues: [{ message: 'must be text', path: [wrong] }] }
      },
    },
  }
}

/**
 * An application around each strategy, with a clock that stands still and a store that counts and fails as it is told.
 * @module
 */
import { hash } from 'node:crypto'
import { createKeyRing, type KeyRing } from '@handstamp/core/jwt/key-ring'
import type { StandardSchema } from '@handstamp/core/schema'
import type { SessionRecord, Transport } from '@handstamp/core/session'
import type { StrategyKind } from '@handstamp/core/shape'
import {
  type Auth,
  type AuthEvent,
  createAuth,
  hybrid,
  memoryStore,
  type Rejected,
  type SessionStore,
  type Strategy,
  session,
  token,
} from '../../src/index.ts'
import {
  type Agent,
  createAgent,
  type FakeClock,
  type FaultStore,
  fakeClock,
  faultStore,
} from '../../src/testing/index.ts'
import { testKeys, testSecrets } from '../keys.ts'

export interface BenchUser {
  readonly id: string
  readonly role: string
  readonly note?: string
}

export const ada: BenchUser = { id: 'ada', role: 'member' }
export const origin = 'https://app.example'
export const minute = 60_000
export const hour = 3_600_000
export const day = 86_400_000

export const kinds = ['session', 'token', 'token+store', 'hybrid'] as const
/** The transports of each strategy. */
export const legal: readonly (readonly [StrategyKind, Transport])[] = kinds.flatMap((kind) =>
  (['cookie', 'bearer', ...(kind === 'hybrid' ? (['split'] as const) : [])] as const).map(
    (transport) => [kind, transport] as const,
  ),
)
export const withStore: readonly (readonly [StrategyKind, Transport])[] = legal.filter(([kind]) => kind !== 'token')

export const keyRing: KeyRing = createKeyRing(testKeys)

/** Signs at once, where a test must not wait for a thread: for tests in which signatures are not the question. */
const header = Buffer.from(JSON.stringify({ alg: 'HS256', kid: 'instant', typ: 'at+jwt' })).toString('base64url')
const mac = (input: string): string => hash('sha256', `signs at once ${input}`, 'base64url')
export const instantRing: KeyRing = {
  symmetric: true,
  signer: () => ({
    kid: 'instant',
    alg: 'HS256',
    sign: (_typ, payload) => {
      const input = `${header}.${Buffer.from(payload).toString('base64url')}`
      return `${input}.${mac(input)}`
    },
  }),
  verifier: (kid, alg) =>
    kid === 'instant' && alg === 'HS256'
      ? { kid, alg, verify: (input, signature) => mac(input) === Buffer.from(signature).toString('base64url') }
      : undefined,
  jwks: () => ({ keys: [] }),
  phases: () => [],
}

/** A user with an id and a role, and perhaps a note; nothing is changed on the way. */
export const userSchema: StandardSchema<BenchUser> = {
  '~standard': {
    version: 1,
    vendor: 'tests',
    validate(value) {
      const { id, role, note } = (value ?? {}) as Record<string, unknown>
      if (typeof id !== 'string') return { issues: [{ message: 'text', path: ['id'] }] }
      if (typeof role !== 'string') return { issues: [{ message: 'text', path: ['role'] }] }
      return { value: { id, role, ...(typeof note === 'string' ? { note } : {}) } }
    },
  },
}

const credentials: StandardSchema<{ readonly name: string; readonly password: string }> = {
  '~standard': { version: 1, vendor: 'tests', validate: (value) => ({ value: value as never }) },
}

type Verify = (credentials: { readonly name: string; readonly password: string }) => Promise<unknown>

export interface BenchOptions {
  readonly transport?: Transport | readonly Transport[]
  readonly strategy?: object
  readonly store?: SessionStore
  readonly clock?: FakeClock
  readonly verify?: Verify
  /** More options of createAuth. */
  readonly auth?: object
}

export interface Bench {
  readonly auth: Auth<{ user: BenchUser; strategy: 'hybrid'; transport: Transport; credentials: unknown }>
  readonly store: FaultStore
  readonly raw: SessionStore
  readonly clock: FakeClock
  readonly events: AuthEvent[]
  readonly transport: Transport
  /** Somebody without credentials. */
  agent(transport?: Transport): Agent
  /** Somebody who was just signed in. */
  signedIn(user?: BenchUser, options?: object): Promise<Agent>
  /** Somebody with the credentials that another server handed out. */
  adopt(agent: Agent): Agent
  /** A refresh by the route. */
  refresh(agent: Agent): Promise<Response>
  record(agent: Agent): Promise<SessionRecord | undefined>
  typesOf(): string[]
}

/** The strategy of a kind: accessLifetime 5 minutes, idle timeout 1 hour, lifetime 8 hours, unless changed. */
export function strategyOf(kind: StrategyKind, store: SessionStore, changes: object = {}): Strategy {
  const lifetimes = { idleTimeout: '1h', lifetime: '8h' } as const
  const tokens = { keys: keyRing, accessLifetime: '5m' } as const
  switch (kind) {
    case 'session':
      return session({ store, ...lifetimes, ...changes })
    case 'token':
      return token({ ...tokens, lifetime: '8h', ...changes })
    case 'token+store':
      return token({ ...tokens, lifetime: '8h', ...changes, store })
    case 'hybrid':
      return hybrid({ ...tokens, store, secrets: testSecrets, ...lifetimes, ...changes })
  }
}

export function bench(kind: StrategyKind, options: BenchOptions = {}): Bench {
  const { transport = 'cookie', clock = fakeClock() } = options
  const raw = options.store ?? memoryStore({ clock })
  const store = faultStore(raw)
  const events: AuthEvent[] = []
  const auth = (createAuth as (options: object) => Bench['auth'])({
    origin,
    strategy: strategyOf(kind, store, options.strategy),
    transport,
    user: userSchema,
    credentials,
    verifyCredentials: options.verify ?? (async ({ name }: { name: string }) => ({ id: name, role: 'member' })),
    limits: { signIn: false },
    clock,
    events: (event: AuthEvent) => events.push(event),
    ...options.auth,
  })
  const first = typeof transport === 'string' ? transport : (transport[0] ?? 'cookie')
  const agent = (over: Transport = first): Agent => createAgent(auth, over)
  return {
    auth,
    store,
    raw,
    clock,
    events,
    transport: first,
    agent,
    async signedIn(user = ada, more = {}) {
      const who = agent()
      const granted = await auth.signIn(user, who.request('POST', '/'), more)
      await who.keep(auth.apply(granted, Response.json(granted.body)))
      return who
    },
    adopt: ({ cookies, tokens }) => createAgent(auth, first, { cookies, tokens }),
    refresh(who) {
      const { refresh } = who.tokens
      return who.send('POST', '/auth/refresh', refresh === undefined ? {} : { json: { refresh_token: refresh } })
    },
    async record(who) {
      const result = await auth.authenticate(who.request('GET', '/'), { readOnly: true, allowPending: true })
      return result.ok ? (await raw.find(result.session.id))?.record : undefined
    },
    typesOf: () => events.map(({ type }) => type),
  }
}

/** `ok`, or the reason of a refusal, or the code of an error. */
export async function verdict(
  answer: Promise<{ readonly ok: true } | Pick<Rejected, 'ok' | 'reason'>>,
): Promise<string> {
  try {
    const result = await answer
    return result.ok ? 'ok' : result.reason
  } catch (error) {
    return (error as { code?: string }).code ?? `no AuthError: ${(error as Error).message}`
  }
}

/** Who the agent is now. */
export function whoIs({ auth }: Bench, agent: Agent, options: object = {}): Promise<string> {
  return verdict(auth.authenticate(agent.request('GET', '/'), options))
}

/** The credential for access, wherever the transport keeps it. */
export function accessOf(agent: Agent): string {
  return agent.tokens.access ?? agent.cookies.get('__Host-handstamp') ?? ''
}

export function refreshTokenOf(agent: Agent): string {
  return agent.tokens.refresh ?? agent.cookies.get('__Host-handstamp-refresh') ?? ''
}

/** The claims of an access token, unverified. */
export function claimsOf(access: string): Record<string, unknown> & { readonly exp: number; readonly iat: number } {
  return JSON.parse(Buffer.from(access.split('.')[1] ?? '', 'base64url').toString())
}

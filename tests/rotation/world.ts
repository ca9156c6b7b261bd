/**
 * Owns what a schedule plays with: servers over one store, their clocks, users with their browsers, and what was handed out.
 * @module
 */
import { hash } from 'node:crypto'
import type { KeyRing } from '@handstamp/core/jwt/key-ring'
import { type AuthCore, type AuthEvent, createAuth, type Sessions } from '@handstamp/server'
import { memoryStore } from '@handstamp/server/stores/memory'
import type { Found, SessionStore } from '@handstamp/server/stores/store'
import { hybrid } from '@handstamp/server/strategies/hybrid'
import { session } from '@handstamp/server/strategies/session'
import type { Strategy } from '@handstamp/server/strategies/strategy'
import { token } from '@handstamp/server/strategies/token'
import { type Config, times } from './config.ts'
import { type ParkingLot, parkedStore, parkingLot } from './parking-lot.ts'
import { keyOf } from './reference.ts'
import { bytesOf } from './tape.ts'

export interface User {
  readonly id: string
  password: number
}

/** Credentials as a browser keeps them. */
export interface Browser {
  readonly user: User
  access: string | undefined
  refresh: string | undefined
  sessionId: string | undefined
  /** Requests of its tabs that are on their way. */
  busy: number
  /** Since when the token that it keeps was sent without an answer. */
  unanswered: number | undefined
  /** The number of the latest operation when an answer was lost last. */
  lostAt: number
  /** When it last got an answer to a refresh, and when the tabs began the present round. */
  refreshedAt: number
  roundAt: number
}

/** One process. Deploying replaces it by another one with other secrets. */
export interface Server {
  readonly name: string
  readonly auth: AuthCore<never> & { readonly sessions: Sessions<{ readonly id: string }> }
  /** The name of the key that it rotates with. */
  readonly kid: string
  readonly keys: ReadonlyMap<string, Buffer>
  readonly phase: number
  now(): number
}

export type Kind =
  | 'refresh'
  | 'replay'
  | 'tamper'
  | 'future'
  | 'authenticate'
  | 'signIn'
  | 'signOut'
  | 'revoke'
  | 'revokeAll'
  | 'update'
  | 'renew'

export interface Grant {
  readonly id: string
  readonly expiresAt: number
  readonly access?: string
  readonly refresh?: string
}

export type Outcome =
  | { readonly is: 'granted'; readonly grant: Grant }
  | { readonly is: 'refused'; readonly reason: string }
  | { readonly is: 'failed'; readonly code: string }
  | { readonly is: 'done'; readonly value: unknown }
  | { readonly is: 'broken'; readonly error: unknown }

/** A request or a call of the application, from its start to its answer. */
export interface Operation {
  readonly number: number
  readonly kind: Kind
  readonly server: Server
  readonly browser?: Browser
  /** The refresh token that it presents, or the access token where there is no other. */
  readonly presented?: string
  /** What must be dead once it is acknowledged. */
  readonly ends: readonly string[]
  outcome: Outcome | undefined
  /** Nobody waits for the answer any more. */
  abandoned: boolean
  /** The schedule made one of its calls fail. */
  hurt: boolean
  /** Its latest look at the record, and when that was by its own clock. */
  found: { readonly value: Found | undefined; readonly now: number } | undefined
  /** The step of its latest call that was applied. */
  appliedAt: number
  /** The step of its latest proof of a password. */
  provenAt: number
  lost: number
}

export interface World {
  readonly config: Config
  readonly lot: ParkingLot<Operation>
  readonly raw: SessionStore
  readonly users: readonly User[]
  readonly browsers: readonly Browser[]
  readonly servers: Server[]
  readonly events: AuthEvent[]
  readonly forgiven: number
  /** Counts what the schedule came by. */
  readonly came: (by: string) => void
  now(): number
  storeNow(): number
  advance(milliseconds: number): void
  setBack(server: number, milliseconds: number): void
  deploy(server: number): void
  close(): Promise<void>
}

const secrets = ['first secret of the rotation, 32 B+', 'second secret of the rotation, 32 B+']
const rotationKeys = new Map(secrets.map((secret) => [secret, keyOf(secret)]))
/** A rolling change of secrets: the new one is published as second, then first, then the old one goes. */
const phases = [[0], [0, 1], [1, 0], [1]].map((order) => order.map((at) => secrets[at] ?? ''))

/** The strategy is known at run time alone here, and with it half of the types. */
const create = createAuth as unknown as (options: object) => Server['auth']

export const origin = 'https://app.example'

export function createWorld(config: Config, came: (by: string) => void = () => {}): World {
  const { shared, skews, storeSkew, fault } = config
  let trueTime = times.start
  const offsets = [...skews]
  const now = (): number => trueTime
  const storeNow = (): number => trueTime + storeSkew
  const lot = parkingLot<Operation>(now)
  const raw = memoryStore({ clock: storeNow })
  const store = parkedStore(
    fault?.store?.(raw, { now: storeNow }) ?? raw,
    lot,
    !shared || fault?.singleProcess === true,
  )
  const users: readonly User[] = [
    { id: 'ada', password: 1 },
    { id: 'grace', password: 1 },
  ]
  const events: AuthEvent[] = []
  const random = bytesOf(config.seed)

  function start(at: number, phase: number): Server {
    const used = phases[phase] ?? []
    const keys = used.map((secret) => rotationKeys.get(secret) ?? keyOf(secret))
    const clock = (): number => trueTime + (offsets[at] ?? 0)
    const strategy = strategyOf(config, store, used)
    const auth = create({
      origin,
      strategy: fault?.strategy?.(strategy, raw) ?? strategy,
      transport: config.transport,
      user: schema<{ readonly id: string; readonly name: string }>(),
      credentials: schema<{ readonly name: string; readonly password: number }>(),
      verifyCredentials: (given: { readonly name: string; readonly password: number }) =>
        lot.park('verify', [given.name], () => {
          const user = users.find(({ id }) => id === given.name)
          return user?.password === given.password ? { id: given.name, name: given.name } : null
        }),
      limits: { signIn: false, storeTimeout: '5m' },
      clock,
      random,
      events: (event: AuthEvent) => void events.push(event),
    })
    return {
      name: `node ${at}`,
      auth,
      kid: keys[0]?.kid ?? '',
      keys: new Map(keys.map(({ kid, key }) => [kid, key])),
      phase,
      now: clock,
    }
  }

  const servers = skews.map((_, at) => start(at, 0))
  return {
    config,
    lot,
    raw,
    users,
    browsers: [...users, ...users.slice(0, 1)].map((user) => ({
      user,
      access: undefined,
      refresh: undefined,
      sessionId: undefined,
      busy: 0,
      unanswered: undefined,
      lostAt: 0,
      refreshedAt: 0,
      roundAt: 0,
    })),
    servers,
    events,
    came,
    forgiven: config.grace + (shared ? 30_000 : 0),
    now,
    storeNow,
    advance: (milliseconds) => {
      trueTime += milliseconds
    },
    setBack: (at, milliseconds) => {
      offsets[at] = (offsets[at] ?? 0) - milliseconds
    },
    deploy: (at) => {
      servers[at] = start(at, (servers[at]?.phase ?? 0) + 1)
    },
    close: () => lot.close(),
  }
}

function strategyOf({ strategy, grace }: Config, store: SessionStore, used: readonly string[]): Strategy {
  const lifetimes = { idleTimeout: times.idle, lifetime: times.lifetime }
  if (strategy === 'session') return session({ store, ...lifetimes })
  if (strategy === 'token+store')
    return token({ store, keys: ring, accessLifetime: times.access, lifetime: times.lifetime })
  return hybrid({ store, keys: ring, secrets: used, accessLifetime: times.access, grace, ...lifetimes })
}

/** A schema that knows nothing but objects with an id or a name: what users are is not the question here. */
function schema<T>(): {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => { value: T } | { issues: { message: string }[] }
  }
} {
  const validate = (value: unknown): { value: T } | { issues: { message: string }[] } =>
    typeof value === 'object' && value !== null ? { value: value as T } : { issues: [{ message: 'no object' }] }
  return { '~standard': { version: 1, vendor: 'tests', validate } }
}

/** A key ring that signs at once: signatures are not the question here, and a schedule must not wait for a thread. */
const header = Buffer.from(JSON.stringify({ alg: 'HS256', kid: 'k', typ: 'at+jwt' })).toString('base64url')
const mac = (input: string): string => hash('sha256', `signs for the schedules ${input}`, 'base64url')
const ring: KeyRing = {
  symmetric: true,
  signer: () => ({
    kid: 'k',
    alg: 'HS256',
    sign: (_typ, payload) => {
      const input = `${header}.${Buffer.from(payload).toString('base64url')}`
      return `${input}.${mac(input)}`
    },
  }),
  verifier: (kid, alg) =>
    kid === 'k' && alg === 'HS256'
      ? { kid, alg, verify: (input, signature) => mac(input) === Buffer.from(signature).toString('base64url') }
      : undefined,
  jwks: () => ({ keys: [] }),
  phases: () => [],
}

/** The claims of an access token that the ring above signed. */
export function claimsOf(access: string): {
  readonly exp: number
  readonly iat: number
  readonly sid: string
  readonly auth_time: number
} {
  return JSON.parse(Buffer.from(access.split('.')[1] ?? '', 'base64url').toString())
}

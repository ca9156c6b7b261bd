/**
 * One application of several servers, and what they share: a store, a log, and keys that sign at once.
 * @module
 */
import { hash } from 'node:crypto'
import type { KeyRing } from '@handstamp/core/jwt/key-ring'
import type { StandardSchema } from '@handstamp/core/schema'
import { createAuth, type Auth as WideAuth } from '@handstamp/server'
import type { ChangeFeed } from '@handstamp/server/feeds/feed'
import { type CachedOptions, cached } from '@handstamp/server/stores/cached'
import type { SessionStore } from '@handstamp/server/stores/store'
import { hybrid } from '@handstamp/server/strategies/hybrid'
import { session } from '@handstamp/server/strategies/session'
import { token } from '@handstamp/server/strategies/token'
import { createVerifier } from '@handstamp/server/verifier'

export interface User {
  readonly id: string
  /** Of how many changes this is the latest. */
  readonly role: number
}

export const kinds = ['session', 'token', 'token+store', 'hybrid'] as const
export type Kind = (typeof kinds)[number]

/** The promise, in milliseconds. */
const maxStaleness = 1_000
/** What a verifier without a connection can promise: two clocks in seconds and a cache on the way. */
const edgeTolerance = 1_000
const edgeStaleness = 4_000
const origin = 'https://app.example'

/** The widest type stands for all. */
export type Auth = WideAuth<{ user: User; strategy: 'hybrid'; transport: 'bearer'; credentials: User }>

/** Who answers a question: a server, or a service that only verifies. */
export interface Judge {
  readonly name: string
  readonly bound: number
  /** False where the store is asked while the feed is silent, since it knows of no keys. */
  readonly hearsOfKeys: boolean
  judge(credential: string): Promise<{ readonly ok: true; readonly role: number } | { readonly ok: false }>
}

/** Of any strategy with a store; where there is none, nobody asks for its sessions. */
export interface Server extends Judge {
  readonly auth: Auth
}

/** A part that is built wrongly, to see that the schedules find it. */
export interface Build {
  readonly feed?: (feed: ChangeFeed) => ChangeFeed
  readonly cache?: (store: SessionStore, options: CachedOptions) => SessionStore
}

export function openServer(
  kind: Kind,
  name: string,
  given: {
    readonly store: SessionStore
    readonly feed: ChangeFeed
    readonly clock: () => number
    readonly onStale?: 'refuse' | 'check'
  },
  build: Build,
): Server {
  const { clock, onStale = 'refuse' } = given
  const feed = build.feed?.(given.feed) ?? given.feed
  const options = { feed, clock, maxStaleness, maxAge: '1m' } as const
  const store = kind === 'session' ? (build.cache ?? cached)(given.store, options) : given.store
  const auth = (createAuth as unknown as (options: object) => Auth)({
    origin,
    strategy: strategyOf(kind, store),
    transport: 'bearer',
    user,
    credentials: user,
    verifyCredentials: async () => null,
    limits: { signIn: false },
    clock,
    feed,
    maxStaleness,
    onStale,
    publishRevocations: kind !== 'session',
  })
  return {
    name,
    bound: maxStaleness,
    hearsOfKeys: onStale === 'refuse',
    auth,
    async judge(credential) {
      const result = await auth.authenticate(requestOf(credential))
      return result.ok ? { ok: true, role: result.session.user.role } : { ok: false }
    },
  }
}

/** A verifier beside the log, or, with `fetch`, one that reads the signed pages. */
export function openVerifier(
  name: string,
  clock: () => number,
  revocations: ChangeFeed | ((url: string) => Promise<Response>),
  build: Build,
): Judge {
  const edge = typeof revocations === 'function'
  const verify = createVerifier<User>({
    issuer: origin,
    jwks: ring,
    user,
    clock,
    ...(edge
      ? {
          revocations: `${origin}/auth/revocations`,
          fetch: (url) => revocations(url),
          maxStaleness: edgeStaleness,
          clockTolerance: edgeTolerance,
        }
      : { revocations: build.feed?.(revocations) ?? revocations, maxStaleness, clockTolerance: '1m' }),
  })
  return {
    name,
    bound: edge ? edgeStaleness : maxStaleness,
    hearsOfKeys: true,
    async judge(credential) {
      const result = await verify(credential)
      return result.ok ? { ok: true, role: result.session.user.role } : { ok: false }
    },
  }
}

/** A request with the credential, as an adapter hands it over. */
export function requestOf(credential?: string) {
  const headers = new Map(credential === undefined ? [] : [['authorization', `Bearer ${credential}`]])
  return { method: 'GET', url: `${origin}/`, headers: { get: (header: string) => headers.get(header) ?? null } }
}

function strategyOf(kind: Kind, store: SessionStore) {
  switch (kind) {
    case 'session':
      return session({ store })
    case 'token':
      return token({ keys: ring, accessLifetime: '10m' })
    case 'token+store':
      return token({ keys: ring, accessLifetime: '10m', store })
    case 'hybrid':
      return hybrid({ keys: ring, accessLifetime: '10m', store, secrets: ['0123456789 secret of the schedules'] })
  }
}

const user: StandardSchema<User> = {
  '~standard': { version: 1, vendor: 'tests', validate: (value) => ({ value: value as User }) },
}

/** Signs at once, since a schedule must not wait for a thread. */
export const kid = 'k'
const mac = (input: string): string => hash('sha256', `signs for the schedules ${input}`, 'base64url')
const ring: KeyRing = {
  symmetric: true,
  signer: () => ({
    kid,
    alg: 'HS256',
    sign(typ, payload) {
      const header = Buffer.from(JSON.stringify({ alg: 'HS256', kid, typ })).toString('base64url')
      const input = `${header}.${Buffer.from(payload).toString('base64url')}`
      return `${input}.${mac(input)}`
    },
  }),
  verifier: (asked, alg) =>
    asked === kid && alg === 'HS256'
      ? { kid, alg, verify: (input, signature) => mac(input) === Buffer.from(signature).toString('base64url') }
      : undefined,
  jwks: () => ({ keys: [] }),
  phases: () => [],
}

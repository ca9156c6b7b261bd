/**
 * What the contract is held against: every strategy, transport and storage, and which of them go together.
 * @module
 */
import type { TokenStorage } from '@handstamp/client'
import type { Clock } from '@handstamp/core/clock'
import { createKeyRing, type KeyRingJwk } from '@handstamp/core/jwt/key-ring'
import type { Transport } from '@handstamp/core/session'
import type { StrategyKind } from '@handstamp/core/shape'
import { hybrid, type SessionStore, type Strategy, session, token } from '@handstamp/server'
import type { Browser, Place } from './browser/browser.ts'

export interface StrategyPart {
  readonly kind: StrategyKind
  /** Access tokens are good for 5 minutes; sessions end after 20 minutes without use and an hour in all. */
  create(options: { readonly clock: Clock; readonly store: SessionStore }): Strategy
  /** The access credential runs out before the session does. */
  readonly expires: boolean
}

export interface StoragePart {
  readonly name: 'cookie' | 'memory' | 'sessionStorage' | 'localStorage' | 'custom'
  /** The `storage` option of a client in this browser. */
  option(browser: Browser): string | TokenStorage
  /** Where its text stands in the open; undefined: nowhere. */
  readonly place: Place | undefined
  /** What it lasts through: a reload, and another tab beside it; the browser's end. */
  readonly outlives: { readonly page: boolean; readonly tab: boolean; readonly browser: boolean }
}

/** One of each. */
export interface Combination {
  readonly strategy: StrategyPart
  readonly transport: Transport
  readonly storage: StoragePart
}

const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
const jwk = await crypto.subtle.exportKey('jwk', pair.privateKey)
const keys = createKeyRing([{ ...jwk, alg: 'ES256', kid: 'contract' } as KeyRingJwk])
const secrets = ['a secret of the contract, of more than 32 bytes']
const times = { idleTimeout: '20m', lifetime: '1h' } as const
const signed = { keys, accessLifetime: '5m', lifetime: times.lifetime } as const

export const strategies: readonly StrategyPart[] = [
  { kind: 'session', expires: false, create: ({ store }) => session({ store, ...times }) },
  { kind: 'token', expires: true, create: () => token(signed) },
  { kind: 'token+store', expires: true, create: ({ store }) => token({ store, ...signed }) },
  { kind: 'hybrid', expires: true, create: ({ store }) => hybrid({ store, secrets, ...signed, ...times }) },
]

export const transports: readonly Transport[] = ['cookie', 'bearer', 'split']

export const storages: readonly StoragePart[] = [
  {
    name: 'cookie',
    option: () => 'cookie',
    place: undefined,
    outlives: { page: true, tab: true, browser: true },
  },
  {
    name: 'memory',
    option: () => 'memory',
    place: undefined,
    outlives: { page: false, tab: false, browser: false },
  },
  {
    name: 'sessionStorage',
    option: () => 'sessionStorage',
    place: 'sessionStorage',
    outlives: { page: true, tab: false, browser: false },
  },
  {
    name: 'localStorage',
    option: () => 'localStorage',
    place: 'localStorage',
    outlives: { page: true, tab: true, browser: true },
  },
  {
    name: 'custom',
    option: ({ keychain }) => keychain,
    place: 'keychain',
    outlives: { page: true, tab: true, browser: true },
  },
]

export const combinations: readonly Combination[] = strategies.flatMap((strategy) =>
  transports.flatMap((transport) => storages.map((storage) => ({ strategy, transport, storage }))),
)

/** Which storages each transport goes with. */
const kept: { readonly [T in Transport]: readonly StoragePart['name'][] } = {
  cookie: ['cookie'],
  bearer: ['memory', 'sessionStorage', 'localStorage', 'custom'],
  split: ['memory'],
}

/** The design's own word on what goes together; that the libraries say the same is what the contract holds them to. */
export function isLegal({ strategy, transport, storage }: Combination): boolean {
  return kept[transport].includes(storage.name) && (transport !== 'split' || strategy.kind === 'hybrid')
}

export const legal: readonly Combination[] = combinations.filter(isLegal)
export const illegal: readonly Combination[] = combinations.filter((combination) => !isLegal(combination))

/** e.g. `hybrid over bearer in localStorage` */
export function nameOf({ strategy, transport, storage }: Combination): string {
  return `${strategy.kind} over ${transport} in ${storage.name}`
}

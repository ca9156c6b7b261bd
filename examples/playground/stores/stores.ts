/**
 * Where the server can keep sessions: one line a kind. A driver is loaded when its kind is asked for, and not before.
 * @module
 */
import type { ChangeFeed, SessionStore } from '@handstamp/server'
import type { Servers, StoreKind } from '../configuration.ts'

/** One kind of store, in a file of its own. */
export interface StoreLeaf {
  /** Once, before any node opens it: what must be made first, and whether it answers at all. */
  prepare?(address: string): Promise<void>
  open(setting: StoreSetting): Promise<OpenStore>
  /** Starts a server of this kind on this machine, where it needs one. */
  readonly local?: LocalStore
}

export interface StoreSetting {
  readonly address: string
  /** Told of each command that goes to the store. */
  readonly told: (command: string) => void
}

export interface OpenStore {
  readonly store: SessionStore
  readonly feed?: ChangeFeed
  close(): Promise<void>
}

export interface LocalStore {
  isInstalled(): boolean
  start(): Promise<{ readonly address: string; stop(): Promise<void> }>
  /** How people install it. */
  readonly install: string
}

interface Kind {
  /** How an address of it is written. */
  readonly written?: string
  /** True where several processes find the same sessions in it. */
  readonly shared: boolean
  readonly feed: Servers['feed']
  readonly leaf: () => Promise<StoreLeaf>
}

const kinds: { readonly [K in StoreKind]: Kind } = {
  memory: { shared: false, feed: 'none', leaf: () => import('./memory.ts') },
  file: { written: 'file:DIR', shared: true, feed: 'none', leaf: () => import('./file.ts') },
  sqlite: { written: 'sqlite:FILE', shared: true, feed: 'none', leaf: () => import('./sqlite.ts') },
  redis: { written: 'redis://HOST:PORT', shared: true, feed: 'redis', leaf: () => import('./redis.ts') },
  postgres: { written: 'postgres://…', shared: true, feed: 'postgres', leaf: () => import('./postgres.ts') },
  mysql: { written: 'mysql://…', shared: true, feed: 'none', leaf: () => import('./mysql.ts') },
  memcached: { written: 'memcached://HOST:PORT', shared: true, feed: 'none', leaf: () => import('./memcached.ts') },
}

/** What `--store` asks for. Without an address, memory, or a server that is started for it. */
export interface StoreChoice {
  readonly kind: StoreKind
  readonly address?: string
}

/** @throws TypeError for a text that names no store. */
export function readStore(text: string): StoreChoice {
  if (isKind(text)) {
    if (text !== 'file' && text !== 'sqlite') return { kind: text }
    throw new TypeError(`--store ${text} needs a place: write --store ${kinds[text].written}`)
  }
  const [, scheme = '', rest = ''] = /^([a-z]+):(.+)$/s.exec(text) ?? []
  const kind = scheme === 'rediss' ? 'redis' : scheme === 'postgresql' ? 'postgres' : scheme
  if (!isKind(kind) || kind === 'memory') throw new TypeError(`--store must be ${spellings()}, not "${safe(text)}"`)
  if (kind === 'file' || kind === 'sqlite') return { kind, address: rest }
  if (!rest.startsWith('//') || !URL.canParse(text))
    throw new TypeError(`--store ${kind} with an address is written ${kinds[kind].written}, or ${kind} alone`)
  return { kind, address: text }
}

export function kindOf(kind: StoreKind): Kind {
  return kinds[kind]
}

function isKind(text: string): text is StoreKind {
  return Object.hasOwn(kinds, text)
}

function spellings(): string {
  return Object.entries(kinds)
    .flatMap(([kind, { written = kind }]) => (written.includes('://') ? [kind, written] : written))
    .join(', ')
}

/** An address may hold a password, and a message goes to the terminal. */
function safe(text: string): string {
  return text.replace(/\/\/[^@/]*@/, '//•••@').slice(0, 60)
}

/**
 * What is compared: each line is a strategy and the place where its sessions are. Plain data, read by the servers too.
 * @module
 */

export type StoreKind = 'memory' | 'file' | 'sqlite' | 'redis' | 'postgres' | 'mariadb' | 'memcached'

export interface Line {
  readonly name: string
  /** What `createAuth` is given. */
  readonly strategy: 'session' | 'cached' | 'token' | 'hybrid'
  readonly store?: StoreKind
  /** Servers tell each other what has ended. */
  readonly feed?: true
  /** As many clients as take turns; many more than the memory of verified tokens holds, where none is to be known. */
  readonly clients: number
}

/** Sessions that are there before others are weighed: what grows in steps has grown. */
export const warming = 500

const clients = 256
const stores: readonly (readonly [StoreKind, string])[] = [
  ['memory', 'memory'],
  ['sqlite', 'SQLite'],
  ['file', 'files'],
  ['memcached', 'memcached'],
  ['redis', 'Redis'],
  ['postgres', 'PostgreSQL'],
  ['mariadb', 'MariaDB'],
]

export const lines: readonly Line[] = [
  ...over('session'),
  { name: 'session, near-cache + Redis', strategy: 'cached', store: 'redis', clients },
  { name: 'token, seen before', strategy: 'token', clients },
  { name: 'token, a new one each time', strategy: 'token', clients: 12_000 },
  ...over('token'),
  ...over('hybrid'),
  { name: 'hybrid with a feed, Redis', strategy: 'hybrid', store: 'redis', feed: true, clients },
]

function over(strategy: 'session' | 'token' | 'hybrid'): readonly Line[] {
  return stores.map(([store, name]) => ({ name: `${strategy}, ${name}`, strategy, store, clients }))
}

/** What one server of a line is told. */
export interface Told {
  readonly line: Line
  /** Where its store is. */
  readonly at: string
  /** The signing key of all servers of the line. */
  readonly key: { readonly kty: string; readonly kid: string; readonly alg: string }
  /** The first one signs its clients in, another one is only shown their credentials. */
  readonly first: boolean
}

/** What was measured of a line. */
export interface Measured {
  readonly name: string
  readonly skipped?: string
  /** Microseconds added to a request, one at a time: the middle, and what one in a hundred exceeds. */
  readonly p50: number
  readonly p99: number
  /** Microseconds of the server's CPU added to a request, under load. */
  readonly cpu: number
  /** Calls to the store for each request. */
  readonly calls: number
  /** Bytes of the header line that carries the credential. */
  readonly header: number
  /** Bytes that one session takes in the server's process, and where the store keeps it. */
  readonly nodeBytes: number
  readonly storeBytes: number
  /** The part of one server's sessions that a second one knows. */
  readonly known: number
  /** Requests a second by one server and by two. */
  readonly one: number
  readonly two: number
}

/**
 * The options of a client, and the only place that judges them.
 * @module
 */
import type { Session, Transport } from '@handstamp/core/session'
import type { AuthShape } from '@handstamp/core/shape'
import { defaultBasePath } from '@handstamp/core/wire'
import { isSafeOrigin } from './allowed-origins.ts'
import { cookieTokenStorage } from './storages/cookie.ts'
import { localTokenStorage } from './storages/local-storage.ts'
import { memoryTokenStorage } from './storages/memory.ts'
import { sessionTokenStorage } from './storages/session-storage.ts'
import type { TokenStorage } from './storages/storage.ts'

/** Anything that carries the shape of an Auth in its type: what a server exports as `typeof auth`. */
export interface AnyAuth {
  readonly '~shape'?: AuthShape
}

/** The shape that an Auth carries. */
export type ShapeOf<A extends AnyAuth> = NonNullable<A['~shape']>

/** The storages that keep a token of the bearer transport. */
export type BearerStorage = 'memory' | 'sessionStorage' | 'localStorage' | TokenStorage

/** The legal pairs of transport and storage, for each transport that the server allows. */
export type ClientStorage<T> = T extends 'cookie'
  ? { readonly storage: 'cookie'; readonly transport?: 'cookie' }
  : T extends 'bearer'
    ? { readonly storage: BearerStorage; readonly transport?: 'bearer' }
    : T extends 'split'
      ? { readonly storage: 'memory'; readonly transport: 'split' }
      : never

/** The options of every client. */
export interface CommonOptions<User> {
  /** The server's exact origin, e.g. `https://api.example`. */
  readonly baseURL: string
  /** Where the server mounts its routes; `/auth` by default. */
  readonly basePath?: string
  /** Further exact origins that credentials may be sent to. The server's own is always one. */
  readonly allowedOrigins?: readonly string[]
  /** What is known already, e.g. from the page's own HTML: the session, or null for nobody. */
  readonly initial?: Session<User> | null
  /** Takes the place of the global `fetch`, which is otherwise looked up once, when the client is made. */
  readonly fetch?: typeof globalThis.fetch
}

/** The options that go with a server of this shape. */
export type AuthClientOptions<S extends AuthShape> = ClientStorage<S['transport']> & CommonOptions<S['user']>

/** The options in the form in which the rest of the client uses them. */
export interface Settings<User> {
  /** The server's origin and base path. */
  readonly base: string
  readonly transport: Transport
  readonly storage: TokenStorage
  /** The origins that credentials may be sent to. */
  readonly allowed: readonly string[]
  readonly initial: Session<User> | null | undefined
  /** To be called as a bare function: browsers refuse any `this` but their own. */
  readonly fetch: (input: RequestInfo | URL, init?: RequestInit) => Promise<Response>
}

/** The storages of each transport, by name. */
const storages: Readonly<Record<string, Readonly<Record<string, () => TokenStorage>>>> = {
  cookie: { cookie: cookieTokenStorage },
  bearer: { memory: memoryTokenStorage, sessionStorage: sessionTokenStorage, localStorage: localTokenStorage },
  split: { memory: memoryTokenStorage },
}

const origins = 'https://api.example, an https origin without path (see basePath)'
const optionNames = 'baseURL, basePath, storage, transport, allowedOrigins, initial or fetch'

/** The settings that the options ask for, or a TypeError that says what to write instead. */
export function readOptions<User>(
  options: CommonOptions<User> & { readonly storage: string | TokenStorage; readonly transport?: Transport },
): Settings<User> {
  const {
    baseURL,
    basePath = defaultBasePath,
    storage,
    transport = storage === 'cookie' ? 'cookie' : 'bearer',
    allowedOrigins = [],
    initial,
    fetch = globalThis.fetch,
    ...others
  } = Object(options) as typeof options
  // A misspelt option would be a silent default.
  for (const name in others) check(false, `option ${name}`, optionNames)
  const allowed = [baseURL, ...allowedOrigins]
  for (const origin of allowed)
    check(isSafeOrigin(origin), `${origin === baseURL ? 'baseURL' : 'allowedOrigins'} ${origin}`, origins)
  check(/^(\/[\w-][\w.-]*)+$/.test(basePath), `basePath ${basePath}`, '/auth')
  const named = storages[transport]
  const custom = transport === 'bearer' && typeof storage === 'object' && storage
  const kept = custom || named?.[storage as string]?.()
  // What an object inherits has a name too, but is no storage.
  check(
    'get' in Object(kept),
    `storage ${typeof storage === 'object' ? 'of your own' : storage} with transport ${transport}`,
    Object.keys(named && !options.transport ? { ...storages.cookie, ...named } : (named ?? storages)).join(' or '),
  )

  return {
    base: baseURL + basePath,
    transport,
    storage: kept as TokenStorage,
    allowed,
    initial,
    fetch,
  }
}

function check(fits: unknown, what: string, instead: string): asserts fits {
  if (!fits) throw new TypeError(`${what}: write ${instead}`)
}

/**
 * The playground's auth: one `createAuth` for whatever is configured now, and the pairs that could be.
 * @module
 */
import type { Transport } from '@handstamp/core/session'
import type { StrategyKind } from '@handstamp/core/shape'
import {
  type AuthEvent,
  allowInsecureLoopback,
  type ChangeFeed,
  createAuth,
  hybrid,
  memoryStore,
  type SessionStore,
  type Strategy,
  session,
  token,
} from '@handstamp/server'
import { type Accounts, credentialsSchema, userSchema } from './accounts.ts'
import { type AskedLifetimes, lifetimesOf, type Pair, strategies, transports } from './configuration.ts'
import { type KeyMaterial, newKeys } from './keys.ts'

export interface AuthSetting {
  readonly origin: string
  readonly asked: AskedLifetimes
  readonly signInLimit: number | undefined
  readonly accounts: Accounts
  readonly events: (event: AuthEvent) => void
  /** Where servers tell each other what has ended; none where they have no way to. */
  readonly feed?: ChangeFeed | undefined
  /** What all servers of one application have in common; new ones unless given. */
  readonly keys?: KeyMaterial
}

export type PlaygroundAuth = ReturnType<typeof openAuth>

/**
 * Opens a configuration. With new keys and an empty store, nothing of another one is good in it.
 *
 * @throws TypeError | RangeError where the library refuses the pair.
 */
export function openAuth(
  kind: StrategyKind,
  transport: Transport,
  setting: AuthSetting,
  store: SessionStore = memoryStore(),
) {
  const { origin, signInLimit, accounts, events, feed } = setting
  return createAuth({
    origin,
    // An application names one strategy and one transport, and its types exclude what does not go together. Here both
    // are picked at run time, so the widest type stands for all of them and the library's own checks judge the pair.
    strategy: strategyOf(kind, setting, store) as Strategy<'hybrid'>,
    transport,
    user: userSchema,
    credentials: credentialsSchema,
    verifyCredentials: accounts.verify,
    limits: {
      signIn: signInLimit === undefined ? false : { identifier: signInLimit, address: signInLimit * 5 },
    },
    pages: { signIn: '/plain' },
    events,
    ...(feed === undefined ? {} : { feed }),
    [allowInsecureLoopback]: true,
  })
}

function strategyOf(kind: StrategyKind, { asked, keys = newKeys() }: AuthSetting, store: SessionStore): Strategy {
  const { access: accessLifetime, idle: idleTimeout, lifetime, grace } = lifetimesOf(kind, asked)
  const signed = { keys: keys.ring, lifetime, ...(accessLifetime === undefined ? {} : { accessLifetime }) }
  const idle = idleTimeout === undefined ? {} : { idleTimeout }
  switch (kind) {
    case 'session':
      return session({ store, lifetime, ...idle })
    case 'token':
      return token(signed)
    case 'token+store':
      return token({ ...signed, store })
    case 'hybrid':
      return hybrid({ ...signed, ...idle, ...(grace === undefined ? {} : { grace }), store, secrets: keys.secrets })
  }
}

/** Every pair, and what the library says about those that cannot be. */
export function judgePairs(setting: AuthSetting): readonly Pair[] {
  return strategies.flatMap((strategy) =>
    transports.map((transport) => {
      try {
        openAuth(strategy, transport, setting)
        return { strategy, transport }
      } catch (error) {
        return { strategy, transport, problem: error instanceof Error ? error.message : 'refused' }
      }
    }),
  )
}

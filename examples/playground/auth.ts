/**
 * The playground's auth: one `createAuth` for whatever is configured now, and the pairs that could be.
 * @module
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import type { Transport } from '@handstamp/core/session'
import type { StrategyKind } from '@handstamp/core/shape'
import {
  type AuthEvent,
  allowInsecureLoopback,
  createAuth,
  createKeyRing,
  hybrid,
  type KeyRingJwk,
  memoryStore,
  type Strategy,
  session,
  token,
} from '@handstamp/server'
import { type Accounts, credentialsSchema, userSchema } from './accounts.ts'
import { type AskedLifetimes, lifetimesOf, type Pair, strategies, transports } from './configuration.ts'

export interface AuthSetting {
  readonly origin: string
  readonly asked: AskedLifetimes
  readonly signInLimit: number | undefined
  readonly accounts: Accounts
  readonly events: (event: AuthEvent) => void
}

export type PlaygroundAuth = ReturnType<typeof openAuth>

/**
 * Opens a configuration with new keys and an empty store, so that nothing of another one is good in it.
 *
 * @throws TypeError | RangeError where the library refuses the pair.
 */
export function openAuth(kind: StrategyKind, transport: Transport, setting: AuthSetting) {
  const { origin, signInLimit, accounts, events } = setting
  return createAuth({
    origin,
    // An application names one strategy and one transport, and its types exclude what does not go together. Here both
    // are picked at run time, so the widest type stands for all of them and the library's own checks judge the pair.
    strategy: strategyOf(kind, setting.asked) as Strategy<'hybrid'>,
    transport,
    user: userSchema,
    credentials: credentialsSchema,
    verifyCredentials: accounts.verify,
    limits: {
      signIn: signInLimit === undefined ? false : { identifier: signInLimit, address: signInLimit * 5 },
    },
    pages: { signIn: '/plain' },
    events,
    [allowInsecureLoopback]: true,
  })
}

function strategyOf(kind: StrategyKind, asked: AskedLifetimes): Strategy {
  const { access: accessLifetime, idle: idleTimeout, lifetime, grace } = lifetimesOf(kind, asked)
  const store = memoryStore()
  const signed = () => ({ keys: newKeys(), lifetime, ...(accessLifetime === undefined ? {} : { accessLifetime }) })
  const idle = idleTimeout === undefined ? {} : { idleTimeout }
  switch (kind) {
    case 'session':
      return session({ store, lifetime, ...idle })
    case 'token':
      return token(signed())
    case 'token+store':
      return token({ ...signed(), store })
    case 'hybrid':
      return hybrid({
        ...signed(),
        ...idle,
        ...(grace === undefined ? {} : { grace }),
        store,
        secrets: [randomBytes(32)],
      })
  }
}

/** An application keeps its keys (`npx @handstamp/server keys`); these live as long as the configuration. */
function newKeys() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return createKeyRing([{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256' } as KeyRingJwk])
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

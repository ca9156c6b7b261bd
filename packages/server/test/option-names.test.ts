import { describe, expect, test } from 'vitest'
import { toNodeHandler } from '../src/adapters/node.ts'
import { createAuth, createVerifier, hybrid, memoryStore, session, token } from '../src/index.ts'
import { testKeys, testSecrets } from './keys.ts'

const store = memoryStore()
const user = { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value: value as { id: string } }) } } as const // biome-ignore format: one thought
const auth = (options: object) =>
  createAuth({ strategy: session({ store }), transport: 'cookie', origin: 'https://app.example', user, ...options })

describe('an option that does not exist is refused by name, its nearest neighbour is not', () => {
  test.each([
    ['createAuth', 'transports', () => auth({ transports: 'cookie' }), () => auth({ transport: 'cookie' })],
    ['cookie', 'secure', () => auth({ cookie: { secure: false } }), () => auth({ cookie: { sameSite: 'lax' } })],
    ['binding', 'useragent', () => auth({ binding: { useragent: 'event' } }), () => auth({ binding: { userAgent: 'event' } })], // biome-ignore format: a row
    ['limits', 'signin', () => auth({ limits: { signin: false } }), () => auth({ limits: { signIn: false } })],
    ['limits.signIn', 'ip', () => auth({ limits: { signIn: { ip: 1 } } }), () => auth({ limits: { signIn: { address: 1 } } })], // biome-ignore format: a row
    ['pages', 'signin', () => auth({ pages: { signin: '/in' } }), () => auth({ pages: { signIn: '/in' } })],
    ['session()', 'ttl', () => session({ store, ttl: '1h' } as never), () => session({ store, idleTimeout: '1h' })],
    ['token()', 'ttl', () => token({ keys: testKeys, ttl: '1h' } as never), () => token({ keys: testKeys, lifetime: '1h' })], // biome-ignore format: a row
    ['hybrid()', 'leeway', () => hybrid({ store, keys: testKeys, secrets: testSecrets, leeway: '1s' } as never), () => hybrid({ store, keys: testKeys, secrets: testSecrets, grace: '1s' })], // biome-ignore format: a row
    ['createVerifier()', 'algorithms', () => createVerifier({ issuer: 'https://a.example', user, algorithms: [] } as never), () => createVerifier({ issuer: 'https://a.example', user, audience: 'a' })], // biome-ignore format: a row
    ['memoryStore()', 'max', () => memoryStore({ max: 1 } as never), () => memoryStore({ maxSessions: 1 })],
    ['toNodeHandler()', 'trustProxy', () => toNodeHandler(auth({}), { trustProxy: 1 } as never), () => toNodeHandler(auth({}), { trustedProxies: 1 })], // biome-ignore format: a row
  ])('%s: %s', (where, name, wrong, right) => {
    expect(wrong).toThrow(new RegExp(`^${where.replace(/[().]/g, '\\$&')} has no option "${name}": it has `))
    expect(right).not.toThrow()
  })
})

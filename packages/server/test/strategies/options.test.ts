import { allowInsecureLoopback } from '@handstamp/core/unsafe'
import { describe, expect, test } from 'vitest'
import { createAuth, createVerifier, hybrid, memoryStore, session, token } from '../../src/index.ts'
import { testKeys, testSecrets } from '../keys.ts'
import { strategyOf, userSchema } from './bench.ts'

/** The error names the first option that is changed, unless the row says another name. */
type Row = readonly [
  what: string,
  changes: object,
  error: typeof TypeError | typeof RangeError | 'fine',
  name?: string | undefined,
]

/** Options as anybody could write them without types. */
function checks(make: unknown, base: object, rows: readonly Row[]): void {
  for (const [what, changes, error, name = Object.keys(changes)[0] ?? ''] of rows) {
    test(what, () => {
      const create = (): unknown => (make as (options: object) => unknown)({ ...base, ...changes })
      if (error === 'fine') return void expect(create).not.toThrow()
      let thrown: unknown
      try {
        create()
      } catch (caught) {
        thrown = caught
      }
      expect(thrown).toBeInstanceOf(error)
      expect((thrown as Error).message).toContain(name)
    })
  }
}

function durations(name: string): readonly Row[] {
  return [
    [`${name} that is no duration`, { [name]: '15 minutes' }, TypeError],
    [`${name} that is a fraction`, { [name]: 1.5 }, RangeError],
    [`${name} of nothing`, { [name]: 0 }, RangeError],
    [`${name} of less than nothing`, { [name]: -1 }, RangeError],
    [`${name} that is no number`, { [name]: Number.NaN }, TypeError],
    [`${name} without end`, { [name]: Number.POSITIVE_INFINITY }, RangeError],
    [`${name} that is true`, { [name]: true }, TypeError],
    [`${name} of more than a century`, { [name]: '36501d' }, RangeError],
  ]
}

const store = memoryStore()
const [key] = testKeys

const tokenRows: readonly Row[] = [
  ['no keys', { keys: undefined }, TypeError],
  ['keys that are null', { keys: null }, TypeError],
  ['an empty list of keys', { keys: [] }, TypeError, '({ keys }) is missing or empty: is HANDSTAMP_KEYS set?'],
  ['keys as text', { keys: '[]' }, TypeError, '({ keys }) must be a list of JWKs, so JSON.parse a text'],
  ['a PEM for keys', { keys: '-----BEGIN PRIVATE KEY-----' }, TypeError],
  ['one JWK that is no list', { keys: key }, TypeError],
  ['a key without its private half', { keys: [{ ...key, d: undefined }] }, TypeError],
  ['two keys with one kid', { keys: [key, { ...key, activeFrom: 0 }] }, TypeError],
  ['a key that retires before it is active', { keys: [{ ...key, activeFrom: 2, retireAt: 1 }] }, RangeError],
  ['an empty issuer', { issuer: '' }, TypeError],
  ['an issuer that is a URL', { issuer: new URL('https://app.example') }, TypeError],
  ['an empty audience', { audience: '' }, TypeError],
  ['an audience of nobody', { audience: [] }, TypeError],
  ['an audience with an empty name', { audience: ['a', ''] }, TypeError],
  ['an audience of two', { audience: ['a', 'b'] }, 'fine'],
  ['an empty client id', { clientId: '' }, TypeError],
  ['a claim with a registered name', { claims: { exp: true } }, TypeError, '"exp"'],
  ['a claim of ours', { claims: { hs: true } }, TypeError, '"hs"'],
  ['a claim that is false', { claims: { role: false } }, TypeError, '"role"'],
  ['a claim of the user', { claims: { role: true } }, 'fine'],
  ...durations('accessLifetime'),
]

describe('session()', () => {
  checks(session, { store }, [
    ['a store alone', {}, 'fine'],
    ['no store', { store: undefined }, TypeError],
    ['a store that is null', { store: null }, TypeError],
    ['a store that is a text', { store: 'redis://' }, TypeError],
    ['a store without replace', { store: { ...store, replace: undefined } }, TypeError, 'replace'],
    ...durations('lifetime'),
    ...durations('idleTimeout'),
    ...durations('touchAfter').filter(([what]) => what !== 'touchAfter of nothing'),
    ['touchAfter of nothing', { touchAfter: 0 }, 'fine'],
    ['an idle timeout longer than the lifetime', { idleTimeout: '61m', lifetime: '1h' }, RangeError],
    ['an idle timeout as long as the lifetime', { idleTimeout: '1h', lifetime: '1h' }, 'fine'],
    ['a lifetime shorter than the usual idle timeout', { lifetime: '1h' }, 'fine'],
    ['a window as long as the idle timeout', { touchAfter: '1h', idleTimeout: '1h' }, RangeError],
  ])
})

describe('token()', () => {
  checks(token, { keys: testKeys }, [
    ['keys alone', {}, 'fine'],
    ...tokenRows,
    ...durations('lifetime'),
    ['an access lifetime longer than the lifetime', { accessLifetime: '6m', lifetime: '5m' }, RangeError],
    ['15 minutes that nobody can end', { accessLifetime: '15m' }, 'fine'],
    ['16 minutes that nobody can end', { accessLifetime: '16m' }, RangeError],
    ['an hour with a store', { accessLifetime: '1h', store }, 'fine'],
    ['a store that is null', { store: null }, TypeError],
    ['a store without find', { store: { ...store, find: 1 } }, TypeError, 'find'],
  ])
})

describe('hybrid()', () => {
  const base = { keys: testKeys, store, secrets: testSecrets }
  checks(hybrid, base, [
    ['keys, secrets and a store', {}, 'fine'],
    ['no store', { store: undefined }, TypeError],
    ...tokenRows,
    ...durations('idleTimeout'),
    ...durations('lifetime'),
    ...durations('grace'),
    ['a grace of a minute', { grace: '60s' }, 'fine'],
    ['a grace of more', { grace: 60_001 }, RangeError],
    ['an access lifetime longer than the idle timeout', { accessLifetime: '6m', idleTimeout: '5m' }, RangeError],
    ['no secrets', { secrets: undefined }, TypeError],
    [
      'an empty list of secrets',
      { secrets: [] },
      TypeError,
      '({ secrets }) is missing or empty: is HANDSTAMP_SECRETS set?',
    ],
    [
      'secrets as text',
      { secrets: JSON.stringify(testSecrets) },
      TypeError,
      '({ secrets }) must be a list: JSON.parse it',
    ],
    ['a secret of 31 bytes', { secrets: [`${'x1'.repeat(15)}x`] }, RangeError],
    ['a secret of 32 bytes', { secrets: ['x1'.repeat(16)] }, 'fine'],
    ['a short secret in second place', { secrets: [...testSecrets, 'short'] }, RangeError, 'secrets })[1]'],
    ['a secret that repeats one byte', { secrets: ['x'.repeat(40)] }, RangeError],
    ['zeros', { secrets: [new Uint8Array(32)] }, RangeError],
    ['bytes', { secrets: [crypto.getRandomValues(new Uint8Array(32))] }, 'fine'],
    ['an environment variable that is not set', { secrets: [undefined] }, RangeError],
  ])

  test.each(['tiny-and-secret', 'q'.repeat(64)])('no message repeats a secret: %s', (secret) => {
    expect(() => hybrid({ ...base, secrets: [secret] })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining(secret) }),
    )
  })
})

describe('createAuth()', () => {
  const base = {
    origin: 'https://app.example',
    strategy: strategyOf('hybrid', store),
    transport: 'cookie',
    user: userSchema,
  }
  const session = strategyOf('session', store)
  const bare = strategyOf('token', store)
  const signIn = { credentials: userSchema, verifyCredentials: async () => null }
  checks(createAuth, base, [
    ['the four that are needed', {}, 'fine'],
    ['an option that is not there', { sessionTimeout: 1 }, TypeError],
    ['no strategy', { strategy: undefined }, TypeError],
    ['the name of a strategy', { strategy: 'session' }, TypeError],
    ['no transport', { transport: undefined }, TypeError],
    ['a transport that is not there', { transport: 'header' }, TypeError],
    ['no transports', { transport: [] }, TypeError],
    ['two transports', { transport: ['cookie', 'bearer'] }, 'fine'],
    ['split without hybrid', { transport: ['cookie', 'split'], strategy: session }, TypeError],
    ['no user', { user: undefined }, TypeError],
    ['a user that is no schema', { user: { id: 'string' } }, TypeError],
    ['no origin', { origin: undefined }, TypeError],
    ['an origin with a path', { origin: 'https://app.example/' }, TypeError, 'write "https://app.example"'],
    ['an origin in capitals', { origin: 'https://APP.example' }, TypeError, 'write "https://app.example"'],
    ['any origin', { origin: '*' }, TypeError],
    ['no origin by name', { origin: 'null' }, TypeError],
    ['a pattern', { origins: ['https://*.app.example'] }, TypeError, 'origins[0]'],
    ['plain http', { origin: 'http://app.example' }, RangeError],
    ['plain http to this machine', { origin: 'http://localhost:3000' }, TypeError, 'allowInsecureLoopback'],
    ['the same, and meant', { origin: 'http://localhost:3000', [allowInsecureLoopback]: true }, 'fine'],
    ['plain http elsewhere, and meant', { origin: 'http://app.example', [allowInsecureLoopback]: true }, RangeError],
    ['a base path with a slash at its end', { basePath: '/auth/' }, TypeError],
    ['cookies without cookies', { cookie: {}, transport: 'bearer' }, TypeError],
    ['a way to verify without a schema', { verifyCredentials: async () => null }, TypeError, 'credentials'],
    ['a way to verify that is none', { ...signIn, verifyCredentials: 'ldap' }, TypeError, 'verifyCredentials'],
    ['both', signIn, 'fine'],
    ['a schema without a way to verify', { credentials: userSchema }, TypeError, 'verifyCredentials'],
    ['an account to limit without a way to verify', { identify: () => 'ada' }, TypeError, 'verifyCredentials'],
    ...['identify', 'events', 'clock', 'random', 'waitUntil'].map(
      (name): Row => [`${name} that is no function`, { [name]: 'x' }, TypeError],
    ),
    ['one origin that is no list', { origins: 'https://b.example' }, TypeError],
    [
      'a client of Redis for a feed',
      { feed: { duplicate() {} } },
      TypeError,
      'feed has no method read(): write redisFeed({ client })',
    ],
    ['base paths of dots', { basePath: '/a/../b' }, TypeError],
    ['a base path with a dot', { basePath: '/.well-known/auth.v1' }, 'fine'],
    ['limits that are 0', { limits: { signIn: 0 }, ...signIn }, TypeError, 'limits.signIn'],
    ['limits that are null', { limits: { signIn: null }, ...signIn }, TypeError, 'limits.signIn'],
    ['no limits', { limits: { signIn: false }, ...signIn }, 'fine'],
    ['a narrow refresh cookie', { cookie: { narrowRefresh: true } }, 'fine'],
    ['a narrow one by a text', { cookie: { narrowRefresh: 'no' } }, TypeError, 'cookie.narrowRefresh'],
    ['a binding that nothing remembers', { binding: { ip: 'revoke' }, strategy: bare }, TypeError, 'binding.ip'],
    ['an event that nobody misses', { binding: { userAgent: 'event' }, strategy: bare }, 'fine'],
    ['no binding', { binding: { ip: false, userAgent: false }, strategy: bare }, 'fine'],
    [
      'sessions that nobody counts',
      { limits: { sessionsPerUser: 1 }, strategy: bare },
      TypeError,
      'limits.sessionsPerUser',
    ],
    ['no attempts', { limits: { signIn: { identifier: 0 } }, ...signIn }, RangeError, 'limits.signIn.identifier'],
    ['half an attempt', { limits: { signIn: { address: 1.5 } }, ...signIn }, RangeError, 'limits.signIn.address'],
    ['no sessions for a user', { limits: { sessionsPerUser: 0 } }, RangeError, 'limits.sessionsPerUser'],
    ['a store that gets no time', { limits: { storeTimeout: 0 } }, RangeError, 'limits.storeTimeout'],
    ['more time than a timer counts', { limits: { storeTimeout: '25d' } }, RangeError, 'limits.storeTimeout'],
    ['as much as it counts', { limits: { storeTimeout: '24d' } }, 'fine'],
    ['a binding that is not there', { binding: { ip: 'kill' } }, TypeError, 'binding.ip'],
    ['a binding by true', { binding: { userAgent: true } }, TypeError, 'binding.userAgent'],
    ['notBefore that is no date', { notBefore: '2026-01-01' }, TypeError],
    ['notBefore that never was', { notBefore: new Date('never') }, TypeError],
    ['a page elsewhere', { pages: { signIn: 'https://elsewhere.example' } }, TypeError, 'pages.signIn'],
    ['a page by two slashes', { pages: { signIn: '//elsewhere.example' } }, TypeError, 'pages.signIn'],
  ])
})

describe('createVerifier()', () => {
  const local = 'http://127.0.0.1/jwks.json'
  checks(createVerifier, { issuer: 'https://app.example', user: userSchema }, [
    ['an issuer and a schema', {}, 'fine'],
    ['no issuer', { issuer: undefined }, TypeError],
    ['an empty issuer', { issuer: '' }, TypeError],
    ['no user', { user: undefined }, TypeError],
    ['an audience of nobody', { audience: [] }, TypeError],
    ['an empty audience', { audience: '' }, TypeError],
    ['an audience with an empty name', { audience: ['a', ''] }, TypeError],
    ['plain http', { jwks: 'http://app.example/jwks.json' }, TypeError],
    ['plain http to this machine', { jwks: local }, TypeError, 'with `[allowInsecureLoopback]: true`'],
    ['the same, and meant', { jwks: local, [allowInsecureLoopback]: true }, 'fine'],
    ['a URL with a password', { jwks: 'https://a:b@app.example/jwks.json' }, TypeError],
    ['revocations that are true', { revocations: true }, TypeError, "the issuer's feed, or the URL of its pages"],
    ['a tolerance of six minutes', { clockTolerance: '6m' }, RangeError],
    ['a tolerance of none', { clockTolerance: 0 }, 'fine'],
    ...durations('maxLifetime'),
  ])
})

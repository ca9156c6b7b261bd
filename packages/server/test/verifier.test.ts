import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AccessClaims } from '@handstamp/core/jwt/claims'
import { createKeyRing } from '@handstamp/core/jwt/key-ring'
import { signAccessToken } from '@handstamp/core/jwt/sign'
import { allowInsecureLoopback } from '@handstamp/core/unsafe'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { challenge, createVerifier } from '../src/index.ts'
import { fakeClock } from '../src/testing/index.ts'
import { testKeys } from './keys.ts'
import { accessOf, ada, type Bench, bench, keyRing, minute, origin, userSchema, verdict } from './strategies/bench.ts'

const clock = fakeClock()

/** Claims that are in order at the time of the clock. */
function claims(changes: Partial<AccessClaims> = {}): AccessClaims {
  const now = Math.floor(clock() / 1000)
  return {
    iss: origin,
    sub: 'ada',
    aud: origin,
    client_id: 'handstamp',
    iat: now,
    nbf: now,
    exp: now + 300,
    jti: 'j',
    sid: 's',
    auth_time: now,
    hs: { v: 1, g: 0, e: 0, t: 'bearer' },
    user: { ...ada },
    ...changes,
  }
}

async function tokenWith(changes: Partial<AccessClaims> = {}): Promise<string> {
  return signAccessToken(claims(changes), keyRing.signer(clock()))
}

/** A token whose signature fits and whose header or claims no signer of ours would write. */
async function odd(header: object, payload: object): Promise<string> {
  const [jwk] = testKeys
  const key = await crypto.subtle.importKey('jwk', jwk as JsonWebKey, { name: 'ECDSA', namedCurve: 'P-256' }, false, [
    'sign',
  ])
  const parts = [{ alg: 'ES256', kid: 'test-1', typ: 'at+jwt', ...header }, payload]
  const input = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key, Buffer.from(input))
  return `${input}.${Buffer.from(signature).toString('base64url')}`
}

const options = { issuer: origin, user: userSchema, jwks: keyRing, clock }

describe('a verifier with the key ring itself', () => {
  const verify = createVerifier(options)

  test('answers the session that the token tells of', async () => {
    const result = await verify(await tokenWith())
    expect(result).toMatchObject({ ok: true, session: { id: 's', user: ada, authTime: clock() } })
    expect(result.effects).toContainEqual({ type: 'header', name: 'Cache-Control', value: 'private, no-store' })
  })

  test('takes what each strategy hands out, from the header of a request', async () => {
    for (const kind of ['token', 'token+store', 'hybrid'] as const) {
      const bed = bench(kind, { transport: 'bearer', clock })
      const agent = await bed.signedIn()
      expect(await verdict(verify(agent.request('GET', '/')))).toBe('ok')
    }
    // A session credential is no token.
    const bed: Bench = bench('session', { transport: 'bearer', clock })
    expect(await verdict(verify((await bed.signedIn()).request('GET', '/')))).toBe('malformed')
  })

  const rows: readonly (readonly [string, () => Promise<string>, string])[] = [
    ['in order', () => tokenWith(), 'ok'],
    ['of another issuer', () => tokenWith({ iss: `${origin}/` }), 'wrong_issuer'],
    ['for another audience', () => tokenWith({ aud: `${origin}.evil` }), 'wrong_audience'],
    ['for two audiences, ours among them', () => tokenWith({ aud: ['other', origin] }), 'ok'],
    ['that owes a factor', () => tokenWith({ hs: { v: 1, g: 0, e: 0, t: 'bearer', p: 'mfa' } }), 'pending'],
    ['that is bound to a key', () => tokenWith({ cnf: { jkt: 'x' } }), 'binding'],
    ['of a user that does not fit', () => tokenWith({ user: { id: 'ada' } }), 'malformed'],
    [
      'of a user that is not its subject',
      () => odd({}, { ...claims(), user: { id: 'root', role: 'admin' } }),
      'malformed',
    ],
    ['of a user without an id of its own', () => tokenWith({ user: { role: 'member' } }), 'malformed'],
    ['that lives an hour', () => tokenWith({ exp: claims().iat + 3_600 }), 'ok'],
    ['that lives too long', () => tokenWith({ exp: claims().iat + 3_700 }), 'malformed'],
    [
      'that expired at this second, 5 seconds ago',
      () => tokenWith({ iat: claims().iat - 300, exp: claims().iat - 5 }),
      'expired',
    ],
    ['that expired 4 seconds ago', () => tokenWith({ iat: claims().iat - 300, exp: claims().iat - 4 }), 'ok'],
    ['from 5 seconds ahead', () => tokenWith({ iat: claims().iat + 5 }), 'ok'],
    ['from 6 seconds ahead', () => tokenWith({ iat: claims().iat + 6 }), 'not_yet_valid'],
    ['with the type of the media type', () => odd({ typ: 'application/at+jwt' }, claims()), 'ok'],
    ['with the type of any token', () => odd({ typ: 'JWT' }, claims()), 'wrong_type'],
    ['with the type of an id token', () => odd({ typ: 'id_token+jwt' }, claims()), 'wrong_type'],
    ['without a type', () => odd({ typ: undefined }, claims()), 'wrong_type'],
    ['of an algorithm that is none', () => odd({ alg: 'none' }, claims()), 'unsupported_algorithm'],
    ['of the algorithm of another key', () => odd({ alg: 'RS256' }, claims()), 'unknown_key'],
    ['of a key that is not there', () => odd({ kid: 'other' }, claims()), 'unknown_key'],
    ['that brings its key along', () => odd({ jwk: testKeys[0] }, claims()), 'malformed'],
    ['that says what is critical', () => odd({ crit: ['exp'] }, claims()), 'malformed'],
    ['without an end', () => odd({}, { ...claims(), exp: undefined }), 'malformed'],
    ['with an end of text', () => odd({}, { ...claims(), exp: '9999999999' }), 'malformed'],
    ['without a subject', () => odd({}, { ...claims(), sub: '' }), 'malformed'],
    ['of nothing', async () => '', 'malformed'],
    ['of 9 KB', async () => `${await tokenWith()}${'A'.repeat(9_000)}`, 'malformed'],
    [
      'with one bit changed',
      async () => (await tokenWith()).replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A')),
      'bad_signature',
    ],
  ]
  test.each(rows)('a token %s', async (_name, make, expected) => {
    const result = await verdict(verify(await make()))
    // The last character of a signature carries bits that are none: changed, it is another text or no canonical one.
    if (expected === 'bad_signature') return expect(result).toMatch(/^(bad_signature|malformed)$/)
    expect(result).toBe(expected)
  })

  test.each<[string, Record<string, string>, string]>([
    ['none', {}, 'absent'],
    ['another scheme', { authorization: 'Basic eDp5' }, 'absent'],
    ['two tokens', { authorization: 'Bearer a, Bearer b' }, 'malformed_request'],
    ['an empty token', { authorization: 'Bearer ' }, 'malformed_request'],
    ['a cookie', { cookie: '__Host-handstamp=x' }, 'absent'],
  ])('a request with %s', async (_name, headers, expected) => {
    expect(await verdict(verify(new Request(`${origin}/`, { headers })))).toBe(expected)
  })

  test('a refusal as a response carries its challenge', async () => {
    const result = await verify(new Request(`${origin}/`))
    if (result.ok) throw new Error('who?')
    const response = challenge(result, 'api.example')
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="api.example"')
    const expired = await verify(await tokenWith({ iat: claims().iat - 600, exp: claims().iat - 300 }))
    if (expired.ok) throw new Error('expired')
    expect(challenge(expired, 'api.example').headers.get('www-authenticate')).toContain(
      'error_description="token_expired"',
    )
  })
})

describe('a token of another transport', () => {
  const verify = createVerifier(options)
  const shown = async (t: 'cookie' | 'bearer' | 'split', p?: string): Promise<Request> => {
    const token = await tokenWith({ hs: { v: 1, g: 0, e: 0, t, ...(p !== undefined && { p }) } })
    return new Request(`${origin}/`, { headers: { authorization: `Bearer ${token}` } })
  }

  test.each([
    ['cookie', 'transport_mismatch'],
    ['bearer', 'ok'],
    ['split', 'ok'],
  ] as const)('%s in the Authorization header: %s', async (transport, expected) => {
    const request = await shown(transport)
    // The second time it is a token seen before.
    expect([await verdict(verify(request)), await verdict(verify(request))]).toEqual([expected, expected])
  })

  test('is refused as such before anything that the session owes, and as an invalid token outside', async () => {
    const result = await verify(await shown('cookie', 'mfa'))
    if (result.ok) throw new Error('a cookie in a header')
    expect(result.reason).toBe('transport_mismatch')
    expect(challenge(result, 'api.example').headers.get('www-authenticate')).toContain('error="invalid_token"')
  })

  test('what a cookie held is refused in the header, and taken from whoever read the cookie', async () => {
    for (const kind of ['token', 'token+store', 'hybrid'] as const) {
      const bed = bench(kind, { transport: 'cookie', clock })
      const agent = await bed.signedIn()
      const held = agent.cookies.get('__Host-handstamp') ?? ''
      const headers = { authorization: `Bearer ${held}` }
      expect(await verdict(verify(new Request(`${origin}/`, { headers })))).toBe('transport_mismatch')
      expect(await verdict(verify(held))).toBe('ok')
    }
  })
})

describe('a schema that does not answer', () => {
  function verifierOf(validate: (value: unknown) => unknown): ReturnType<typeof createVerifier<typeof ada>> {
    const user = { '~standard': { version: 1, vendor: 'tests', validate } } as unknown as typeof userSchema
    return createVerifier({ ...options, user })
  }

  test.each<[string, (value: unknown) => unknown]>([
    [
      'that throws',
      (value) => {
        throw Object.assign(new Error(`no such ${JSON.stringify(value)}`), { value })
      },
    ],
    ['that rejects', (value) => Promise.reject(new Error(`no such ${JSON.stringify(value)}`))],
    [
      'that throws the value',
      (value) => {
        throw value
      },
    ],
    ['that answers nothing', () => undefined],
  ])('%s is a failure of ours, without its words', async (_name, validate) => {
    const token = await tokenWith()
    const thrown: unknown = await verifierOf(validate)(token).catch((error: unknown) => error)
    expect(thrown).toMatchObject({ code: 'ERR_CLAIMS_INVALID', message: expect.stringContaining('user schema') })
    const { message, stack, cause } = thrown as Error
    const words = JSON.stringify([message, stack, cause])
    for (const secret of ['no such', 'member', token, token.split('.')[1]]) expect(words).not.toContain(secret)
  })

  test('one that answers later is waited for, and one whose user is nothing is not a user', async () => {
    const late = verifierOf(async (value) => ({ value }))
    expect(await verdict(late(await tokenWith()))).toBe('ok')
    expect(await verdict(verifierOf(() => ({ value: null }))(await tokenWith()))).toBe('malformed')
  })
})

describe('a verifier that fetches the keys from where they are published', () => {
  let server: Server
  let address = ''
  let asked = 0
  let answer: { status: number; body: string } = { status: 200, body: '' }
  const bed = bench('hybrid', { transport: 'bearer', clock })

  beforeAll(async () => {
    server = createServer((_request, response) => {
      asked += 1
      response.writeHead(answer.status, { 'content-type': 'application/jwk-set+json' }).end(answer.body)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/auth/jwks.json`
    const published = await bed.agent().send('GET', '/auth/jwks.json')
    answer = { status: 200, body: await published.text() }
  })

  afterAll(() => new Promise((resolve) => server.close(resolve)))

  function remote(): ReturnType<typeof createVerifier<typeof ada>> {
    return createVerifier({ issuer: origin, user: userSchema, jwks: address, clock, [allowInsecureLoopback]: true })
  }

  test('verifies what is signed with them, and asks once', async () => {
    const verify = remote()
    asked = 0
    const agent = await bed.signedIn()
    expect(await Promise.all([1, 2, 3].map(() => verdict(verify(agent.request('GET', '/')))))).toEqual([
      'ok',
      'ok',
      'ok',
    ])
    expect(asked).toBe(1)
    expect(answer.body).not.toContain('"d"')
  })

  test('unknown keys make it ask once in a while, and not once each', async () => {
    const verify = remote()
    await verify(await tokenWith())
    asked = 0
    clock.advance('31s')
    for (let at = 0; at < 50; at += 1)
      expect(await verdict(verify(await odd({ kid: `k${at}` }, claims())))).toBe('unknown_key')
    expect(asked).toBeLessThanOrEqual(1)
  })

  test('keys that cannot be had are neither yes nor no, and known ones are kept', async () => {
    const good = answer
    const known = remote()
    expect(await verdict(known(await tokenWith()))).toBe('ok')
    for (const bad of [
      { status: 500, body: 'oops' },
      { status: 302, body: '' },
      { status: 200, body: '<html>' },
      { status: 200, body: JSON.stringify({ keys: [testKeys[0]] }) },
      { status: 200, body: `{"keys":[${'{},'.repeat(40)}{}]}` },
    ]) {
      answer = bad
      const verify = remote()
      await expect(verify(await tokenWith())).rejects.toMatchObject({ code: 'ERR_JWKS_UNAVAILABLE' })
      clock.advance(10 * minute)
      expect(await verdict(known(await tokenWith()))).toBe('ok')
    }
    answer = good
  })

  test('a cache of keys is no cache of verdicts: what expired is expired', async () => {
    const verify = remote()
    const token = accessOf(await bed.signedIn())
    expect(await verdict(verify(token))).toBe('ok')
    clock.advance('6m')
    expect(await verdict(verify(token))).toBe('expired')
  })
})

test('two verifiers of one token do not swap their users', async () => {
  const verify = createVerifier(options)
  const ring = createKeyRing(testKeys)
  const tokens = await Promise.all(
    Array.from({ length: 50 }, (_, at) =>
      signAccessToken(claims({ sub: `u${at}`, user: { id: `u${at}`, role: `r${at}` } }), ring.signer(clock())),
    ),
  )
  const results = await Promise.all([...tokens, ...tokens].map((token) => verify(token)))
  results.forEach((result, at) => {
    expect(result.ok && result.session.user).toEqual({ id: `u${at % 50}`, role: `r${at % 50}` })
  })
})

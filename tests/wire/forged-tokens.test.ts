import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Header } from './exchange.ts'
import { expectRefusal } from './expectations.ts'
import { claimsOf, forged, type KeyPair, newKeyPair } from './key-pair.ts'
import { expected, expectGone, pairs } from './outward-answers.ts'
import { type Served, serveAuth } from './served-auth.ts'
import { newVisitor, ownPage, signedIn } from './visitor.ts'

describe.each(pairs.filter(({ strategy }) => strategy !== 'session'))(
  'tokens, $strategy over $transport',
  ({ strategy, transport }) => {
    let served: Served
    let token: string
    const stranger = newKeyPair()

    beforeAll(async () => {
      served = await serveAuth({ strategy, transport })
      const visitor = await signedIn(served.wire, transport)
      token = visitor.tokens.access ?? visitor.cookies.get(served.wire.access) ?? ''
    })
    afterAll(() => served?.stop())

    const ask = (text: string, target = '/api/me') =>
      served.wire.ask({
        method: 'GET',
        target,
        headers: [
          transport === 'cookie' ? ['Cookie', `${served.wire.access}=${text}`] : ['Authorization', `Bearer ${text}`],
          ...ownPage,
        ],
      })
    const sign = (change: Parameters<typeof forged>[2]) => forged(token, served.keys, change)
    const now = () => Math.floor(served.clock() / 1_000)

    test('its legal neighbours: the same token signed again, its type in full, an audience of several', async () => {
      for (const change of [
        {},
        { header: { typ: 'application/at+jwt' } },
        { claims: { aud: ['x', served.auth.origin] } },
      ])
        expect((await ask(sign(change))).status).toBe(200)
    })

    test.each<[string, () => string]>([
      ['not_yet_valid', () => sign({ claims: { nbf: now() + 60 } })],
      ['not_yet_valid, by iat', () => sign({ claims: { iat: now() + 60, exp: now() + 120 } })],
      ['bad_signature, of another key', () => forged(token, { ...stranger, jwk: served.keys.jwk })],
      ['bad_signature, empty', () => `${token.slice(0, token.lastIndexOf('.'))}.`],
      ['bad_signature, of zeros (A23)', () => `${token.slice(0, token.lastIndexOf('.'))}.${'A'.repeat(86)}`],
      ['wrong_issuer', () => sign({ claims: { iss: 'https://evil.example' } })],
      ['wrong_issuer, with a slash (A33)', () => sign({ claims: { iss: `${served.auth.origin}/` } })],
      ['wrong_audience', () => sign({ claims: { aud: 'https://evil.example' } })],
      ['wrong_audience, a beginning (A32)', () => sign({ claims: { aud: `${served.auth.origin}.evil.example` } })],
      ['wrong_audience, none', () => sign({ claims: { aud: [] } })],
      ['wrong_type, JWT', () => sign({ header: { typ: 'JWT' } })],
      ['wrong_type, none', () => sign({ header: { typ: undefined } })],
      ['unknown_key', () => sign({ header: { kid: 'another' } })],
      ['unknown_key, none', () => sign({ header: { kid: undefined } })],
      ['unknown_key, a path (A7)', () => sign({ header: { kid: '../../../../dev/null' } })],
      ['unsupported_algorithm, none (A1)', () => unsigned(token)],
      ['unsupported_algorithm, HS256 by the public key (A3)', () => confused(token, served)],
      ['unsupported_algorithm, ES384', () => sign({ header: { alg: 'ES384' } })],
      [
        'a key in the header (A11)',
        () => forged(token, stranger, { header: { jwk: publicHalf(stranger.jwk), kid: stranger.jwk.kid } }),
      ],
      ['crit (A14)', () => sign({ header: { crit: ['exp'] } })],
      ['malformed: no exp (A28)', () => sign({ claims: { exp: undefined } })],
      ['malformed: exp as text (A27)', () => sign({ claims: { exp: '9999999999' } })],
      ['malformed: exp in milliseconds (A29)', () => sign({ claims: { exp: (now() + 60) * 1_000 } })],
      ['malformed: no sub (A34)', () => sign({ claims: { sub: '' } })],
      ['binding: cnf', () => sign({ claims: { cnf: { jkt: 'A'.repeat(43) } } })],
      ['wrong_type: no version of ours', () => sign({ claims: { hs: { ...claimsOf(token).hs, v: 2 } } })],
    ])('%s', async (_, make) => {
      expectRefusal(await ask(make()), expected('invalid token', served.wire))
    })

    test('malformed: another user in it than the one it is about', async () => {
      const answer = await ask(sign({ claims: { user: { id: 'grace', role: 'member' } } }))
      expectRefusal(answer, expected('invalid token', served.wire))
    })

    test('transport_mismatch: the transport is fixed at sign-in, and signed', async () => {
      const another = transport === 'cookie' ? 'bearer' : 'cookie'
      const answer = await ask(sign({ claims: { hs: { ...claimsOf(token).hs, t: another } } }))
      if (strategy === 'token+store') expect(answer.status).toBe(200)
      else expectRefusal(answer, expected('invalid token', served.wire))
    })
  },
)

function unsigned(token: string): string {
  const header = Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt' })).toString('base64url')
  return `${header}.${token.split('.')[1]}.`
}

function publicHalf({ kty, crv, x, y }: KeyPair['jwk']): object {
  return { kty, crv, x, y }
}

function confused(token: string, { keys }: Served): string {
  const header = Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'at+jwt', kid: keys.jwk.kid })).toString('base64url')
  const input = `${header}.${token.split('.')[1]}`
  return `${input}.${createHmac('sha256', JSON.stringify(publicHalf(keys.jwk)))
    .update(input)
    .digest('base64url')}`
}

describe('over another transport than the one of the sign-in', () => {
  let served: Served
  afterAll(() => served?.stop())

  test.each(['session', 'token', 'token+store', 'hybrid'] as const)('%s', async (strategy) => {
    served = await serveAuth({ strategy, transport: ['cookie', 'bearer'] })
    const { access, refresh } = served.wire
    const inCookie = await signedIn(served.wire, 'cookie')
    const inBody = await signedIn(served.wire, 'bearer')
    const mismatch = expected('invalid token', served.wire)

    const asBearer: readonly Header[] = [['Authorization', `Bearer ${inCookie.cookies.get(access)}`]]
    expectRefusal(await served.wire.ask({ method: 'GET', target: '/api/me', headers: asBearer }), mismatch)
    const asCookie: readonly Header[] = [['Cookie', `${access}=${inBody.tokens.access}`], ...ownPage]
    expectRefusal(await served.wire.ask({ method: 'GET', target: '/api/me', headers: asCookie }), mismatch)

    if (strategy === 'hybrid') {
      // Neither way does a refresh turn the one into the other, and the token is not consumed by the attempt.
      const json = { refresh_token: inCookie.cookies.get(refresh) }
      expectRefusal(
        await newVisitor(served.wire, 'bearer').ask('POST', '/auth/refresh', { json }),
        expected('invalid grant', served.wire),
      )
      const headers: readonly Header[] = [['Cookie', `${refresh}=${inBody.tokens.refresh}`], ...ownPage]
      expectGone(await served.wire.ask({ method: 'POST', target: '/auth/refresh', headers }), 'cookie', served.wire)
      expect((await inBody.refresh()).status).toBe(200)
      expect((await inCookie.refresh()).status).toBe(200)
    }
    await served.stop()
  })
})

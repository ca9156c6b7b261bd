import { createPublicKey, type JsonWebKey } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AuthError } from '../../src/errors.ts'
import type { Algorithm } from '../../src/jwt/algorithm.ts'
import { createKeyRing, type KeyRing } from '../../src/jwt/key-ring.ts'
import { signAccessToken } from '../../src/jwt/sign.ts'
import { type TokenResult, type VerifyOptions, verifyAccessToken } from '../../src/jwt/verify.ts'
import { algorithms, at, claimsWith, forge, issuer, keyFor, now, publicHalf, segment, signatureOf } from './keys.ts'

const rings = new Map<Algorithm, KeyRing>(algorithms.map((alg) => [alg, createKeyRing([keyFor(alg)])]))

function optionsFor(alg: Algorithm, changes: Partial<VerifyOptions> = {}): VerifyOptions {
  return {
    resolve: (kid, wanted) => rings.get(alg)?.verifier(kid, wanted, now, 0),
    issuer,
    audience: issuer,
    now,
    clockTolerance: 5_000,
    maxLifetime: 900_000,
    ...changes,
  }
}

async function verdict(token: string, alg: Algorithm = 'ES256', changes: Partial<VerifyOptions> = {}): Promise<string> {
  const result: TokenResult = await verifyAccessToken(token, optionsFor(alg, changes))
  return result.ok ? 'ok' : result.reason
}

const headerOf = (alg: string, changes: object = {}): object => ({ alg, kid: `k-${alg}`, typ: 'at+jwt', ...changes })

describe.each(algorithms)('%s', (alg) => {
  test('a token is good, and says who it is of', async () => {
    const claims = claimsWith()
    const token = await signAccessToken(claims, (rings.get(alg) as KeyRing).signer(now))
    expect(await verifyAccessToken(token, optionsFor(alg))).toEqual({ ok: true, claims })
  })

  test('one that Node signed is as good', async () => {
    expect(await verdict(forge(alg, headerOf(alg), claimsWith()), alg)).toBe('ok')
  })

  test('one with another payload under the same signature is not', async () => {
    const [header, , signature] = forge(alg, headerOf(alg), claimsWith()).split('.')
    const admin = segment(claimsWith({ user: { id: 'ada', role: 'root' } }))
    expect(await verdict(`${header}.${admin}.${signature}`, alg)).toBe('bad_signature')
  })

  test('one signed by another algorithm over the same key, or any other key, is not', async () => {
    for (const other of algorithms) {
      if (other === alg) continue
      const claimed = forge(other, headerOf(other, { kid: `k-${alg}` }), claimsWith())
      expect(await verdict(claimed, alg), `${other} as itself`).toBe('unknown_key')
      const disguised = forge(other, headerOf(alg), claimsWith())
      expect(await verdict(disguised, alg), `${other} as ${alg}`).toBe('bad_signature')
    }
  })
})

describe('algorithm and key', () => {
  test.each([
    'none',
    'None',
    'NONE',
    'nOnE',
    'none ',
    '',
    'HS1',
    'ES256K',
    'Ed25519',
    'RSA-OAEP',
    'dir',
    'toString',
    '__proto__',
    'constructor',
  ])('alg %j, with no signature or any, is refused', async (alg) => {
    const input = `${segment(headerOf('ES256', { alg }))}.${segment(claimsWith())}`
    expect(await verdict(`${input}.`)).toBe('malformed')
    expect(await verdict(`${input}.AAAA`)).toBe('unsupported_algorithm')
  })

  test.each<[string, (key: JsonWebKey) => string | Buffer]>([
    ['PEM', (key) => createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' })],
    [
      'PEM without its last newline',
      (key) => String(createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' })).trimEnd(),
    ],
    ['DER', (key) => createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'der' })],
    ['JWK', (key) => JSON.stringify(key)],
  ])('an HS256 token under the public key as %s is refused', async (_, encode) => {
    for (const alg of ['RS256', 'ES256', 'EdDSA'] as const) {
      const secret = Buffer.from(encode(publicHalf(keyFor(alg)) as JsonWebKey)).toString('base64url')
      const input = `${segment(headerOf('HS256', { kid: `k-${alg}` }))}.${segment(claimsWith())}`
      const mac = signatureOf('HS256', input, { kty: 'oct', k: secret }).toString('base64url')
      expect(await verdict(`${input}.${mac}`, alg)).toBe('unknown_key')
    }
  })

  test('a resolve that answers a key of another algorithm does not loosen anything', async () => {
    const careless = { resolve: () => rings.get('HS256')?.verifier('k-HS256', 'HS256', now, 0) }
    expect(await verdict(forge('ES256', headerOf('ES256'), claimsWith()), 'ES256', careless)).toBe(
      'unsupported_algorithm',
    )
  })

  test.each<[string, unknown]>([
    ['a PEM', '-----BEGIN PUBLIC KEY-----'],
    ['a JWK', { kty: 'EC' }],
    ['null', null],
    ['an empty text', ''],
    ['bytes', new Uint8Array(32)],
  ])('a resolve that answers %s is told so', async (_, key) => {
    const wrong = { resolve: () => key as undefined }
    await expect(
      (async () => verdict(forge('ES256', headerOf('ES256'), claimsWith()), 'ES256', wrong))(),
    ).rejects.toThrow(TypeError)
  })

  test('a resolve that answers an object with a toString never has it called (CVE-2022-23529)', async () => {
    let called = false
    const evil = {
      toString: () => {
        called = true
        return 'secret'
      },
    }
    const wrong = { resolve: () => evil as never }
    await expect(
      (async () => verdict(forge('ES256', headerOf('ES256'), claimsWith()), 'ES256', wrong))(),
    ).rejects.toThrow(TypeError)
    expect(called).toBe(false)
  })

  test('an unknown kid, another case, or none is an unknown key', async () => {
    expect(await verdict(forge('ES256', headerOf('ES256', { kid: 'x' }), claimsWith()))).toBe('unknown_key')
    expect(await verdict(forge('ES256', headerOf('ES256', { kid: 'K-es256' }), claimsWith()))).toBe('unknown_key')
    expect(await verdict(forge('ES256', { alg: 'ES256', typ: 'at+jwt' }, claimsWith()))).toBe('unknown_key')
  })

  test('resolve is asked with two texts, and only when the format is right', async () => {
    const asked: unknown[] = []
    const spy = { resolve: (...args: unknown[]): undefined => void asked.push(args) }
    for (const kid of ['a\0b', 'k'.repeat(257), 1, ['a'], null]) {
      expect(await verdict(forge('ES256', headerOf('ES256', { kid }), claimsWith()), 'ES256', spy)).toBe('malformed')
    }
    for (const extra of [
      { jwk: publicHalf(keyFor('ES256')) },
      { jku: 'https://evil.example' },
      { x5u: 'file:///' },
      { crit: ['exp'] },
    ]) {
      expect(await verdict(forge('ES256', headerOf('ES256', extra), claimsWith()), 'ES256', spy)).toBe('malformed')
    }
    expect(asked).toEqual([])
    expect(
      await verdict(forge('ES256', headerOf('ES256', { kid: '../../dev/null' }), claimsWith()), 'ES256', spy),
    ).toBe('unknown_key')
    expect(asked).toEqual([['../../dev/null', 'ES256']])
  })

  test('what resolve throws or rejects with passes through', async () => {
    const down = new AuthError('ERR_JWKS_UNAVAILABLE', 'down')
    const token = forge('ES256', headerOf('ES256'), claimsWith())
    const throws = {
      resolve: () => {
        throw down
      },
    }
    expect(() => verifyAccessToken(token, optionsFor('ES256', throws))).toThrow(down)
    await expect(verifyAccessToken(token, optionsFor('ES256', { resolve: () => Promise.reject(down) }))).rejects.toBe(
      down,
    )
  })
})

describe('type', () => {
  test.each<[string | undefined, string]>([
    ['at+jwt', 'ok'],
    ['application/at+jwt', 'ok'],
    [undefined, 'wrong_type'],
    ['JWT', 'wrong_type'],
    ['AT+JWT', 'wrong_type'],
    ['at+jwt ', 'wrong_type'],
    ['text/at+jwt', 'wrong_type'],
    ['application/application/at+jwt', 'wrong_type'],
    ['', 'wrong_type'],
  ])('%j is %s', async (typ, expected) => {
    expect(await verdict(forge('ES256', { alg: 'ES256', kid: 'k-ES256', typ }, claimsWith()))).toBe(expected)
  })

  const types = ['at+jwt', 'rt+jwt', 'id+jwt', 'csrf+jwt', 'state+jwt']

  test.each(types.flatMap((made) => types.map((wanted) => [made, wanted] as const)))(
    '%s taken for %s',
    async (made, wanted) => {
      const token = forge('ES256', headerOf('ES256', { typ: made }), claimsWith())
      expect(await verdict(token, 'ES256', { typ: wanted })).toBe(made === wanted ? 'ok' : 'wrong_type')
    },
  )
})

describe('signature', () => {
  const input = `${segment(headerOf('ES256'))}.${segment(claimsWith())}`
  const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551')
  const pair = (r: bigint, s: bigint): string =>
    Buffer.from(r.toString(16).padStart(64, '0') + s.toString(16).padStart(64, '0'), 'hex').toString('base64url')

  test.each<[string, string]>([
    ['r = s = 0', pair(0n, 0n)],
    ['r = 1, s = 1', pair(1n, 1n)],
    ['r = n', pair(order, 1n)],
    ['s = n', pair(1n, order)],
    ['r = s = n', pair(order, order)],
    ['r = 0', pair(0n, 1n)],
  ])('ES256 with %s is refused', async (_, signature) => {
    expect(await verdict(`${input}.${signature}`)).toBe('bad_signature')
  })

  test('ES256 in DER is refused, and the same in 64 bytes is not', async () => {
    const raw = signatureOf('ES256', input)
    const integer = (bytes: Buffer): Buffer => {
      const positive = (bytes[0] ?? 0) > 127 ? Buffer.concat([Buffer.of(0), bytes]) : bytes
      return Buffer.concat([Buffer.of(2, positive.length), positive])
    }
    const body = Buffer.concat([integer(raw.subarray(0, 32)), integer(raw.subarray(32))])
    const der = Buffer.concat([Buffer.of(0x30, body.length), body])
    expect(await verdict(`${input}.${der.toString('base64url')}`)).toBe('bad_signature')
    expect(await verdict(`${input}.${raw.toString('base64url')}`)).toBe('ok')
  })

  test('is judged before any claim: a bad one tells nothing of what the token says', async () => {
    const bad = (claims: object | string): string => `${segment(headerOf('ES256'))}.${segment(claims)}.${pair(5n, 7n)}`
    for (const claims of [claimsWith({ exp: 1 }), claimsWith({ iss: 'x' }), {}, 'no JSON', '[]']) {
      expect(await verdict(bad(claims))).toBe('bad_signature')
    }
  })
})

describe('correctly signed, and wrong all the same', () => {
  const json = JSON.stringify(claimsWith())

  test.each<[string, string | Uint8Array | object, string]>([
    ['nothing', '', 'malformed'],
    ['a list', '[]', 'malformed'],
    ['text', '"claims"', 'malformed'],
    ['null', 'null', 'malformed'],
    ['a number', '1', 'malformed'],
    ['a byte order mark', `\ufeff${json}`, 'malformed'],
    ['invalid UTF-8', Buffer.concat([Buffer.from(json.slice(0, -2)), Buffer.of(0xff), Buffer.from('"}')]), 'malformed'],
    ['exp twice', json.replace('"exp"', '"exp":9999999999,"exp"'), 'malformed'],
    ['exp twice, once escaped', json.replace('"exp"', '"\\u0065xp":9999999999,"exp"'), 'malformed'],
    ['role twice inside user', json.replace('"role"', '"role":"root","role"'), 'malformed'],
    ['exp beyond all numbers', json.replace(/"exp":\d+/, '"exp":1e400'), 'malformed'],
    ['exp as text', json.replace(/"exp":(\d+)/, '"exp":"$1"'), 'malformed'],
    ['exp beyond what counts exactly', json.replace(/"exp":\d+/, '"exp":9007199254740993'), 'malformed'],
    ['no exp', claimsWith({ exp: undefined }), 'malformed'],
    ['exp in milliseconds', claimsWith({ exp: (at + 300) * 1_000 }), 'malformed'],
    ['100,000 levels, cut at the size', '['.repeat(6_000), 'malformed'],
    ['a lone surrogate', json.replace('admin', '\\ud800'), 'malformed'],
    ['__proto__ in user', json.replace('"role"', '"__proto__":{"role":"root"},"role"'), 'malformed'],
    ['another issuer', claimsWith({ iss: 'https://b.example' }), 'wrong_issuer'],
    ['another audience', claimsWith({ aud: 'https://b.example' }), 'wrong_audience'],
    ['a bound key', claimsWith({ cnf: { jkt: 'x' } }), 'binding'],
    ['tomorrow', claimsWith({ nbf: at + 86_400 }), 'not_yet_valid'],
    ['yesterday', claimsWith({ iat: at - 86_400, nbf: at - 86_400, exp: at - 86_100 }), 'expired'],
  ])('%s', async (_, payload, reason) => {
    expect(await verdict(forge('ES256', headerOf('ES256'), payload))).toBe(reason)
  })

  test('an expired token gives its claims, so that its session can be found', async () => {
    const claims = claimsWith({ iat: at - 600, nbf: at - 600, exp: at - 300 })
    const token = forge('ES256', headerOf('ES256'), claims)
    expect(await verifyAccessToken(token, optionsFor('ES256'))).toEqual({ ok: false, reason: 'expired', claims })
  })
})

describe('whatever comes', () => {
  const good = forge('EdDSA', headerOf('EdDSA'), claimsWith())

  test('no change of one character leaves a token good', async () => {
    const character = fc.constantFrom(...'ABCXYZabcxyz0189-_.=+/ \n')
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: good.length - 1 }),
        character,
        fc.constantFrom('replace', 'insert', 'remove'),
        async (index, unit, how) => {
          const tail = good.slice(how === 'insert' ? index : index + 1)
          const changed = good.slice(0, index) + (how === 'remove' ? '' : unit) + tail
          if (changed !== good) expect(await verdict(changed, 'EdDSA')).not.toBe('ok')
        },
      ),
      { numRuns: 500 },
    )
  })

  test('nothing is thrown and nothing admitted', async () => {
    const value = fc.oneof(
      fc.constantFrom('ES256', 'EdDSA', 'k-EdDSA', 'at+jwt', 'none'),
      fc.anything({ maxDepth: 2, withBigInt: false }),
    )
    const head = fc.dictionary(fc.constantFrom('alg', 'kid', 'typ', 'crit', 'cty', 'b64', 'x'), value)
    const body = fc.oneof(fc.constant(claimsWith()), fc.dictionary(fc.string(), fc.jsonValue()))
    const text = fc.oneof(
      fc.string(),
      fc
        .tuple(head, body, fc.base64String())
        .map(([a, b, c]) => `${segment(JSON.stringify(a) ?? '')}.${segment(b)}.${segment(c)}`),
    )
    await fc.assert(
      fc.asyncProperty(text, async (token) => {
        expect(await verdict(token, 'EdDSA')).not.toBe('ok')
      }),
      { numRuns: 1_000 },
    )
  })

  test('tokens of many users never answer for one another', async () => {
    const users = Array.from({ length: 100 }, (_, index) => `user-${index}`)
    const tokens = users.map((sub) => forge('HS256', headerOf('HS256'), claimsWith({ sub, user: { id: sub } })))
    const results = await Promise.all(tokens.map((token) => verifyAccessToken(token, optionsFor('HS256'))))
    expect(results.map((result) => result.ok && result.claims.sub)).toEqual(users)
  })
})

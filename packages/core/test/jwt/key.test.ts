import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { type Algorithm, algorithmFacts, isAlgorithm } from '../../src/jwt/algorithm.ts'
import { checkJwk, type Jwk, publicJwk, thumbprint } from '../../src/jwt/key.ts'
import { algorithms, keyFor, keyKinds, keyOfKind, kindFor, publicHalf } from './keys.ts'

const b64 = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64url')
const sign = { use: 'sign' } as const
const verify = { use: 'verify' } as const

test.each([
  'none',
  'None',
  'NONE',
  'none ',
  '',
  'es256',
  'ES256K',
  'RS1',
  'toString',
  '__proto__',
  ['ES256'],
  null,
  undefined,
  1,
  {},
])('%j is no algorithm', (name) => {
  expect(isAlgorithm(name)).toBe(false)
  expect(() => checkJwk({ ...keyFor('ES256'), alg: name as string }, sign, 'keys[0]')).toThrow(
    /^keys\[0\]\.alg must name/,
  )
})

describe('of all pairs of algorithm and key only those that fit are taken', () => {
  const pairs = algorithms.flatMap((alg) => keyKinds.map((kind) => [alg, kind] as const))

  test.each(pairs)('%s with %s', (alg, kind) => {
    const jwk = { ...keyOfKind(kind), alg }
    const facts = algorithmFacts[alg]
    const fits =
      facts.kty === 'oct'
        ? kind.startsWith('oct-') && Number(kind.slice(4)) >= facts.signatureBytes
        : kind === kindFor(alg)
    if (fits) {
      expect(checkJwk(jwk, sign, 'key').alg).toBe(alg)
      expect(checkJwk(publicHalf(jwk), verify, 'key').alg).toBe(alg)
    } else {
      expect(() => checkJwk(jwk, sign, 'key')).toThrow(/^key/)
      expect(() => checkJwk(publicHalf(jwk), verify, 'key')).toThrow(/^key/)
    }
  })
})

interface Case {
  readonly name: string
  readonly alg: Algorithm
  readonly use: 'sign' | 'verify'
  readonly change: (jwk: Jwk) => unknown
  readonly message: RegExp
}

const rsa = (change: (jwk: Jwk) => unknown, name: string, message: RegExp): Case => ({
  name,
  alg: 'RS256',
  use: 'sign',
  change,
  message,
})
const secret = (k: Uint8Array | string, name: string, message: RegExp): Case => ({
  name,
  alg: 'HS256',
  use: 'sign',
  change: () => ({ kty: 'oct', alg: 'HS256', k: b64(k) }),
  message,
})
const spki = (alg: Algorithm, format: 'pem' | 'der'): Buffer =>
  Buffer.from(
    createPublicKey({ key: publicHalf(keyFor(alg)) as JsonWebKey, format: 'jwk' }).export({
      type: 'spki',
      format: format as 'der',
    }),
  )

const refusals: readonly Case[] = [
  {
    name: 'a PEM in place of a JWK',
    alg: 'ES256',
    use: 'sign',
    change: () => '-----BEGIN PRIVATE KEY-----',
    message: /^key must be a JWK/,
  },
  { name: 'null', alg: 'ES256', use: 'sign', change: () => null, message: /^key must be a JWK/ },
  { name: 'a list', alg: 'ES256', use: 'sign', change: (jwk) => [jwk], message: /^key must be a JWK/ },
  { name: 'no alg', alg: 'ES256', use: 'sign', change: ({ alg: _, ...jwk }) => jwk, message: /^key\.alg/ },
  {
    name: 'a type that is not that of the algorithm, with members that are',
    alg: 'ES256',
    use: 'sign',
    change: (jwk) => ({ ...jwk, kty: 'OKP' }),
    message: /^key\.kty must be 'EC'/,
  },
  {
    name: 'a use for encryption',
    alg: 'ES256',
    use: 'sign',
    change: (jwk) => ({ ...jwk, use: 'enc' }),
    message: /^key\.use/,
  },
  {
    name: 'key_ops that leave signing out',
    alg: 'ES256',
    use: 'sign',
    change: (jwk) => ({ ...jwk, key_ops: ['verify'] }),
    message: /^key\.key_ops/,
  },
  {
    name: 'key_ops that are no list',
    alg: 'ES256',
    use: 'sign',
    change: (jwk) => ({ ...jwk, key_ops: 'sign' }),
    message: /^key\.key_ops/,
  },
  { name: 'a number as kid', alg: 'ES256', use: 'sign', change: (jwk) => ({ ...jwk, kid: 1 }), message: /^key\.kid/ },
  { name: 'an empty kid', alg: 'ES256', use: 'sign', change: (jwk) => ({ ...jwk, kid: '' }), message: /^key\.kid/ },
  {
    name: 'a kid of 257 characters',
    alg: 'ES256',
    use: 'sign',
    change: (jwk) => ({ ...jwk, kid: 'k'.repeat(257) }),
    message: /^key\.kid/,
  },
  {
    name: 'a kid with a newline',
    alg: 'ES256',
    use: 'sign',
    change: (jwk) => ({ ...jwk, kid: 'a\nb' }),
    message: /^key\.kid/,
  },
  {
    name: 'a lone surrogate in the kid',
    alg: 'ES256',
    use: 'sign',
    change: (jwk) => ({ ...jwk, kid: '\ud800' }),
    message: /^key\.kid/,
  },
  {
    name: 'a public key that is to sign',
    alg: 'ES256',
    use: 'sign',
    change: publicHalf,
    message: /^key\.d is missing/,
  },
  {
    name: 'a private key that is to verify',
    alg: 'ES256',
    use: 'verify',
    change: (jwk) => jwk,
    message: /^key\.d is private/,
  },
  {
    name: 'a private RSA key that is to verify',
    alg: 'PS256',
    use: 'verify',
    change: (jwk) => jwk,
    message: /is private/,
  },
  {
    name: 'a point off the curve',
    alg: 'ES256',
    use: 'verify',
    change: (jwk) => ({ ...publicHalf(jwk), y: jwk.x }),
    message: /^key is not a point of P-256/,
  },
  {
    name: 'the point (0, 0)',
    alg: 'ES384',
    use: 'verify',
    change: (jwk) => ({ ...publicHalf(jwk), x: b64(new Uint8Array(48)), y: b64(new Uint8Array(48)) }),
    message: /not a point/,
  },
  {
    name: 'a coordinate a byte short',
    alg: 'ES256',
    use: 'verify',
    change: (jwk) => ({ ...publicHalf(jwk), x: b64(new Uint8Array(31)) }),
    message: /^key\.x must be 32 bytes/,
  },
  {
    name: 'a coordinate of 10,000 bytes',
    alg: 'ES512',
    use: 'verify',
    change: (jwk) => ({ ...publicHalf(jwk), x: b64(new Uint8Array(10_000)) }),
    message: /^key\.x must be 66 bytes/,
  },
  {
    name: 'a coordinate with padding',
    alg: 'ES256',
    use: 'verify',
    change: (jwk) => ({ ...publicHalf(jwk), x: `${jwk.x}=` }),
    message: /^key\.x must be canonical/,
  },
  {
    name: 'a coordinate with unused bits',
    alg: 'ES256',
    use: 'verify',
    change: (jwk) => ({ ...publicHalf(jwk), x: `${jwk.x?.slice(0, 42)}_` }),
    message: /^key\.x must be canonical/,
  },
  {
    name: 'a private member that is zero',
    alg: 'ES256',
    use: 'sign',
    change: (jwk) => ({ ...jwk, d: b64(new Uint8Array(32)) }),
    message: /^key\.d is not a private key/,
  },
  {
    name: 'a private member beyond the order',
    alg: 'ES256',
    use: 'sign',
    change: (jwk) => ({ ...jwk, d: b64(new Uint8Array(32).fill(255)) }),
    message: /^key\.d is not a private key/,
  },
  {
    name: 'a point of small order',
    alg: 'EdDSA',
    use: 'verify',
    change: (jwk) => ({ ...publicHalf(jwk), x: b64(new Uint8Array(32)) }),
    message: /not a point of Ed25519/,
  },
  rsa((jwk) => ({ ...jwk, qi: undefined }), 'an RSA key without its last member', /^key\.qi is missing/),
  rsa((jwk) => ({ ...jwk, oth: [] }), 'an RSA key of more than two primes', /^key\.oth/),
  rsa(
    (jwk) => ({ ...jwk, n: b64(Buffer.concat([Buffer.alloc(1), Buffer.from(jwk.n ?? '', 'base64url')])) }),
    'a modulus with a leading zero',
    /^key\.n must not begin with a zero byte/,
  ),
  rsa((jwk) => ({ ...jwk, n: `${jwk.n?.slice(0, -2)}AA` }), 'an even modulus', /odd modulus/),
  rsa((jwk) => ({ ...jwk, n: b64(Buffer.alloc(1_025, 255)) }), 'a modulus of 8,200 bits', /^key\.n must have between/),
  rsa((jwk) => ({ ...jwk, e: b64(Uint8Array.of(1)) }), 'the exponent 1', /odd public exponent/),
  rsa((jwk) => ({ ...jwk, e: b64(Uint8Array.of(3)) }), 'the exponent 3', /odd public exponent/),
  rsa((jwk) => ({ ...jwk, e: b64(Uint8Array.of(1, 0, 0)) }), 'an even exponent', /odd public exponent/),
  rsa((jwk) => ({ ...jwk, e: b64(Uint8Array.of(1, 0, 0, 0, 1)) }), 'an exponent of 33 bits', /odd public exponent/),
  secret('secret', 'the secret "secret"', /^key\.k must be 32 random bytes/),
  secret(
    new Uint8Array(31).fill(1).map((_, at) => at),
    '31 bytes',
    /^key\.k must be 32/,
  ),
  secret(new Uint8Array(32), '32 zero bytes', /^key\.k is one byte over and over/),
  secret('a'.repeat(64), '64 times the same character', /^key\.k is one byte over and over/),
  secret(spki('RS256', 'pem'), 'a public PEM', /^key\.k holds a key in PEM/),
  secret(`# ours\n\0${spki('RS256', 'pem')}`, 'a public PEM behind a comment', /^key\.k holds a key in PEM/),
  secret(`${' '.repeat(400)}${spki('RS256', 'pem')}`, 'a public PEM behind much space', /^key\.k holds a key in PEM/),
  secret(Buffer.from(`${spki('RS256', 'pem')}`, 'utf16le'), 'a public PEM in UTF-16', /^key\.k holds a key in PEM/),
  secret(`\ufeff \t\r\n${spki('ES256', 'pem')}`, 'a public PEM behind a mark and white space', /^key\.k holds a key/),
  secret(spki('RS256', 'der'), 'a public key in DER, long form', /^key\.k holds a key/),
  secret(spki('ES256', 'der'), 'a public key in DER', /^key\.k holds a key/),
  secret(JSON.stringify(publicHalf(keyFor('RS256'))), 'a JWK as text', /^key\.k holds a key/),
  secret('ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExampleExampleExample', 'an SSH key', /^key\.k holds a key/),
]

describe('checkJwk refuses', () => {
  test.each(refusals)('$name', ({ alg, use, change, message }) => {
    const jwk = change(keyFor(alg)) as Jwk
    expect(() => checkJwk(jwk, { use }, 'key')).toThrow(message)
  })

  test('a key made by the generator of CVE-2017-15361', () => {
    // A product of numbers 65537ᵃ modulo the primorial of 167, as that generator made its primes.
    const primes = [
      2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107,
      109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
    ]
    const primorial = primes.reduce((product, prime) => product * BigInt(prime), 1n)
    let residue = 1n
    for (let power = 0; power < 12_345; power += 1) residue = (residue * 65_537n) % primorial
    const modulus = (2n ** 2047n / primorial + 1n) * primorial + residue
    const n = b64(Buffer.from(modulus.toString(16), 'hex'))
    const beside = b64(Buffer.from((modulus + 2n).toString(16), 'hex'))
    expect(() => checkJwk({ kty: 'RSA', alg: 'RS256', n, e: 'AQAB' }, verify, 'key')).toThrow(/CVE-2017-15361/)
    expect(checkJwk({ kty: 'RSA', alg: 'RS256', n: beside, e: 'AQAB' }, verify, 'key').n).toBe(beside)
  })

  test('without ever showing a member', () => {
    for (const { alg, use, change } of refusals) {
      const jwk = change(keyFor(alg)) as Jwk
      let thrown: unknown
      try {
        checkJwk(jwk, { use }, 'key')
      } catch (error) {
        thrown = error
      }
      const shown = inspect(thrown, { depth: 9, showHidden: true })
      for (const value of Object.values(jwk ?? {})) {
        if (typeof value === 'string' && value.length > 20 && value !== jwk.kid) expect(shown).not.toContain(value)
      }
    }
  })
})

describe('checkJwk takes', () => {
  test.each(algorithms)('a %s key with everything that is optional', (alg) => {
    const jwk = { ...keyFor(alg), kid: 'k'.repeat(256), use: 'sig', key_ops: ['sign', 'verify'], ext: true, x5t: 'x' }
    const checked = checkJwk(jwk, sign, 'key')
    expect(checked).toMatchObject({ alg, kid: jwk.kid })
    expect(Object.keys(checked)).not.toContain('ext')
  })

  test('a random secret that begins like DER or like white space', () => {
    for (const start of [
      [0x30, 0x82, 0x00, 0x10],
      [0x20, 0x0a],
      [0x2d, 0x2d],
    ]) {
      const bytes = Uint8Array.from({ length: 32 }, (_, at) => start[at] ?? at)
      expect(checkJwk({ kty: 'oct', alg: 'HS256', k: b64(bytes) }, sign, 'key').k).toBe(b64(bytes))
    }
  })

  test('the thumbprint where no kid is given', () => {
    const { kid: _, ...jwk } = keyFor('ES256')
    expect(checkJwk(jwk, sign, 'key').kid).toBe(thumbprint(jwk))
    expect(checkJwk(publicHalf(jwk), verify, 'key').kid).toBe(thumbprint(jwk))
  })
})

describe('thumbprint', () => {
  test('is that of RFC 7638 §3.1', () => {
    const n =
      '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw'
    expect(thumbprint({ kty: 'RSA', n, e: 'AQAB', alg: 'RS256', kid: '2011-04-29' })).toBe(
      'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs',
    )
  })

  test('is that of RFC 8037 appendix A.3', () => {
    expect(thumbprint({ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' })).toBe(
      'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
    )
  })

  test('knows no other types', () => {
    expect(() => thumbprint({ kty: '__proto__' })).toThrow(TypeError)
  })
})

describe('publicJwk', () => {
  test.each(algorithms.filter((alg) => algorithmFacts[alg].kty !== 'oct'))('of %s holds nothing private', (alg) => {
    const half = publicJwk(checkJwk(keyFor(alg), sign, 'key'))
    expect(half).toEqual({ ...publicHalf(keyFor(alg)), use: 'sig' })
    expect(checkJwk(half, verify, 'key').kid).toBe(half.kid)
  })

  test('of a secret there is none', () => {
    expect(() => publicJwk(checkJwk(keyFor('HS256'), sign, 'key'))).toThrow(TypeError)
  })
})

test('a random secret is no key in disguise, whatever its first byte is', () => {
  for (let first = 0; first < 256; first += 1) {
    const secret = Uint8Array.from({ length: 32 }, (_, at) => (at === 0 ? first : (at * 37) % 251))
    const jwk = { kty: 'oct', alg: 'HS256', kid: 'random', k: Buffer.from(secret).toString('base64url') }
    expect(() => checkJwk(jwk, sign, 'keys[0]')).not.toThrow()
  }
})

import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { isAuthError } from '../../src/errors.ts'
import { algorithmFacts } from '../../src/jwt/algorithm.ts'
import { splitCompact } from '../../src/jwt/decode.ts'
import { checkJwk, type Jwk } from '../../src/jwt/key.ts'
import {
  createSigningKey,
  createVerificationKey,
  type SigningKey,
  type VerificationKey,
} from '../../src/jwt/signature.ts'
import { algorithms, keyFor, keyOfKind, publicHalf, segment } from './keys.ts'
import { vectors } from './vectors.ts'

const signer = (jwk: Jwk): SigningKey => createSigningKey(checkJwk(jwk, { use: 'sign' }, 'key'))
const verifier = (jwk: Jwk): VerificationKey => createVerificationKey(checkJwk(jwk, { use: 'verify' }, 'key'))

/** What was signed, and the signature. */
function signed(token: string): [signingInput: string, signature: Uint8Array] {
  const dot = token.lastIndexOf('.')
  return [token.slice(0, dot), Buffer.from(token.slice(dot + 1), 'base64url')]
}

describe.each(vectors)('$source', ({ jwk, token }) => {
  const parts = splitCompact(token)

  test('is verified', async () => {
    expect(parts?.header.alg).toBe(jwk.alg)
    expect(await verifier(jwk).verify(parts?.signingInput ?? '', parts?.signature ?? new Uint8Array())).toBe(true)
  })

  test('is refused with one bit changed, in what is signed or in the signature', async () => {
    const key = verifier(jwk)
    const { signingInput = '', signature = new Uint8Array() } = parts ?? {}
    const bytes = Uint8Array.from(signature)
    bytes[0] = (bytes[0] ?? 0) ^ 1
    expect(await key.verify(signingInput, bytes)).toBe(false)
    expect(await key.verify(`${signingInput.slice(0, -2)}AA`, signature)).toBe(false)
  })
})

test('RFC 8037 appendix A.4 is signed: the same key, header and payload give the same signature', async () => {
  const key = signer({
    kty: 'OKP',
    alg: 'EdDSA',
    crv: 'Ed25519',
    kid: 'k',
    x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
    d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
  })
  const once = await key.sign('at+jwt', 'Example of Ed25519 signing')
  expect(once).toBe(await key.sign('at+jwt', 'Example of Ed25519 signing'))
  expect(once.split('.').slice(0, 2)).toEqual([
    segment('{"alg":"EdDSA","kid":"k","typ":"at+jwt"}'),
    'RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc',
  ])
})

describe.each(algorithms)('%s', (alg) => {
  const half = algorithmFacts[alg].kty === 'oct' ? keyFor(alg) : publicHalf(keyFor(alg))

  test('verifies what it signed, under a header of alg, kid and typ alone', async () => {
    const token = await signer(keyFor(alg)).sign('at+jwt', '{"a":1}')
    const parts = splitCompact(token)
    expect(parts?.header).toEqual({ alg, kid: `k-${alg}`, typ: 'at+jwt' })
    expect(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).toBe(
      `{"alg":"${alg}","kid":"k-${alg}","typ":"at+jwt"}`,
    )
    expect(await verifier(half).verify(parts?.signingInput ?? '', parts?.signature ?? new Uint8Array())).toBe(true)
  })

  test('refuses a signature that is shorter, longer, empty, or all zero (CVE-2022-21449)', async () => {
    const key = verifier(half)
    const token = await signer(keyFor(alg)).sign('at+jwt', '{"a":1}')
    const input = token.slice(0, token.lastIndexOf('.'))
    const signature = Buffer.from(token.slice(input.length + 1), 'base64url')
    const hostile = [
      signature.subarray(0, -1),
      signature.subarray(0, 16),
      Buffer.concat([signature, Buffer.of(0)]),
      Buffer.concat([Buffer.of(0), signature]),
      Buffer.alloc(0),
      Buffer.alloc(signature.length),
      Buffer.alloc(signature.length, 255),
    ]
    // Of the wrong length the answer is there at once: no engine was asked.
    expect(key.verify(input, signature.subarray(0, -1))).toBe(false)
    for (const bytes of hostile) expect(await key.verify(input, bytes)).toBe(false)
    expect(await key.verify(input, signature)).toBe(true)
  })

  test('shows no key, however it is looked at', async () => {
    const keys = [signer(keyFor(alg)), verifier(half)] as const
    const token = await keys[0].sign('at+jwt', '{}')
    await keys[1].verify(...signed(token))
    const shown = inspect(keys, { depth: 12, showHidden: true }) + JSON.stringify(keys)
    const { d, p, k } = keyFor(alg)
    for (const secret of [d, p, k]) {
      if (secret !== undefined) expect(shown).not.toContain(secret.slice(0, 12))
    }
  })
})

describe('a key whose halves are of two pairs', () => {
  const other = checkOther()

  test('never signs, and says so without showing either', async () => {
    let thrown: unknown
    try {
      await signer(other).sign('at+jwt', '{}')
    } catch (error) {
      thrown = error
    }
    expect(isAuthError(thrown) && thrown.code).toBe('ERR_KEY_UNAVAILABLE')
    expect(inspect(thrown, { depth: 9 })).not.toContain(other.d)
    await expect((async () => signer(other).sign('at+jwt', '{}'))()).rejects.toThrow(/^.*mixed/)
  })

  function checkOther(): Jwk & { d: string } {
    const mine = keyOfKind('Ed25519')
    return {
      kty: 'OKP',
      crv: 'Ed25519',
      alg: 'EdDSA',
      kid: 'mixed',
      x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
      d: mine.d ?? '',
    }
  }
})

test('a damaged RSA key never gives a faulty signature away, from which its factors follow', async () => {
  const jwk = keyFor('RS256')
  const half = verifier(publicHalf(jwk))
  const damage = (member: string | undefined): string => {
    const bytes = Buffer.from(member ?? '', 'base64url')
    bytes[10] = (bytes[10] ?? 0) ^ 1
    return bytes.toString('base64url')
  }
  const damaged = [
    { ...jwk, dp: damage(jwk.dp) },
    { ...jwk, dq: damage(jwk.dq) },
    { ...jwk, d: damage(jwk.d), dp: damage(jwk.dp) },
    { ...jwk, qi: damage(jwk.qi), d: damage(jwk.d) },
    { ...jwk, p: jwk.q ?? '', q: jwk.p ?? '' },
  ]
  const outcomes = await Promise.all(
    damaged.map(async (key) => {
      try {
        const token = await signer(key).sign('at+jwt', '{}')
        return (await half.verify(...signed(token))) ? 'right' : 'faulty'
      } catch (error) {
        return isAuthError(error) && error.code
      }
    }),
  )
  // A platform that notices a damaged prime may sign without it.
  expect(outcomes).not.toContain('faulty')
  expect(outcomes[2]).toBe('ERR_KEY_UNAVAILABLE')
})

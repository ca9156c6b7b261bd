import { createPublicKey, randomBytes } from 'node:crypto'
import { createKeyRing, createVerifier, hybrid, memoryStore, token } from '@handstamp/server'
import { expect } from 'vitest'
import { schemaOf, servedOrigin, type User } from '../../wire/served-auth.ts'
import { type Attack, attack, each } from '../attack.ts'
import { newHandKey, segment } from '../stages/token-keys.ts'

const rsa = newHandKey('RS256')
const publicKey = createPublicKey(rsa.key)
const pem = String(publicKey.export({ format: 'pem', type: 'spki' }))
const der = publicKey.export({ format: 'der', type: 'spki' })
const pkcs1 = String(publicKey.export({ format: 'pem', type: 'pkcs1' }))

const weak: Readonly<Record<string, string | Uint8Array>> = {
  'the empty text': '',
  secret: 'secret',
  'a sentence': 'correct horse battery staple',
  '31 bytes': randomBytes(31),
  '32 zeros': Buffer.alloc(32),
  '32 times one letter': 'a'.repeat(32),
  '64 times 0xff': Buffer.alloc(64, 0xff),
  'the PEM of a public key': pem,
  'the PEM of PKCS #1': pkcs1,
  'the PEM of a private key': rsa.key.export({ format: 'pem', type: 'pkcs8' }),
  'the PEM of a certificate': pem.replaceAll('PUBLIC KEY', 'CERTIFICATE'),
  'the PEM with Windows newlines': pem.replaceAll('\n', '\r\n'),
  'the PEM without newlines': pem.replaceAll('\n', ''),
  'the PEM behind a space': ` ${pem}`,
  'the PEM behind a tab': `\t${pem}`,
  'the PEM behind a newline': `\n${pem}`,
  'the PEM behind many spaces': `${' '.repeat(4_000)}${pem}`,
  'the PEM behind a byte order mark': `\ufeff${pem}`,
  'the PEM behind a mark of no width': `\u200b${pem}`,
  'the PEM behind NUL': `\0${pem}`,
  'the PEM behind what it is': `Bag Attributes\n    friendlyName: signing\n${pem}`,
  'the PEM behind a comment': `# of the issuer\n${pem}`,
  'the PEM in UTF-16': Buffer.from(pem, 'utf16le'),
  'the PEM in quotes': JSON.stringify(pem),
  'the DER': der,
  'the DER of PKCS #1': publicKey.export({ format: 'der', type: 'pkcs1' }),
  'the DER of a private key': rsa.key.export({ format: 'der', type: 'pkcs8' }),
  'the JWK as JSON': JSON.stringify(publicKey.export({ format: 'jwk' })),
  'the JWK set as JSON': JSON.stringify({ keys: [publicKey.export({ format: 'jwk' })] }, undefined, 2),
  'a key of SSH': `ssh-rsa ${der.toString('base64')} ada@example.com`,
  'a key of SSH on a curve': `ecdsa-sha2-nistp256 ${der.toString('base64')} ada@example.com`,
}

const secretOf = (bytes: string | Uint8Array, alg: 'HS256' | 'HS384' | 'HS512' = 'HS256') =>
  ({ kty: 'oct', alg, kid: 'secret', k: segment(bytes) }) as const

/** Everywhere where a secret is taken. */
function take(bytes: string | Uint8Array, alg?: 'HS256' | 'HS384' | 'HS512'): readonly (() => unknown)[] {
  const jwk = secretOf(bytes, alg)
  const times = { accessLifetime: '5m', lifetime: '8h' } as const
  return [
    () => createKeyRing([jwk]),
    () => token({ keys: [jwk], ...times }),
    () => hybrid({ keys: [jwk], ...times, secrets: [randomBytes(32)], store: memoryStore(), idleTimeout: '1h' }),
    () => createVerifier({ issuer: servedOrigin, user: schemaOf<User>('id'), jwks: createKeyRing([jwk]) }),
  ]
}

function expectNone(makers: readonly (() => unknown)[], secret: string | Uint8Array): void {
  const text = Buffer.from(secret as string)
  for (const make of makers) {
    const error = thrownBy(make)
    expect(error).toBeInstanceOf(Error)
    expect(error instanceof TypeError || error instanceof RangeError).toBe(true)
    // What was given by mistake is a secret as often as not.
    if (text.length >= 12) {
      expect(String(error)).not.toContain(text.subarray(0, 40).toString())
      expect(String(error)).not.toContain(segment(text).slice(0, 12))
    }
  }
}

function thrownBy(make: () => unknown): unknown {
  try {
    make()
  } catch (error) {
    return error
  }
  return undefined
}

export const weakSecrets: Attack = attack({
  ids: ['A48', 'CVE-2026-34950', 'CVE-2023-48223'],
  title: 'a secret that can be guessed, and a public key that is taken for one',
  cost: 'Anybody could sign in as anybody, after a night of guessing or a look at the published keys.',
  shows: ['RFC 8725 §3.5'],
  stage: () => ({ close() {} }),
  legal: {
    ...each({ HS256: 32, HS384: 48, HS512: 64 } as const, (_, bytes) => {
      for (const make of take(randomBytes(bytes), `HS${bytes * 8}` as 'HS256')) make()
    }),
    'more bytes than needed': () => {
      for (const make of take(randomBytes(1_024))) make()
    },
    'random bytes in base64, as openssl prints them': () => {
      for (const make of take(randomBytes(48).toString('base64'))) make()
    },
    'a secret of rotation of 32 bytes': () => void rotatingBy(randomBytes(32)),
  },
  hostile: {
    ...each(weak, (_, bytes) => expectNone(take(bytes), bytes)),
    ...each({ HS384: 47, HS512: 63 } as const, (_, bytes) => {
      const secret = randomBytes(bytes)
      expectNone(take(secret, bytes === 47 ? 'HS384' : 'HS512'), secret)
    }),
    ...each(
      { 'padding behind it': '=', 'a letter of the other alphabet': '+', 'a space': ' ', 'a newline': '\n' },
      (_, text) => {
        const k = `${segment(randomBytes(33))}${text}`
        expect(() => createKeyRing([{ kty: 'oct', alg: 'HS256', k }])).toThrow(TypeError)
      },
    ),
    'a secret of rotation that is too short, or none': () => {
      for (const secret of ['', 'secret', randomBytes(31), Buffer.alloc(32)])
        expectNone([() => rotatingBy(secret)], secret)
    },
  },
})

function rotatingBy(secret: string | Uint8Array): unknown {
  const keys = [newHandKey('ES256').jwk]
  return hybrid({ keys, secrets: [secret], store: memoryStore(), accessLifetime: '5m', idleTimeout: '1h', lifetime: '8h' }) // biome-ignore format: one row
}

/**
 * Keys as Web Crypto holds them, imported once: what jose and hono are fastest with.
 * @module
 */
import type { webcrypto } from 'node:crypto'
import { type BenchKeyOrSecret, jwkOf } from './subject.ts'

export interface WebKeys {
  readonly sign: webcrypto.CryptoKey
  readonly verify: webcrypto.CryptoKey
}

const algorithms = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  EdDSA: { name: 'Ed25519' },
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  HS256: { name: 'HMAC', hash: 'SHA-256' },
} as const

export async function cryptoKeys(key: BenchKeyOrSecret): Promise<WebKeys> {
  const algorithm = algorithms[key.alg]
  if ('secret' in key) {
    const secret = await crypto.subtle.importKey('raw', new Uint8Array(key.secret), algorithm, false, [
      'sign',
      'verify',
    ])
    return { sign: secret, verify: secret }
  }
  const { kid: _kid, alg: _alg, ...own } = jwkOf(key)
  const open = key.publicKey.export({ format: 'jwk' })
  return {
    sign: await crypto.subtle.importKey('jwk', own, algorithm, false, ['sign']),
    verify: await crypto.subtle.importKey('jwk', open, algorithm, false, ['verify']),
  }
}

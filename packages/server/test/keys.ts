/**
 * Keys and secrets of the tests. Made for a run, so they guard nothing.
 * @module
 */
import type { KeyRingJwk } from '@handstamp/core/jwt/key-ring'

const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])

/** One ES256 key, made anew in each run. */
export const testKeys: readonly KeyRingJwk[] = [
  { ...(await crypto.subtle.exportKey('jwk', pair.privateKey)), alg: 'ES256', kid: 'test-1' } as KeyRingJwk,
]

export const testSecrets: readonly string[] = ['a secret of the tests, of more than 32 bytes']

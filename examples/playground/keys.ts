/**
 * Keys and secrets, which all servers of one application share. An application keeps them (`npx @handstamp/server keys`);
 * here every node derives the same ones from one seed, anew for each configuration.
 * @module
 */
import { createECDH, hkdfSync, randomBytes } from 'node:crypto'
import { createKeyRing, type KeyRing, type KeyRingJwk } from '@handstamp/server'

export interface KeyMaterial {
  readonly ring: KeyRing
  /** Of refresh tokens. */
  readonly secrets: readonly Uint8Array[]
}

export function newSeed(): Uint8Array {
  return randomBytes(32)
}

/** Keys that nobody else has. */
export function newKeys(): KeyMaterial {
  return keysOf(newSeed(), 0)
}

/** The keys of the configuration that came after so many switches: the same for everybody who knows the seed. */
export function keysOf(seed: Uint8Array, switches: number): KeyMaterial {
  const derive = (purpose: string) => Buffer.from(hkdfSync('sha256', seed, '', `playground ${purpose} ${switches}`, 32))
  return { ring: createKeyRing([signingKey(derive('signing'))]), secrets: [derive('refresh')] }
}

function signingKey(scalar: Buffer): KeyRingJwk {
  const curve = createECDH('prime256v1')
  curve.setPrivateKey(scalar)
  const point = curve.getPublicKey()
  const [x, y, d] = [point.subarray(1, 33), point.subarray(33), scalar].map((bytes) => bytes.toString('base64url'))
  return { kty: 'EC', crv: 'P-256', alg: 'ES256', x, y, d } as KeyRingJwk
}

/**
 * What Handstamp judges a token against, as `createAuth` would set it up.
 * @module
 */
import type { KeyRing } from '@handstamp/core/jwt/key-ring'
import type { VerifyOptions } from '@handstamp/core/jwt/verify'
import { issuer } from './subject.ts'

/** Ten minutes and the tolerance of clocks. */
const lifetime = 605_000

export function judgedBy(ring: KeyRing, now: number): VerifyOptions {
  return {
    resolve: (kid, alg) => ring.verifier(kid, alg, now, lifetime),
    issuer,
    audience: issuer,
    now,
    clockTolerance: 5_000,
    maxLifetime: lifetime,
  }
}

/**
 * Owns signatures: what signs and what verifies with one key, whichever engine does the work.
 * @module
 */

import * as engine from '#crypto'
import { decodeBase64url } from '../base64url.ts'
import { AuthError, safeCause } from '../errors.ts'
import { type Algorithm, algorithmFacts } from './algorithm.ts'
import { after, type Eventual } from './eventual.ts'
import { type CheckedJwk, memberNames } from './key.ts'

/** What signs under one `kid` and one algorithm. The key itself is out of reach. */
export interface SigningKey {
  readonly kid: string
  readonly alg: Algorithm
  /**
   * Answers the compact JWS of the payload, a text, with the header `{alg, kid, typ}`.
   * Throws or rejects with AuthError `ERR_KEY_UNAVAILABLE` where the platform does not take the key.
   */
  readonly sign: (typ: string, payload: string) => Eventual<string>
}

/** What verifies under one `kid` and one algorithm. */
export interface VerificationKey {
  readonly kid: string
  readonly alg: Algorithm
  /**
   * Answers whether the signature fits `header.payload`; of the wrong length it never reaches the engine.
   * Throws or rejects with AuthError `ERR_KEY_UNAVAILABLE` where the platform does not take the key.
   */
  readonly verify: (signingInput: string, signature: Uint8Array) => Eventual<boolean>
}

/**
 * Answers what signs with the key. The engine takes it in at the first signature, and it then signs and verifies once
 * for itself: a public half that belongs to another key would publish what nobody can verify, and a damaged RSA key
 * would give its factors away with the first signature (RFC 8017 §B.1 has no check against faults).
 *
 * @example
 * ```ts
 * const key = createSigningKey(checkJwk(jwk, { use: 'sign' }, 'keys[0]'))
 * ```
 */
export function createSigningKey(jwk: CheckedJwk): SigningKey {
  const { kid, alg } = jwk
  const imported = once(kid, () =>
    after(engine.importSigner(engineMembers(jwk, 'sign'), alg), (sign) =>
      after(engine.importVerifier(engineMembers(jwk, 'verify'), alg), (verify) => checkPair(sign, verify, jwk)),
    ),
  )
  return {
    kid,
    alg,
    sign: (typ, payload) => after(imported(), (sign) => sign({ alg, kid, typ }, payload)),
  }
}

/**
 * Answers what verifies with the key. The engine takes it in at the first signature.
 *
 * @example
 * ```ts
 * const key = createVerificationKey(checkJwk(jwk, { use: 'verify' }, 'key'))
 * ```
 */
export function createVerificationKey(jwk: CheckedJwk): VerificationKey {
  const { kid, alg } = jwk
  const imported = once(kid, () => engine.importVerifier(engineMembers(jwk, 'verify'), alg))
  const signatureLength = signatureBytes(jwk)
  return {
    kid,
    alg,
    verify: (signingInput, signature) => {
      if (signature.length !== signatureLength) return false
      const verify = imported()
      return verify instanceof Promise
        ? verify.then((later) => later(signingInput, signature))
        : verify(signingInput, signature)
    },
  }
}

function signatureBytes(jwk: CheckedJwk): number {
  const facts = algorithmFacts[jwk.alg]
  return facts.kty === 'RSA' ? (decodeBase64url(jwk.n ?? '')?.length ?? 0) : facts.signatureBytes
}

function engineMembers(jwk: CheckedJwk, use: 'sign' | 'verify'): Record<string, string> {
  const { kty } = algorithmFacts[jwk.alg]
  const members: Record<string, string> = { kty }
  for (const name of memberNames(kty, use)) members[name] = String(jwk[name] ?? '')
  return members
}

function checkPair(sign: engine.Sign, verify: engine.Verify, { alg, kid }: CheckedJwk): Eventual<engine.Sign> {
  return after(sign({ alg, kid, typ: 'check' }, '{}'), (token) => {
    const dot = token.lastIndexOf('.')
    const signature = decodeBase64url(token.slice(dot + 1)) ?? new Uint8Array()
    return after(verify(token.slice(0, dot), signature), (fits) => {
      if (fits) return sign
      throw new AuthError(
        'ERR_KEY_UNAVAILABLE',
        `the private and the public members of key ${kid} do not belong together`,
      )
    })
  })
}

/** One import for all uses; a failed one is tried again by the next use. */
function once<T>(kid: string, make: () => Eventual<T>): () => Eventual<T> {
  let held: Eventual<T> | undefined
  function fail(error: unknown): never {
    held = undefined
    if (error instanceof AuthError) throw error
    throw new AuthError('ERR_KEY_UNAVAILABLE', `the platform does not take key ${kid}`, { cause: safeCause(error) })
  }
  return () => {
    if (held !== undefined) return held
    try {
      const made = make()
      held = made instanceof Promise ? made.then((value) => (held = value), fail) : made
      return held
    } catch (error) {
      return fail(error)
    }
  }
}

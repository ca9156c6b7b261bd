/**
 * Owns the keys of an issuer and their phases: pending → active → retiring → gone, by time alone.
 * @module
 */

import { AuthError } from '../errors.ts'
import { type Algorithm, algorithmFacts } from './algorithm.ts'
import { type CheckedJwk, checkJwk, type Jwk, type PublicJwk, publicJwk } from './key.ts'
import { createSigningKey, createVerificationKey, type SigningKey, type VerificationKey } from './signature.ts'

/** A moment: a Date, milliseconds since the epoch, or an ISO 8601 text. A text with a time of day names its zone. */
export type Instant = Date | number | string

/** A key for signing, and from when to when it signs. The newest `activeFrom` that has come is the one that signs. */
export interface KeyRingJwk extends Jwk {
  /** When it begins to sign. Without one it always has. */
  readonly activeFrom?: Instant
  /** When it stops signing at the latest, whether or not a newer key has taken over. Without one, never. */
  readonly retireAt?: Instant
}

/** Published and accepted before it signs; signing; accepted still; neither. */
export type KeyPhase = 'pending' | 'active' | 'retiring' | 'gone'

/**
 * The keys of an issuer. It holds no state but the keys: what it answers depends on `now` alone, so all nodes with the
 * same configuration agree. `now` is milliseconds since the epoch; `acceptFor` how long after its last signature a key
 * is still good for verifying: the longest access lifetime plus the clock skew, in milliseconds.
 */
export interface KeyRing {
  /** True for HS* keys: there is nothing to publish, and whoever verifies can also sign. */
  readonly symmetric: boolean
  /** The key that signs. Throws AuthError `ERR_KEY_UNAVAILABLE` when none is active. */
  readonly signer: (now: number) => SigningKey
  /** The key with this id for this algorithm, unless it is gone. A pending one counts: another node's clock may be ahead. */
  readonly verifier: (kid: string, alg: Algorithm, now: number, acceptFor: number) => VerificationKey | undefined
  /** The public keys that are not gone, newest first; none for HS*. */
  readonly jwks: (now: number, acceptFor: number) => { readonly keys: readonly PublicJwk[] }
  /** Every key with its phase, newest first. */
  readonly phases: (now: number, acceptFor: number) => readonly KeyStanding[]
}

/** A key's phase, without the key. */
export interface KeyStanding {
  readonly kid: string
  readonly alg: Algorithm
  readonly phase: KeyPhase
}

interface Entry {
  readonly jwk: CheckedJwk
  readonly signingKey: SigningKey
  readonly verificationKey: VerificationKey
  readonly activeFrom: number
  readonly retireAt: number
  /** When it stops signing for good: at `retireAt`, or when the next key takes over. */
  readonly stopsAt: number
}

/**
 * Answers the ring of the keys, in any order. A key that a newer one has replaced never signs again, also when the newer
 * one retires: a key's phases only ever go forward.
 *
 * @throws TypeError for no keys, a key that is not whole or does not fit its algorithm, two keys with one `kid` or one
 * `activeFrom`, HS* beside other algorithms, a time that cannot be read; RangeError for a key that retires before it is active.
 *
 * @example
 * ```ts
 * const ring = createKeyRing([old, { ...next, activeFrom: '2027-01-01' }])
 * ring.signer(Date.now()).kid
 * ```
 */
export function createKeyRing(keys: readonly KeyRingJwk[]): KeyRing {
  const entries = createEntries(keys)
  const byKid = new Map(entries.map((entry) => [entry.jwk.kid, entry]))
  const symmetric = entries.some(({ jwk }) => algorithmFacts[jwk.alg].kty === 'oct')
  return {
    symmetric,
    signer(now) {
      const active = entries.find((entry) => phaseOf(entry, now, 0) === 'active')
      if (active !== undefined) return active.signingKey
      throw new AuthError(
        'ERR_KEY_UNAVAILABLE',
        'no key of the ring is active now: add one whose activeFrom has come and whose retireAt has not',
      )
    },
    verifier(kid, alg, now, acceptFor) {
      const entry = byKid.get(kid)
      if (entry === undefined || entry.jwk.alg !== alg || phaseOf(entry, now, acceptFor) === 'gone') return undefined
      return entry.verificationKey
    },
    jwks(now, acceptFor) {
      const published = symmetric ? [] : entries.filter((entry) => phaseOf(entry, now, acceptFor) !== 'gone')
      return { keys: published.map(({ jwk }) => publicJwk(jwk)) }
    },
    phases(now, acceptFor) {
      return entries.map((entry) => ({ kid: entry.jwk.kid, alg: entry.jwk.alg, phase: phaseOf(entry, now, acceptFor) }))
    },
  }
}

function phaseOf({ activeFrom, stopsAt }: Entry, now: number, acceptFor: number): KeyPhase {
  if (now < activeFrom) return 'pending'
  if (now < stopsAt) return 'active'
  return now < stopsAt + acceptFor ? 'retiring' : 'gone'
}

/** Newest first. */
function createEntries(keys: readonly KeyRingJwk[]): readonly Entry[] {
  if (!Array.isArray(keys) || keys.length === 0) {
    throw new TypeError(
      'keys must be a list of one JWK or more: is HANDSTAMP_KEYS set? `npx @handstamp/server keys` makes one',
    )
  }
  const dated = keys.map((key: KeyRingJwk, index) => readKey(key, `keys[${index}]`))
  dated.sort((a, b) => (a.activeFrom < b.activeFrom ? 1 : -1))
  const kinds = new Set(dated.map(({ jwk }) => algorithmFacts[jwk.alg].kty === 'oct'))
  if (kinds.size > 1)
    throw new TypeError('keys must be either all HS* or all of public-key algorithms: a verifier takes one kind')
  const kids = new Set(dated.map(({ jwk }) => jwk.kid))
  if (kids.size < dated.length)
    throw new TypeError('keys must each have a kid of their own: leave kid out for the thumbprint')
  return dated.map((key, index) => {
    const next = dated[index - 1]
    if (next?.activeFrom === key.activeFrom) {
      throw new TypeError(
        'keys must each have an activeFrom of their own: give the newer one the time from which it signs',
      )
    }
    return {
      ...key,
      stopsAt: Math.min(key.retireAt, next?.activeFrom ?? Number.POSITIVE_INFINITY),
      signingKey: createSigningKey(key.jwk),
      verificationKey: createVerificationKey(key.jwk),
    }
  })
}

function readKey(key: KeyRingJwk, option: string): Pick<Entry, 'jwk' | 'activeFrom' | 'retireAt'> {
  const jwk = checkJwk(key, { use: 'sign' }, option)
  const activeFrom = readInstant(key.activeFrom, `${option}.activeFrom`) ?? Number.NEGATIVE_INFINITY
  const retireAt = readInstant(key.retireAt, `${option}.retireAt`) ?? Number.POSITIVE_INFINITY
  if (retireAt <= activeFrom) throw new RangeError(`${option}.retireAt must be later than activeFrom`)
  return { jwk, activeFrom, retireAt }
}

/** A text with a time and no zone would be another moment on each node (ECMA-262 reads it as local time). */
function readInstant(value: unknown, option: string): number | undefined {
  if (value === undefined) return undefined
  const iso = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/
  const time =
    value instanceof Date ? value.getTime() : typeof value === 'string' && iso.test(value) ? Date.parse(value) : value
  if (typeof time === 'number' && Number.isFinite(time)) return time
  throw new TypeError(
    `${option} must be a Date, milliseconds since the epoch, or a text such as '2027-01-31T12:00:00Z'`,
  )
}

/**
 * Owns keys as JWKs: checked against their one algorithm, their public half, their thumbprint.
 * @module
 */

import { encodeBase64url } from '../base64url.ts'
import { sha256, utf8 } from '../secret.ts'
import { type Algorithm, type AlgorithmFacts, algorithmFacts, isAlgorithm } from './algorithm.ts'
import { isKid } from './decode.ts'
import { checkMaterial } from './key-material.ts'

/** A JSON Web Key (RFC 7517) as it is configured. `alg` is required: a key serves one algorithm. */
export interface Jwk {
  readonly kty: string
  /** Without one, the thumbprint stands in. */
  readonly kid?: string
  readonly alg?: string
  readonly use?: string
  readonly key_ops?: readonly string[]
  readonly crv?: string
  readonly x?: string
  readonly y?: string
  readonly d?: string
  readonly n?: string
  readonly e?: string
  readonly p?: string
  readonly q?: string
  readonly dp?: string
  readonly dq?: string
  readonly qi?: string
  readonly k?: string
}

/** A key that was checked: its algorithm and id are settled, and only the members that matter are left. */
export interface CheckedJwk extends Jwk {
  readonly kid: string
  readonly alg: Algorithm
}

/** The public half of a key pair, as a JWK set publishes it. */
export interface PublicJwk {
  readonly kty: 'EC' | 'OKP' | 'RSA'
  readonly kid: string
  readonly alg: Algorithm
  readonly use: 'sig'
  readonly crv?: string
  readonly x?: string
  readonly y?: string
  readonly n?: string
  readonly e?: string
}

const publicMembers = { EC: ['crv', 'x', 'y'], OKP: ['crv', 'x'], RSA: ['n', 'e'], oct: [] } as const
const privateMembers = { EC: ['d'], OKP: ['d'], RSA: ['d', 'p', 'q', 'dp', 'dq', 'qi'], oct: ['k'] } as const

/** Every member that is private in some type of key, and `oth`, which no engine here reads (RFC 7518 §6.3.2.7). */
export const anyPrivateMember: readonly string[] = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/**
 * Answers the key with its algorithm and id settled, checked for one use. Everything that can be said without an engine
 * is said here, and so at construction: the type and curve fit `alg`, members are canonical base64url of the right
 * length, points are on their curve, RSA has 2,048 bits or more, a secret is as long as the hash (RFC 7518 §3.2) and no
 * PEM, DER or JWK given by mistake, a key for verifying holds nothing private, one for signing all of it.
 *
 * @throws TypeError or RangeError that names the option and the member, and never its value.
 *
 * @example
 * ```ts
 * const key = checkJwk(JSON.parse(process.env.SIGNING_KEY ?? ''), { use: 'sign' }, 'keys[0]')
 * ```
 */
export function checkJwk(jwk: Jwk, { use }: { readonly use: 'sign' | 'verify' }, option: string): CheckedJwk {
  const given = checkForm(jwk, option)
  const alg = given.alg
  if (!isAlgorithm(alg)) {
    throw new TypeError(
      `${option}.alg must name the one algorithm of the key: ${Object.keys(algorithmFacts).join(', ')}`,
    )
  }
  const facts = algorithmFacts[alg]
  if (given.kty !== facts.kty) throw new TypeError(`${option}.kty must be '${facts.kty}', since alg is ${alg}`)
  checkUse(given, use, option)
  const names: readonly string[] = memberNames(facts.kty, use)
  const surplus = anyPrivateMember.find((name) => given[name] !== undefined && !names.includes(name))
  if (surplus !== undefined) {
    throw new TypeError(
      use === 'verify'
        ? `${option}.${surplus} is private: give only the public members of a key that verifies`
        : `${option}.${surplus} is no member of a ${facts.kty} key that signs`,
    )
  }
  const members: Record<string, string> = {}
  for (const name of names) members[name] = memberText(given, name, option)
  checkMaterial(members, facts, option)
  const bare = { kty: facts.kty, alg, ...members }
  return { ...bare, kid: given.kid === undefined ? thumbprint(bare) : checkKid(given.kid, option) }
}

/**
 * Answers the members, beside `kty`, that a key of the type needs for a use. A secret needs `k` for either.
 */
export function memberNames(kty: AlgorithmFacts['kty'], use: 'sign' | 'verify'): readonly (keyof Jwk)[] {
  return use === 'sign' || kty === 'oct' ? [...publicMembers[kty], ...privateMembers[kty]] : publicMembers[kty]
}

/**
 * Answers the public half, `use: 'sig'` added; a member that is not public is never copied.
 *
 * @throws TypeError for a secret (`oct`), which has no public half.
 *
 * @example
 * ```ts
 * publicJwk(checkJwk(jwk, { use: 'sign' }, 'keys[0]')) // { kty, kid, alg, use: 'sig', crv, x, y }
 * ```
 */
export function publicJwk(jwk: CheckedJwk): PublicJwk {
  const { kty } = algorithmFacts[jwk.alg]
  if (kty === 'oct') throw new TypeError(`${jwk.alg} has no public key`)
  const members: Record<string, string> = {}
  for (const name of publicMembers[kty]) members[name] = jwk[name] ?? ''
  return { kty, kid: jwk.kid, alg: jwk.alg, use: 'sig', ...members }
}

/**
 * Answers the thumbprint of a key (RFC 7638): base64url(SHA-256) of its required members in order, 43 characters.
 *
 * @example
 * ```ts
 * thumbprint({ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' })
 * // 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k'
 * ```
 */
export function thumbprint(jwk: Jwk): string {
  const names = {
    EC: ['crv', 'kty', 'x', 'y'],
    OKP: ['crv', 'kty', 'x'],
    RSA: ['e', 'kty', 'n'],
    oct: ['k', 'kty'],
  } as const
  if (!Object.hasOwn(names, jwk.kty)) throw new TypeError('kty must be EC, OKP, RSA or oct')
  const required = names[jwk.kty as keyof typeof names].map((name) => [name, jwk[name as keyof Jwk]] as const)
  return encodeBase64url(sha256(utf8(JSON.stringify(Object.fromEntries(required)))))
}

function checkForm(jwk: unknown, option: string): Readonly<Record<string, unknown>> {
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk)) {
    throw new TypeError(`${option} must be a JWK, an object with kty and alg: \`npx @handstamp/server keys\` makes one`)
  }
  return jwk as Readonly<Record<string, unknown>>
}

function checkUse(given: Readonly<Record<string, unknown>>, use: 'sign' | 'verify', option: string): void {
  if (given.use !== undefined && given.use !== 'sig') throw new TypeError(`${option}.use must be 'sig', or left out`)
  const operations = given.key_ops
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes(use))) {
    throw new TypeError(`${option}.key_ops must include '${use}', or be left out`)
  }
}

function checkKid(kid: unknown, option: string): string {
  if (isKid(kid)) return kid
  throw new TypeError(
    `${option}.kid must be 1 to 256 characters without control characters, or left out for the thumbprint`,
  )
}

function memberText(given: Readonly<Record<string, unknown>>, name: string, option: string): string {
  const value = given[name]
  if (typeof value === 'string' && value !== '') return value
  throw new TypeError(`${option}.${name} is missing: the key is not whole`)
}

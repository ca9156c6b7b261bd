/**
 * Owns what the members of a key must be for its type: long enough, canonical, on the curve, and no key of another kind.
 * @module
 */

import { decodeBase64url } from '../base64url.ts'
import type { AlgorithmFacts } from './algorithm.ts'
import { isEd25519Key, isOnCurve, isScalar } from './curve.ts'

/** RSA moduli over 8,192 bits make a verification slow enough to be an attack, and public exponents over 32 bits too. */
const longestModulusBits = 8_192
const longestExponentBytes = 4

/**
 * Checks the members that an algorithm's keys have; all of them are there as texts.
 *
 * @throws TypeError or RangeError that names the option and the member, and never its value.
 *
 * @example
 * ```ts
 * checkMaterial({ crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }, algorithmFacts.EdDSA, 'keys[0]')
 * ```
 */
export function checkMaterial(members: Readonly<Record<string, string>>, facts: AlgorithmFacts, option: string): void {
  if (facts.kty === 'oct') checkSecret(members, facts, option)
  else if (facts.kty === 'RSA') checkRsa(members, facts, option)
  else checkPoint(members, facts, option)
}

/** A member's bytes; its value is a secret as often as not, so no message holds it. */
function memberBytes(members: Readonly<Record<string, string>>, name: string, option: string): Uint8Array {
  if (name === 'crv') return new Uint8Array()
  const bytes = decodeBase64url(members[name] ?? '')
  if (bytes === undefined) throw new TypeError(`${option}.${name} must be canonical base64url without padding`)
  return bytes
}

function checkSecret(
  members: Readonly<Record<string, string>>,
  facts: AlgorithmFacts & { kty: 'oct' },
  option: string,
): void {
  const secret = memberBytes(members, 'k', option)
  if (isKeyText(secret) || isDer(secret)) {
    throw new TypeError(`${option}.k holds a key in PEM, DER, JWK or SSH form: a secret is random bytes`)
  }
  if (secret.length < facts.signatureBytes) {
    throw new RangeError(`${option}.k must be ${facts.signatureBytes} random bytes or more (RFC 7518 §3.2)`)
  }
  if (secret.every((byte) => byte === secret[0]))
    throw new RangeError(`${option}.k is one byte over and over: a secret is random bytes`)
}

/**
 * Whatever text a public key comes in, an HMAC under it is one that everybody can make (CVE-2026-34950). Anything may stand
 * before the line that begins a PEM (RFC 7468 §2). In UTF-16, as some shells write files, each letter has a zero beside it.
 */
function isKeyText(secret: Uint8Array): boolean {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(secret).replaceAll('\0', '')
  // \s is also U+FEFF. One random secret in 256 begins with a brace, so that alone makes no JWK.
  return text.includes('-----BEGIN ') || /^\s*(?:ssh-|ecdsa-|\{.*"(?:kty|keys)")/s.test(text)
}

/**
 * A SEQUENCE that spans all of the bytes and begins as SPKI, PKCS #8 or PKCS #1 do: an algorithm identifier, or an
 * integer. A random secret looks like that with odds of 2⁻³⁰ and less.
 */
function isDer(bytes: Uint8Array): boolean {
  const [tag, form = 0, high = 0, low = 0] = bytes
  if (tag !== 0x30) return false
  if (form === 0x82) return (high << 8) + low === bytes.length - 4
  const start = form === 0x81 ? 3 : 2
  if ((form === 0x81 ? high : form) !== bytes.length - start) return false
  const identifier = bytes[start] === 0x30 && bytes[start + 2] === 0x06
  return identifier || (bytes[start] === 0x02 && bytes[start + 1] === 0x01)
}

function checkRsa(
  members: Readonly<Record<string, string>>,
  facts: AlgorithmFacts & { kty: 'RSA' },
  option: string,
): void {
  for (const name of Object.keys(members)) {
    if (memberBytes(members, name, option)[0] === 0)
      throw new TypeError(`${option}.${name} must not begin with a zero byte (RFC 7518 §2)`)
  }
  const n = memberBytes(members, 'n', option)
  const bits = n.length * 8 - Math.clz32(n[0] ?? 0) + 24
  if (bits < facts.modulusBits || bits > longestModulusBits) {
    throw new RangeError(`${option}.n must have between ${facts.modulusBits} and ${longestModulusBits} bits`)
  }
  const e = memberBytes(members, 'e', option)
  const even = ((n.at(-1) ?? 0) & 1) === 0 || ((e.at(-1) ?? 0) & 1) === 0
  if (even || e.length < 3 || e.length > longestExponentBytes) {
    throw new RangeError(
      `${option} must have an odd modulus and an odd public exponent from 65537 to 32 bits: AQAB is the usual one`,
    )
  }
  if (isRoca(n)) throw new RangeError(`${option}.n was made by a faulty generator (CVE-2017-15361): make a new key`)
}

/** Primes p for which a modulus of that generator is a power of 65537 modulo p; another one is for all of them at odds of 2⁻²⁷. */
const rocaPrimes = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157] as const

function isRoca(modulus: Uint8Array): boolean {
  return rocaPrimes.every((prime) => {
    const rest = modulus.reduce((value, byte) => (value * 256 + byte) % prime, 0)
    for (let power = 1, step = 0; step < prime; step += 1, power = (power * 65_537) % prime)
      if (power === rest) return true
    return false
  })
}

function checkPoint(
  members: Readonly<Record<string, string>>,
  facts: AlgorithmFacts & { kty: 'EC' | 'OKP' },
  option: string,
): void {
  const { crv, coordinateBytes } = facts
  if (members.crv !== crv) throw new TypeError(`${option}.crv must be '${crv}', since alg says so`)
  for (const name of Object.keys(members)) {
    if (name !== 'crv' && memberBytes(members, name, option).length !== coordinateBytes) {
      throw new TypeError(`${option}.${name} must be ${coordinateBytes} bytes (RFC 7518 §6.2)`)
    }
  }
  const x = memberBytes(members, 'x', option)
  const usable = crv === 'Ed25519' ? isEd25519Key(x) : isOnCurve(crv, x, memberBytes(members, 'y', option))
  if (!usable) throw new TypeError(`${option} is not a point of ${crv} that can serve as a key`)
  if (crv !== 'Ed25519' && members.d !== undefined && !isScalar(crv, memberBytes(members, 'd', option))) {
    throw new RangeError(`${option}.d is not a private key of ${crv}`)
  }
}

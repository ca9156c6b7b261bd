/**
 * Owns the signature algorithms of JOSE that Handstamp knows, and the facts that tie each to its keys (RFC 7518 §3, RFC 8037).
 * @module
 */

/** A signature algorithm (`alg`). There is no `none`, and EdDSA means Ed25519. */
export type Algorithm =
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA'
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'HS256'
  | 'HS384'
  | 'HS512'

/** A curve (`crv`) that a signature algorithm uses here. */
export type Curve = 'P-256' | 'P-384' | 'P-521' | 'Ed25519'

/** What an algorithm asks of its keys, and what it makes of them. */
export type AlgorithmFacts =
  | {
      readonly kty: 'EC' | 'OKP'
      readonly crv: Curve
      /** Bytes of one coordinate, and of the private member. */
      readonly coordinateBytes: number
      /** Bytes of a signature, `r ‖ s` for EC (RFC 7518 §3.4). */
      readonly signatureBytes: number
    }
  | {
      readonly kty: 'RSA'
      /** The least bits of a modulus (RFC 7518 §3.3). A signature is as long as the modulus. */
      readonly modulusBits: 2048
      readonly hash: Hash
    }
  | {
      readonly kty: 'oct'
      /** The least bytes of a secret (RFC 7518 §3.2), which are those of the signature too. */
      readonly signatureBytes: number
      readonly hash: Hash
    }

/** The hash functions, as Web Crypto names them. */
export type Hash = 'SHA-256' | 'SHA-384' | 'SHA-512'

/**
 * The facts of every algorithm, in the order of preference that errors list them in.
 *
 * @example
 * ```ts
 * algorithmFacts.ES256.kty // 'EC'
 * ```
 */
export const algorithmFacts: { readonly [A in Algorithm]: AlgorithmFacts } = {
  ES256: { kty: 'EC', crv: 'P-256', coordinateBytes: 32, signatureBytes: 64 },
  ES384: { kty: 'EC', crv: 'P-384', coordinateBytes: 48, signatureBytes: 96 },
  ES512: { kty: 'EC', crv: 'P-521', coordinateBytes: 66, signatureBytes: 132 },
  EdDSA: { kty: 'OKP', crv: 'Ed25519', coordinateBytes: 32, signatureBytes: 64 },
  RS256: { kty: 'RSA', modulusBits: 2048, hash: 'SHA-256' },
  RS384: { kty: 'RSA', modulusBits: 2048, hash: 'SHA-384' },
  RS512: { kty: 'RSA', modulusBits: 2048, hash: 'SHA-512' },
  PS256: { kty: 'RSA', modulusBits: 2048, hash: 'SHA-256' },
  PS384: { kty: 'RSA', modulusBits: 2048, hash: 'SHA-384' },
  PS512: { kty: 'RSA', modulusBits: 2048, hash: 'SHA-512' },
  HS256: { kty: 'oct', signatureBytes: 32, hash: 'SHA-256' },
  HS384: { kty: 'oct', signatureBytes: 48, hash: 'SHA-384' },
  HS512: { kty: 'oct', signatureBytes: 64, hash: 'SHA-512' },
}

/**
 * Answers whether a value is the name of an algorithm, by case and to the letter.
 *
 * @example
 * ```ts
 * isAlgorithm('none') // false
 * ```
 */
export function isAlgorithm(value: unknown): value is Algorithm {
  return typeof value === 'string' && Object.hasOwn(algorithmFacts, value)
}

/**
 * Owns what an engine offers for signatures: two functions, each for one key and one algorithm, that show nothing of the key.
 * @module
 */

import type { Algorithm } from '../jwt/algorithm.ts'
import type { Eventual } from '../jwt/eventual.ts'

/** The header of what is signed here, in the order in which it is written. */
export interface SigningHeader {
  readonly alg: Algorithm
  readonly kid: string
  readonly typ: string
}

/** The members of a key that were checked for its algorithm (jwt/key.ts), and `kty`. */
export type KeyMembers = Readonly<Record<string, string>>

/** Answers the compact JWS (RFC 7515 §7.1) of the payload, a text, under exactly this header. */
export type Sign = (header: SigningHeader, payload: string) => Eventual<string>

/**
 * Answers whether the signature fits the signing input (`header.payload`). The signature has the length that the key
 * asks for, and the token's algorithm was compared with the key's.
 */
export type Verify = (signingInput: string, signature: Uint8Array) => Eventual<boolean>

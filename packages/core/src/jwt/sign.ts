/**
 * Owns making an access token out of claims.
 * @module
 */

import { AuthError } from '../errors.ts'
import { type AccessClaims, accessTokenType, findMisshapen } from './claims.ts'
import { claimsDepth, longestToken } from './decode.ts'
import { after, type Eventual } from './eventual.ts'
import { findUnwritable } from './json.ts'
import type { SigningKey } from './signature.ts'

/**
 * Answers the signed token, with the header `{alg, kid, typ: "at+jwt"}` and nothing else in it. What is signed is what a
 * verifier will read: claims that JSON would change are refused here rather than there.
 *
 * @throws AuthError `ERR_CLAIMS_INVALID` that names the claim, where one is missing, misshapen, or holds what JSON would
 * lose (a Date, NaN, a lone surrogate).
 * @throws AuthError `ERR_CREDENTIAL_TOO_LARGE` that names the largest claim, where the token is over 8 KiB.
 * @throws AuthError `ERR_KEY_UNAVAILABLE` where the platform does not take the key; as a rejection with some engines.
 *
 * @example
 * ```ts
 * const token = await signAccessToken(claims, ring.signer(Date.now()))
 * ```
 */
export function signAccessToken(claims: AccessClaims, signer: SigningKey): Eventual<string> {
  const wrong = findMisshapen(claims) ?? findUnwritable(claims, claimsDepth)
  if (wrong !== undefined)
    throw new AuthError('ERR_CLAIMS_INVALID', `the claim ${wrong} is missing, misshapen, or not JSON`)
  return after(signer.sign(accessTokenType, JSON.stringify(claims)), (token) => {
    if (token.length <= longestToken) return token
    throw new AuthError(
      'ERR_CREDENTIAL_TOO_LARGE',
      `the token takes ${token.length} bytes of ${longestToken}, most of them for the claim ${largestClaim(claims)}`,
    )
  })
}

/**
 * Answers the name of the claim that takes most room, one level down inside `user` (`user.permissions`).
 *
 * @example
 * ```ts
 * largestClaim(claims) // 'user.permissions'
 * ```
 */
export function largestClaim(claims: AccessClaims): string {
  const rows = [
    ...Object.entries(claims).filter(([name]) => name !== 'user'),
    ...Object.entries(claims.user).map(([name, value]) => [`user.${name}`, value] as const),
  ]
  const sized = rows.map(([name, value]) => ({ name, size: JSON.stringify(value)?.length ?? 0 }))
  return sized.reduce((largest, row) => (row.size > largest.size ? row : largest)).name
}

/**
 * A credential that opens a session, as a request brings it.
 * @module
 */
import { readBearer } from '@handstamp/core/authorization'
import { readCookie } from '@handstamp/core/cookie/parse'
import { parseSessionCredential } from '@handstamp/core/credential'
import { decodeUnverified } from '@handstamp/core/jwt/decode'
import type { Transport } from '@handstamp/server'
import type { CookieNames } from '../seen.ts'

export interface Held {
  /** Of the session; of the token itself where no session stands behind it. */
  readonly id: string
  readonly kind: 'session' | 'token'
  /** The configuration that reads it. */
  readonly switches: number
  /** The header that brings it. */
  readonly header: readonly [name: string, value: string]
  /** When it expires by itself, in milliseconds since the epoch, as far as that is known. */
  readonly expiresAt?: number
}

/** What this configuration reads from the request, where it can be a credential at all. */
export function heldIn(
  { headers }: Request,
  { transport, switches }: { readonly transport: Transport; readonly switches: number },
  names: CookieNames,
): Held | undefined {
  if (transport === 'cookie') {
    const [value] = readCookie(headers.get('cookie'), names.access)
    return value === undefined ? undefined : opened(value, ['cookie', `${names.access}=${value}`], switches)
  }
  const bearer = readBearer(headers.get('authorization'))
  return bearer.kind === 'token'
    ? opened(bearer.token, ['authorization', `Bearer ${bearer.token}`], switches)
    : undefined
}

function opened(text: string, header: Held['header'], switches: number): Held | undefined {
  const session = parseSessionCredential(text)
  if (session !== undefined) return { id: session.id, kind: 'session', switches, header }
  const { sid, jti, exp } = decodeUnverified(text)?.claims ?? {}
  const id = sid ?? jti
  return typeof id === 'string' && typeof exp === 'number'
    ? { id, kind: 'token', switches, header, expiresAt: exp * 1_000 }
    : undefined
}

/**
 * Finds the credentials of a request, by the transports that the configuration allows.
 * @module
 */
import { readBearer } from '@handstamp/core/authorization'
import { readCookie } from '@handstamp/core/cookie/parse'
import type { Rejection } from '@handstamp/core/rejection'
import type { Transport } from '@handstamp/core/session'
import type { CookiePlan } from './cookies.ts'
import type { RequestFace } from './request-face.ts'
import type { Held } from './strategies/strategy.ts'

/** What a request presents; `fault` says why its credentials cannot be judged one by one. */
export interface Presented extends Held {
  readonly fault?: Rejection
}

/** The part of the settings that says where credentials may be. */
export interface CredentialPlaces {
  readonly transports: readonly Transport[]
  readonly cookies: CookiePlan | undefined
}

const nothing: Presented = {}

/**
 * Where `Authorization: Bearer` is present and allowed only it is judged for access; there is never a fallback to the
 * cookie. Other schemes are somebody else's. Two distinct values of one cookie cannot be told apart, so neither counts.
 */
export function readCredential(request: RequestFace, places: CredentialPlaces): Presented {
  const { transports, cookies } = places
  const header = transports.some((transport) => transport !== 'cookie') ? request.headers.get('authorization') : null
  const bearer = readBearer(header)
  if (bearer.kind === 'malformed') return { fault: 'malformed_request' }

  const jar = cookies && request.headers.get('cookie')
  const refresh = cookies && jar ? readCookie(jar, cookies.refresh.name) : []
  const one = refresh.length === 1 ? refresh[0] : undefined
  if (bearer.kind === 'token') return held(bearer.token, 'authorization', one)

  const access = cookies && jar && transports.includes('cookie') ? readCookie(jar, cookies.access.name) : []
  if (access.length > 1 || refresh.length > 1) return { fault: 'ambiguous' }
  if (access[0] !== undefined) return held(access[0], 'cookie', one)
  if (one !== undefined) return { refresh: { text: one, via: 'cookie' } }
  return header === null && queryHoldsToken(request.url) ? { fault: 'malformed_request' } : nothing
}

function held(text: string, via: 'authorization' | 'cookie', refresh: string | undefined): Presented {
  const access = { text, via }
  return refresh === undefined ? { access } : { access, refresh: { text: refresh, via: 'cookie' } }
}

/** A token in a query is never read (RFC 9700 §4.3.2); saying so beats a silent 401. */
function queryHoldsToken(url: string): boolean {
  return /[?&]access_token=/.test(url)
}

/** True where any credential, or what should have been one, came in a cookie. */
export function presentedByCookie(presented: Presented): boolean {
  return (
    presented.fault === 'ambiguous' ||
    presented.access?.via === 'cookie' ||
    (presented.access === undefined && presented.refresh?.via === 'cookie')
  )
}

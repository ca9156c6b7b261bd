/**
 * Which answers of the server say that sessions have ended, and which ones.
 * @module
 */
import { handleOf, isSessionId } from '@handstamp/core/credential'
import type { Held } from './held.ts'

/** One, or all of a user but one. */
export type Which = { readonly id: string } | { readonly handle: string; readonly except?: string }

/** A sign-out is acknowledged for a token that nobody can end, too. `own` is what the request brought. */
export function endedBy(request: Request, { status }: Response, own: Held | undefined): Which | undefined {
  const { pathname, searchParams } = new URL(request.url)
  if (request.method === 'POST' && pathname === '/auth/sign-out')
    return own !== undefined && [200, 204, 303].includes(status) ? { id: own.id } : undefined
  if (request.method !== 'DELETE' || status !== 204) return undefined
  if (pathname.startsWith('/auth/sessions/')) return { id: pathname.slice('/auth/sessions/'.length) }
  if (pathname !== '/auth/sessions' || own === undefined || !isSessionId(own.id)) return undefined
  const handle = handleOf(own.id)
  return searchParams.get('others') === 'true' ? { handle, except: own.id } : { handle }
}

export function isAmong(id: string, which: Which): boolean {
  return 'id' in which ? id === which.id : id.startsWith(`${which.handle}.`) && id !== which.except
}

/**
 * The one place where effects become headers, so that no adapter can forget what goes with a credential.
 * @module
 */
import { formatChallenge } from '@handstamp/core/authorization'
import { serializeCookie } from '@handstamp/core/cookie/serialize'
import type { ChallengeEffect, Effect } from '@handstamp/core/effect'
import { outwardAnswer } from '@handstamp/core/rejection'
import type { CookiePlan, PlannedCookie } from './cookies.ts'

/** What headers are written from. */
export interface HeaderPlan {
  readonly cookies: CookiePlan | undefined
  readonly realm: string
}

/** Writes effects into headers. Whoever sets or clears a cookie is never cached (CVE-2025-48947 is what happens else). */
export function writeEffects(effects: readonly Effect[], headers: Headers, plan: HeaderPlan): void {
  for (const effect of effects) {
    switch (effect.type) {
      case 'set-cookie':
      case 'clear-cookie':
        putCookie(headers, effect.name, cookieOf(effect, plan))
        headers.set('cache-control', 'private, no-store')
        mergeVary(headers, 'Cookie')
        break
      case 'challenge':
        headers.set('www-authenticate', challengeOf(effect, plan.realm))
        break
      case 'header':
        if (effect.name === 'Vary') mergeVary(headers, effect.value)
        else headers.set(effect.name, effect.value)
    }
  }
}

/** The response with the effects' headers; a copy where the response's own headers cannot be changed. */
export function applyEffects<R extends { readonly headers: Headers }>(
  effects: readonly Effect[],
  response: R,
  plan: HeaderPlan,
): R {
  // Written aside first, so that a response is never left with half of them.
  const written = new Headers(response.headers)
  writeEffects(effects, written, plan)
  try {
    replaceHeaders(response.headers, written)
    return response
  } catch (error) {
    if (!(response instanceof Response)) throw error
    const { status, statusText, body } = response
    return new Response(body, { status, statusText, headers: written }) as unknown as R
  }
}

function replaceHeaders(target: Headers, source: Headers): void {
  target.delete('set-cookie')
  for (const [name, value] of source) {
    if (name !== 'set-cookie') target.set(name, value)
  }
  for (const cookie of source.getSetCookie()) target.append('set-cookie', cookie)
}

/** One line for one name: of two, a browser would keep the last, and a proxy might keep the first. */
function putCookie(headers: Headers, name: string, line: string): void {
  const others = headers.getSetCookie().filter((other) => !other.startsWith(`${name}=`))
  headers.delete('set-cookie')
  for (const other of [...others, line]) headers.append('set-cookie', other)
}

function cookieOf(effect: Effect & { readonly type: 'set-cookie' | 'clear-cookie' }, { cookies }: HeaderPlan): string {
  const planned = plannedCookie(effect.name, cookies)
  if (effect.type === 'clear-cookie') return serializeCookie(effect.name, '', { ...planned.attributes, maxAge: 0 })
  const maxAge = effect.maxAge === undefined ? {} : { maxAge: effect.maxAge }
  return serializeCookie(effect.name, effect.value, { ...planned.attributes, ...maxAge })
}

function plannedCookie(name: string, cookies: CookiePlan | undefined): PlannedCookie {
  const planned = cookies && [cookies.access, cookies.refresh].find((cookie) => cookie.name === name)
  if (!planned) throw new TypeError('this effect is of another configuration: apply it with the auth that made it')
  return planned
}

/** The challenge of a refusal (RFC 6750 §3, RFC 9470 §3). */
function challengeOf(effect: Omit<ChallengeEffect, 'type'>, realm: string): string {
  const { error, description } = outwardAnswer(effect)
  return formatChallenge({
    realm,
    ...(error === undefined ? {} : { error }),
    ...(description === undefined ? {} : { description }),
    ...(effect.maxAge === undefined ? {} : { maxAge: effect.maxAge }),
  })
}

function mergeVary(headers: Headers, value: string): void {
  const present = (headers.get('vary') ?? '').split(',').map((name) => name.trim().toLowerCase())
  if (present.includes('*')) return
  for (const name of value.split(',').map((part) => part.trim())) {
    if (name !== '' && !present.includes(name.toLowerCase())) headers.append('vary', name)
  }
}

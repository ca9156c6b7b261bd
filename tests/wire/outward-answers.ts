/**
 * The table "Outward answers": what is said of each refusal, and the credentials that are refused.
 * @module
 */
import { expect } from 'vitest'
import { readCookieLine, removes } from './cookie-line.ts'
import type { Answer } from './exchange.ts'
import { expectProblem, type Refusal } from './expectations.ts'
import type { StrategyName } from './served-auth.ts'
import type { Wire } from './wire.ts'

/** The answers of the table; `B` is the challenge with nothing but its realm. */
const answers = {
  unauthenticated: { status: 401, code: 'unauthenticated', challenge: 'B' },
  'invalid token': { status: 401, code: 'invalid_token', challenge: 'B, error="invalid_token", error_description="invalid_token"' },
  'invalid request': { status: 400, code: 'invalid_request', challenge: 'B, error="invalid_request"', error: 'invalid_request' },
  ambiguous: { status: 401, code: 'ambiguous_credential', challenge: 'B' },
  'token expired': { status: 401, code: 'token_expired', challenge: 'B, error="invalid_token", error_description="token_expired"' },
  'step up': { status: 401, code: 'step_up_required', challenge: 'B, error="insufficient_user_authentication"' },
  stale: { status: 401, code: 'step_up_required', challenge: 'B, error="insufficient_user_authentication", max_age="300"' },
  'invalid grant': { status: 400, code: 'invalid_grant', error: 'invalid_grant' },
  'nothing to refresh': { status: 400, code: 'invalid_request', error: 'invalid_request' },
  'invalid credentials': { status: 401, code: 'invalid_credentials', challenge: 'B' },
} as const satisfies Record<string, Refusal> // biome-ignore format: a table

export type AnswerName = keyof typeof answers

/** A row of the table, as this server says it. */
export function expected(name: AnswerName, { host }: Wire): Refusal {
  const refusal: Refusal = answers[name]
  return refusal.challenge === undefined
    ? refusal
    : { ...refusal, challenge: refusal.challenge.replace('B', `Bearer realm="${host}"`) }
}

/** Well-formed, of nobody. */
const id = 'A'.repeat(16)
export const unknownSession = `hss1.${id}.${'A'.repeat(43)}`
export const unknownRefresh = `hsr1.${id}.${'A'.repeat(91)}`

/** Texts that cannot be one of our credentials, each beside the form that could. */
export const malformed = [
  'x',
  'undefined',
  'hss1.',
  unknownSession.slice(0, -1),
  `${unknownSession}A`,
  unknownSession.replace('hss1', 'hss2'),
  unknownSession.replace('hss1', 'HSS1'),
  `${unknownSession.slice(0, -1)}B`,
  unknownSession.replace('.', '..'),
  'a.b',
  'a.b.c.d',
  '..',
  'eyJhbGciOiJFUzI1NiJ9..',
]

/** Every legal pair. */
export const pairs: readonly { readonly strategy: StrategyName; readonly transport: 'cookie' | 'bearer' | 'split' }[] =
  [
    { strategy: 'session', transport: 'cookie' },
    { strategy: 'session', transport: 'bearer' },
    { strategy: 'token', transport: 'cookie' },
    { strategy: 'token', transport: 'bearer' },
    { strategy: 'token+store', transport: 'cookie' },
    { strategy: 'token+store', transport: 'bearer' },
    { strategy: 'hybrid', transport: 'cookie' },
    { strategy: 'hybrid', transport: 'bearer' },
    { strategy: 'hybrid', transport: 'split' },
  ]

/** A refresh refused for good: 400, and the browser holds nothing any more. */
export function expectGone(answer: Answer, transport: string, wire: Wire): void {
  expectProblem(answer, expected('invalid grant', wire))
  const cleared = answer.setCookies.map(readCookieLine)
  expect(cleared.every(removes)).toBe(true)
  expect(cleared.length > 0).toBe(transport !== 'bearer')
}

/** Nobody is signed in, and what the browser holds is dead. */
export function expectNobody(answer: Answer, transport: string): void {
  expect([answer.status, answer.json]).toEqual([200, { session: null }])
  expect(answer.header('cache-control')).toBe('private, no-store')
  const cleared = answer.setCookies.map(readCookieLine)
  expect(cleared.every(removes)).toBe(true)
  expect(cleared.length > 0).toBe(transport !== 'bearer')
}

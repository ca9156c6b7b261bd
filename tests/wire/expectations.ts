/**
 * What a refusal must be, whole: status, code, media type, caching, challenge, cookies.
 * @module
 */
import { problemType } from '@handstamp/core/wire'
import { expect } from 'vitest'
import type { Answer } from './exchange.ts'

export interface Refusal {
  readonly status: number
  readonly code: string
  /** `WWW-Authenticate`; none unless set. */
  readonly challenge?: string
  /** OAuth's name in the body (RFC 6749 §5.2). */
  readonly error?: string
}

/** Everything but the cookies. */
export function expectProblem(answer: Answer, { status, code, challenge, error }: Refusal): void {
  const { title, ...body } = answer.json as { readonly title?: unknown }
  expect({ ...body, challenge: answer.header('www-authenticate') }).toEqual({
    type: 'about:blank',
    status,
    code,
    challenge: challenge ?? null,
    ...(error === undefined ? {} : { error }),
  })
  expect(title).toEqual(expect.any(String))
  expect(answer.status).toBe(status)
  expect(answer.header('content-type')).toBe(problemType)
  expect(answer.header('cache-control')).toMatch(/^(?:private, )?no-store$/)
  expect(varied(answer)).toContain('origin')
}

/** A refusal that touches no cookie. */
export function expectRefusal(answer: Answer, refusal: Refusal): void {
  expectProblem(answer, refusal)
  expect(answer.setCookies).toEqual([])
}

/** The names in `Vary`, in lower case. */
export function varied(answer: Answer): readonly string[] {
  return (answer.header('vary') ?? '').split(',').map((name) => name.trim().toLowerCase())
}

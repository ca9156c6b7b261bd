/**
 * A cache between a server and everybody who asks it, as a CDN is: it keeps what it may, and some keep more.
 * @module
 */
import { expect } from 'vitest'
import type { Answer, Header, Question } from '../../wire/exchange.ts'
import { newVisitor, type Visitor } from '../../wire/visitor.ts'
import type { Wire } from '../../wire/wire.ts'

/** `obedient`: RFC 9111; `greedy`: keeps all that is not `no-store`; `deaf`: keeps all, and knows nothing but Vary. */
export type Manner = 'obedient' | 'greedy' | 'deaf'

export interface Cache {
  /** As the visitor, through the cache. */
  ask(visitor: Visitor, target: string): Promise<{ readonly answer: Answer; readonly hit: boolean }>
}

interface Kept {
  readonly asked: Question
  readonly answer: Answer
}

export function cacheBefore(wire: Wire, manner: Manner): Cache {
  const kept: Kept[] = []
  return {
    async ask(visitor, target) {
      const question = { method: 'GET', target, headers: visitor.credentials() }
      const found = kept.find(({ asked, answer }) => asked.target === target && sameKey(asked, question, answer))
      if (found !== undefined) return { answer: found.answer, hit: true }
      const answer = await wire.ask(question)
      if (mayKeep(answer, manner)) kept.push({ asked: question, answer })
      return { answer, hit: false }
    },
  }
}

function mayKeep(answer: Answer, manner: Manner): boolean {
  const directives = (answer.header('cache-control') ?? '').split(',').map((part) => part.trim())
  if (manner === 'deaf') return true
  if (directives.includes('no-store')) return false
  return manner === 'greedy' || (directives.includes('public') && !directives.includes('private'))
}

/** RFC 9111 §4.1: the headers that Vary names were the same. */
function sameKey(asked: Question, now: Question, answer: Answer): boolean {
  const names = (answer.header('vary') ?? '').split(',').map((name) => name.trim().toLowerCase())
  if (names.includes('*')) return false
  return names.every((name) => valueOfHeader(asked, name) === valueOfHeader(now, name))
}

function valueOfHeader({ headers = [] }: Question, wanted: string): string {
  return headers
    .filter(([name]: Header) => name.toLowerCase() === wanted)
    .map(([, value]) => value)
    .join(', ')
}

/** What others get after this visitor: neither their name nor a cookie, and nothing from the cache that was theirs. */
export async function expectUnshared(cache: Cache, visitor: Visitor, other: Visitor, target: string): Promise<void> {
  const first = await cache.ask(visitor, target)
  const personal = first.answer.status === 200
  const nobody = await cache.ask(newVisitor(visitor.wire, visitor.transport), target)
  const second = await cache.ask(other, target)
  for (const { answer, hit } of [nobody, second]) {
    expect([answer.text.includes('"ada"'), answer.setCookies]).toEqual([false, []])
    if (personal) expect(hit).toBe(false)
  }
  if (first.answer.text.includes('"ada"')) expect(second.answer.text).toContain('"grace"')
}

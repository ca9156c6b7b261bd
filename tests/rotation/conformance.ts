/**
 * Holds every single move of a refresh to the protocol: given what it just saw, what must it ask or answer next?
 * @module
 */
import type { SessionRecord } from '@handstamp/core/session'
import { times } from './config.ts'
import type { Call } from './parking-lot.ts'
import { hashOf, idOf, readToken, successorOf, type Token, verdictOf, writeToken } from './reference.ts'
import { describe } from './story.ts'
import { Violation } from './watch.ts'
import type { Operation, World } from './world.ts'

type Asked = Pick<Call<Operation>, 'method' | 'args'>

/** Judges what a refresh did after a call was answered: it ended, or waits with `next`. Throws {@link Violation} `protocol`. */
export function checkMove(
  world: World,
  operation: Operation,
  answered: Asked & { readonly value: unknown },
  next: Asked | undefined,
): void {
  const problem = problemOf(world, operation, answered, next)
  if (problem === undefined) return
  const did = next ? `asked ${next.method}` : `was ${describe(operation.outcome)}`
  const { kind, number } = operation
  throw new Violation('protocol', `${kind} ${number}, after ${answered.method}: ${problem}, but it ${did}`)
}

function problemOf(
  { forgiven, came }: World,
  operation: Operation,
  answered: Asked & { readonly value: unknown },
  next: Asked | undefined,
): string | undefined {
  const { found, outcome, server, lost } = operation
  const token = readToken(operation.presented ?? '')
  const record = found?.value?.record
  const live = record?.rotation

  if (answered.method === 'delete') return refusal('reused')
  if (answered.method === 'replace') {
    const written = (answered.args[2] as SessionRecord).rotation
    if (answered.value === true) return answer((given) => hashOf(given) === written?.cur)
    came(lost < 4 ? 'swap lost' : 'conflict')
    return lost < 4 ? call('find') : failure('ERR_STORE_CONFLICT')
  }

  const verdict = verdictOf(record, token, found?.now ?? 0, forgiven)
  came(verdict)
  switch (verdict) {
    case 'unknown':
    case 'ahead':
      return refusal('unknown')
    case 'expired':
      return refusal('expired')
    case 'reuse':
      return call('delete')
    case 'young':
      return answer((given) => writeToken(given) === operation.presented)
    case 'replay': {
      const key = server.keys.get(live?.kid ?? '')
      if (key === undefined) {
        came('key unavailable')
        return failure('ERR_KEY_UNAVAILABLE')
      }
      const made = writeToken(successorOf(token, key, live?.salt ?? ''))
      return answer((given) => writeToken(given) === made)
    }
    case 'rotate':
      return call('replace') ?? (record && rotation(record, next?.args as [string, number, SessionRecord]))
  }

  function call(method: string): string | undefined {
    return next?.method === method && next.args[0] === idOf(token) ? undefined : `${method} must come next`
  }

  function refusal(reason: string): string | undefined {
    return outcome?.is === 'refused' && outcome.reason === reason ? undefined : `it must be refused as ${reason}`
  }

  function failure(code: string): string | undefined {
    return outcome?.is === 'failed' && outcome.code === code ? undefined : `it must fail with ${code}`
  }

  function answer(isLive: (given: Token) => boolean): string | undefined {
    const text = outcome?.is === 'granted' ? outcome.grant.refresh : undefined
    return text !== undefined && isLive(readToken(text)) ? undefined : 'it must answer the live token'
  }

  /** The record that is written: the next generation, seen now, and nothing else changed. */
  function rotation(before: SessionRecord, [, version, written]: [string, number, SessionRecord]): string | undefined {
    const { kid } = server
    const key = server.keys.get(kid)
    const salt = written.rotation?.salt ?? ''
    if (key === undefined || Buffer.from(salt, 'base64url').length !== 32) return 'its salt must be 32 bytes'
    const now = found?.now ?? 0
    const expected: SessionRecord = {
      ...before,
      lastSeenAt: Math.max(now, before.lastSeenAt),
      idleUntil: Math.max(before.idleUntil, Math.min(now + times.idle, before.expiresAt)),
      rotation: {
        g: token.g + 1,
        cur: hashOf(successorOf(token, key, salt)),
        prev: live?.cur ?? null,
        salt,
        kid,
        rotatedAt: Math.max(now, live?.rotatedAt ?? 0),
      },
    }
    if (version !== found?.value?.version) return 'it must name the version that it read'
    for (const field of new Set([...Object.keys(expected), ...Object.keys(written)]) as Set<keyof SessionRecord>) {
      const [wanted, given] = [JSON.stringify(expected[field]), JSON.stringify(written[field])]
      if (wanted !== given) return `it must write ${field} ${wanted} and not ${given}`
    }
    return undefined
  }
}

/**
 * Owns how a schedule is told: operations, outcomes and answers of the store in a few words, without any credential.
 * @module
 */
import type { SessionRecord } from '@handstamp/core/session'
import { readToken } from './reference.ts'
import type { Operation, Outcome } from './world.ts'

export function nameOf({ number, kind }: Operation): string {
  return `${kind} ${number}`
}

/** The middle of a session's id is enough to tell it from the others. */
export function shortId(id: string): string {
  return id.slice(17, 23)
}

export function describe(outcome: Outcome | undefined): string {
  switch (outcome?.is) {
    case 'granted': {
      const { id, refresh } = outcome.grant
      const generation = refresh?.startsWith('hsr1.') ? ` generation ${readToken(refresh).g}` : ''
      return `granted session ${shortId(id)}${generation}`
    }
    case 'refused':
      return `refused, ${outcome.reason}`
    case 'failed':
      return `failed, ${outcome.code}`
    case 'done':
      return 'done'
    case 'broken':
      return 'broken'
    case undefined:
      return 'open'
  }
}

/** The answer of a store. */
export function short(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  const { record, sessions, epoch } = value as { record?: SessionRecord; sessions?: readonly object[]; epoch?: number }
  if (record) return `session ${shortId(record.id)} generation ${record.rotation?.g ?? '-'} version ${record.version}`
  if (sessions) return `${sessions.length} sessions, epoch ${epoch ?? 'none'}`
  return epoch === undefined ? 'somebody' : `epoch ${epoch}`
}

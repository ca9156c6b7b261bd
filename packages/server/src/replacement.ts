/**
 * Owns what a write to an existing session can change, for every store that merges in its own code.
 * @module
 */
import type { SessionRecord } from '@handstamp/core/session'

/**
 * Answers the record to write in place of the old one: user, creation and absolute expiry stay, last seen and idle
 * expiry never go back, everything else is the new one's.
 *
 * @example
 * ```ts
 * const next = replacementOf(found.record, { ...found.record, lastSeenAt: now })
 * ```
 */
export function replacementOf(old: SessionRecord, record: SessionRecord): SessionRecord {
  return {
    ...record,
    userId: old.userId,
    createdAt: old.createdAt,
    expiresAt: old.expiresAt,
    lastSeenAt: Math.max(old.lastSeenAt, record.lastSeenAt),
    idleUntil: Math.max(old.idleUntil, record.idleUntil),
  }
}

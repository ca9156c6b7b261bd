/**
 * What a row keeps of a session. What a statement compares or keeps has a column of its own, the rest is JSON, so that
 * no statement has to understand any. All text is ASCII: no connection's character set can change it, nor NUL end it.
 * @module
 */
import { AuthError } from '@handstamp/core/errors'
import { type SessionRecord, sessionExpiry } from '@handstamp/core/session'
import { frozenJson } from '../../json-value.ts'
import type { Found } from '../store.ts'
import type { SqlValue } from './database.ts'

/** The record as columns, in the order in which they are inserted. */
export interface Written {
  readonly epoch: number
  readonly createdAt: number
  readonly lastSeenAt: number
  readonly idleUntil: number
  readonly expiresAt: number
  readonly endsAt: number
  readonly userId: string
  readonly record: string
}

/** MEDIUMTEXT of MySQL, which may cut off what is longer. */
const longest = 16_777_215

/** @throws AuthError ERR_CLAIMS_INVALID | ERR_STORE_LIMIT */
export function write(given: SessionRecord): Written {
  const {
    id: _,
    version: _v,
    userId,
    epoch,
    createdAt,
    lastSeenAt,
    idleUntil,
    expiresAt,
    ...rest
  } = frozenJson(given, 'record')
  const record = ascii(JSON.stringify(rest))
  if (record.length > longest) throw new AuthError('ERR_STORE_LIMIT', 'a record is longer than 16 MB')
  const endsAt = sessionExpiry({ expiresAt, idleUntil })
  return { epoch, createdAt, lastSeenAt, idleUntil, expiresAt, endsAt, userId: encodeURIComponent(userId), record }
}

/** Damaged, or not ours: a record without anything, for the reader to refuse. Numbers come as text from some drivers. */
export function read(id: string, row: Readonly<Record<string, unknown>>): Found {
  const version = Number(row.version)
  const fields = parse(row.user_id, row.record)
  if (fields === undefined) return { record: { id } as SessionRecord, version }
  const times = {
    epoch: Number(row.epoch),
    createdAt: Number(row.created_at),
    lastSeenAt: Number(row.last_seen_at),
    idleUntil: Number(row.idle_expires_at),
    expiresAt: Number(row.expires_at),
  }
  return { record: { ...fields, ...times, id, version } as SessionRecord, version }
}

export function valuesOf(written: Written): readonly SqlValue[] {
  const { epoch, createdAt, lastSeenAt, idleUntil, expiresAt, endsAt, userId, record } = written
  return [epoch, createdAt, lastSeenAt, idleUntil, expiresAt, endsAt, userId, record]
}

function ascii(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function parse(userId: unknown, json: unknown): object | undefined {
  try {
    const value: unknown = JSON.parse(json as string)
    const isObject = typeof value === 'object' && value !== null
    return isObject ? { ...value, userId: decodeURIComponent(userId as string) } : undefined
  } catch {
    return undefined
  }
}

/**
 * What Redis keeps of a session: `1:<version>:<epoch>:<createdAt>:<expiresAt>:<lastSeenAt>:<idleUntil>:<user id>:<json>`.
 * What a script compares or keeps stands before the JSON, so that no script has to understand any.
 * @module
 */
import type { SessionRecord } from '@handstamp/core/session'
import type { Found } from '../store.ts'

/** The record as text; the version is the script's to put in its place. */
export interface Written {
  readonly epoch: string
  readonly createdAt: string
  readonly expiresAt: string
  readonly lastSeenAt: string
  readonly idleUntil: string
  readonly userId: string
  readonly json: string
}

export function write(record: SessionRecord): Written {
  const { id: _, version: _v, userId, epoch, createdAt, expiresAt, lastSeenAt, idleUntil, ...rest } = record
  return {
    epoch: String(epoch),
    createdAt: String(createdAt),
    expiresAt: String(expiresAt),
    lastSeenAt: String(lastSeenAt),
    idleUntil: String(idleUntil),
    userId: encodeURIComponent(userId),
    json: JSON.stringify(rest),
  }
}

const pattern = /^1:(\d+):(\d+):([\d.]+):([\d.]+):([\d.]+):([\d.]+):([^:]*):/

/** Of another layout, or damaged: a record without anything, for the reader to refuse. */
export function read(id: string, value: string): Found {
  const head = pattern.exec(value)
  const fields = head === null ? undefined : parse(head[7] ?? '', value.slice(head[0].length))
  if (head === null || fields === undefined) return { record: { id } as SessionRecord, version: 0 }
  const [version = 0, epoch, createdAt, expiresAt, lastSeenAt, idleUntil] = head.slice(1, 7).map(Number)
  const times = { epoch, createdAt, expiresAt, lastSeenAt, idleUntil }
  return { record: { ...fields, ...times, id, version } as SessionRecord, version }
}

function parse(userId: string, json: string): object | undefined {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'object' && value !== null ? { ...value, userId: decodeURIComponent(userId) } : undefined
  } catch {
    return undefined
  }
}

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
  const [head = '', version, epoch, createdAt, expiresAt, lastSeenAt, idleUntil, userId = ''] =
    pattern.exec(value) ?? []
  try {
    const fields: unknown = head === '' ? undefined : JSON.parse(value.slice(head.length))
    if (typeof fields === 'object' && fields !== null) {
      const record = {
        ...fields,
        id,
        version: Number(version),
        userId: decodeURIComponent(userId),
        epoch: Number(epoch),
        createdAt: Number(createdAt),
        expiresAt: Number(expiresAt),
        lastSeenAt: Number(lastSeenAt),
        idleUntil: Number(idleUntil),
      }
      return { record: record as unknown as SessionRecord, version: record.version }
    }
  } catch {}
  return { record: { id } as SessionRecord, version: 0 }
}

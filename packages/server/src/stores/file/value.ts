/**
 * What a file keeps of a user: `handstamp/1 <epoch> <last version> <written at>`, a line `<digest> <version> <json>` for
 * each session, and `end`, by which a file that was cut off is told from a whole one.
 * @module
 */
import { handleOf } from '@handstamp/core/credential'
import { isExpired, type SessionRecord, sessionExpiry } from '@handstamp/core/session'
import type { Found } from '../store.ts'

/** One session as it is kept: a line that does not change is carried over as it was. */
export interface Kept {
  readonly version: number
  readonly json: string
}

/** A user as kept. Versions count on over all of a user's sessions, so that none comes twice in the life of a file. */
export interface User {
  readonly epoch: number
  readonly lastVersion: number
  readonly writtenAt: number
  readonly sessions: ReadonlyMap<string, Kept>
}

const head = /^handstamp\/1 (\d{1,16}) (\d{1,16}) (\d{1,16})\n/
const end = '\nend\n'

export function digestOf(id: string): string {
  return id.slice(handleOf(id).length + 1)
}

export function write({ epoch, lastVersion, writtenAt, sessions }: User): string {
  const lines = Array.from(sessions, ([digest, { version, json }]) => `\n${digest} ${version} ${json}`)
  return `handstamp/1 ${epoch} ${lastVersion} ${Math.ceil(writtenAt)}${lines.join('')}${end}`
}

/** Undefined for what is damaged, or of another layout. */
export function read(text: string): User | undefined {
  const parts = headOf(text)
  if (parts === undefined) return undefined
  const lines = text.slice(parts.length, -'end\n'.length).split('\n').slice(0, -1)
  const sessions = new Map<string, Kept>()
  for (const line of lines) {
    const [digest = '', version = ''] = line.split(' ', 2)
    sessions.set(digest, { version: Number(version), json: line.slice(digest.length + version.length + 2) })
  }
  return { ...parts.user, sessions }
}

/** The session out of the text of a user, of which no other line is looked at. */
export function findIn(text: string, id: string): Found | undefined {
  const parts = headOf(text)
  if (parts === undefined) return unreadable(id)
  const before = `\n${digestOf(id)} `
  // No text in JSON holds a line break as it is, so this can only be the beginning of a line.
  const at = text.indexOf(before)
  if (at === -1) return undefined
  const line = text.slice(at + before.length, text.indexOf('\n', at + 1))
  const [version = ''] = line.split(' ', 1)
  return foundIn(id, parts.user.epoch, { version: Number(version), json: line.slice(version.length + 1) })
}

/** A damaged one is a record without anything, for the reader to refuse. */
function foundIn(id: string, epoch: number, { version, json }: Kept): Found {
  const fields = parse(json)
  return Number.isSafeInteger(version) && fields !== undefined
    ? { record: { ...fields, id, version, epoch } as SessionRecord, version }
    : unreadable(id)
}

/** The parts of a record that a line keeps. The epoch is the user's: a record of another one is in no file. */
export function jsonOf(record: SessionRecord): string {
  const { id: _, version: _v, epoch: _e, ...rest } = record
  return JSON.stringify(rest)
}

/** All of a user's sessions by digest, each as kept and as read. */
export function sessionsIn(user: User | undefined, handle: string): ReadonlyMap<string, Kept & Found> {
  const sessions = new Map<string, Kept & Found>()
  for (const [digest, kept] of user?.sessions ?? []) {
    const id = `${handle}.${digest}`
    sessions.set(digest, { ...foundIn(id, user?.epoch ?? 0, kept), json: kept.json })
  }
  return sessions
}

/** One that cannot be read is the reader's to report. */
export function isShown({ record }: Found, now: number): boolean {
  return record.v !== 1 || !isExpired(record, now)
}

/** One whose expiry cannot be read is past. */
export function isPast({ record }: Found, now: number): boolean {
  return !(sessionExpiry(record) > now)
}

function headOf(text: string): { readonly length: number; readonly user: Omit<User, 'sessions'> } | undefined {
  const parts = text.endsWith(end) ? head.exec(text) : null
  if (parts === null) return undefined
  const [epoch = 0, lastVersion = 0, writtenAt = 0] = parts.slice(1).map(Number)
  return { length: parts[0].length, user: { epoch, lastVersion, writtenAt } }
}

function unreadable(id: string): Found {
  return { record: { id } as SessionRecord, version: 0 }
}

function parse(json: string): object | undefined {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

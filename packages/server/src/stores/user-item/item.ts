/**
 * All that is kept of one user as one text, for stores that can change one value and no more: what a text says, and what
 * each write makes of it.
 * @module
 */
import { handleOf } from '@handstamp/core/credential'
import { isExpired, type SessionRecord, sessionExpiry } from '@handstamp/core/session'
import { frozenJson } from '../../json-value.ts'
import { replacementOf } from '../../replacement.ts'
import { epochAt, type Saved, type SaveOptions } from '../store.ts'

export interface UserItem {
  readonly handle: string
  readonly epoch: number
  /** The version given last, of any session: none is given twice while the item stands. */
  readonly version: number
  /** When the item may go. */
  readonly keptUntil: number
  readonly sessions: readonly SessionRecord[]
}

/** What a write answers, and the item it leaves; without one nothing is written. */
export interface Change<T> {
  readonly answer: T
  readonly item?: UserItem
}

/** Milliseconds by which an item outlives what it holds, since the clocks of server and store may differ. */
const margin = 60_000
/** How long an epoch is kept that no session stands under: for a sign-in that has read it, or its absence. */
const epochRests = 86_400_000
/** Before the JSON, so that no store in between takes the text for a value and hands out another one. */
const beginning = 'hs1:'

export function writeItem(item: UserItem): string {
  return beginning + JSON.stringify(item)
}

/** Undefined where the text is damaged or another user's. */
export function readItem(handle: string, text: string): UserItem | undefined {
  if (!text.startsWith(beginning)) return undefined
  try {
    const item: unknown = JSON.parse(text.slice(beginning.length))
    return isItem(item) && item.handle === handle ? item : undefined
  } catch {
    return undefined
  }
}

function isItem(value: unknown): value is UserItem {
  if (typeof value !== 'object' || value === null) return false
  const { handle, epoch, version, keptUntil, sessions } = value as { readonly [F in keyof UserItem]: unknown }
  if (typeof handle !== 'string' || !Array.isArray(sessions)) return false
  if (![epoch, version, keptUntil].every(Number.isSafeInteger)) return false
  return sessions.every((one) => typeof one?.id === 'string' && handleOf(one.id) === handle)
}

/** The sessions that live; one that cannot be read is the reader's to report. */
export function liveIn(item: UserItem | undefined, now: number): readonly SessionRecord[] {
  if (item === undefined) return []
  return item.sessions.filter((one) => one.v !== 1 || (one.epoch === item.epoch && !isExpired(one, now)))
}

export function saveIn(
  item: UserItem | undefined,
  id: string,
  record: SessionRecord,
  { epoch, cap, full, now }: SaveOptions & { readonly now: number },
): Change<Saved> {
  if (item?.epoch !== epoch || (epoch !== undefined && record.epoch !== epoch)) return { answer: 'epoch' }
  const live = liveIn(item, now)
  if (live.some((one) => one.id === id)) return { answer: 'exists' }
  if (full === 'refuse' && live.length >= cap) return { answer: 'full' }
  const version = (item?.version ?? 0) + 1
  const kept = mostRecent(live, cap - 1)
  const head = { handle: handleOf(id), epoch: record.epoch, version }
  return { answer: 'saved', item: itemOf(head, [...kept, numbered(record, id, version)], now) }
}

export function replaceIn(
  item: UserItem | undefined,
  id: string,
  record: SessionRecord,
  { version: expected, as, now }: { readonly version: number; readonly as: string; readonly now: number },
): Change<boolean> {
  const live = liveIn(item, now)
  const old = live.find((one) => one.id === id)
  if (item === undefined || old?.version !== expected || record.epoch !== item.epoch) return { answer: false }
  if (as !== id && live.some((one) => one.id === as)) return { answer: false }
  const version = item.version + 1
  const next = numbered(replacementOf(old, record), as, version)
  const sessions = live.map((one) => (one === old ? next : one))
  return { answer: true, item: itemOf({ ...item, version }, sessions, now) }
}

export function deleteIn(item: UserItem | undefined, id: string, now: number): Change<boolean> {
  const live = liveIn(item, now)
  const left = live.filter((one) => one.id !== id)
  if (item === undefined || left.length === live.length) return { answer: false }
  return { answer: true, item: itemOf(item, left, now) }
}

export function deleteAllIn(
  item: UserItem | undefined,
  handle: string,
  except: string | undefined,
  now: number,
): Change<{ readonly epoch: number }> {
  const epoch = Math.max(epochAt(now), (item?.epoch ?? 0) + 1)
  const version = (item?.version ?? 0) + 1
  const kept = liveIn(item, now).filter((one) => one.id === except)
  const sessions = kept.map((one) => numbered({ ...one, epoch }, one.id, version))
  return { answer: { epoch }, item: itemOf({ handle, epoch, version }, sessions, now) }
}

/** Takes away up to `limit` sessions that expired before; without an item nothing of it is worth keeping. */
export function pruneIn(
  item: UserItem,
  { before, limit }: { readonly before: number; readonly limit: number },
): { readonly removed: number; readonly item: UserItem | undefined } {
  const expired = new Set(item.sessions.filter((one) => sessionExpiry(one) < before).slice(0, limit))
  const sessions = item.sessions.filter((one) => !expired.has(one))
  const isOver = sessions.length === 0 && item.keptUntil < before
  return { removed: expired.size, item: isOver ? undefined : { ...item, sessions } }
}

function itemOf(
  { handle, epoch, version }: Pick<UserItem, 'handle' | 'epoch' | 'version'>,
  sessions: readonly SessionRecord[],
  now: number,
): UserItem {
  const last = Math.max(now + epochRests, ...sessions.map(sessionExpiry).filter(Number.isFinite))
  return { handle, epoch, version, keptUntil: Math.ceil(last + margin), sessions }
}

function numbered(record: SessionRecord, id: string, version: number): SessionRecord {
  return frozenJson({ ...record, id, version }, 'record')
}

/** In their order; of those idle equally long the first goes. */
function mostRecent(sessions: readonly SessionRecord[], count: number): readonly SessionRecord[] {
  const byUse = [...sessions].sort((one, other) => one.lastSeenAt - other.lastSeenAt)
  const kept = new Set(byUse.slice(Math.max(0, sessions.length - count)))
  return sessions.filter((one) => kept.has(one))
}

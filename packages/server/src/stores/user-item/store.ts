/**
 * The methods of a session store over one text for each user.
 * @module
 */
import type { Clock } from '@handstamp/core/clock'
import { handleOf, isSessionId } from '@handstamp/core/credential'
import { AuthError } from '@handstamp/core/errors'
import type { SessionRecord } from '@handstamp/core/session'
import type { Found, SessionStore } from '../store.ts'
import {
  type Change,
  deleteAllIn,
  deleteIn,
  liveIn,
  readItem,
  replaceIn,
  saveIn,
  type UserItem,
  writeItem,
} from './item.ts'

/** The text to put in place, and when it may go. */
export interface NextText {
  readonly text: string
  readonly keptUntil: number
}

/** What a store of one text for each user does by itself. */
export interface UserTexts {
  /** Undefined only where there is none. */
  read(handle: string): Promise<string | undefined>
  /** One step: none comes between what `make` is given and what it leaves. It may be asked again. */
  change<T>(handle: string, make: Make<T>): Promise<T>
  readonly sweep: SessionStore['sweep']
}

/** Makes the next text of the present one; undefined: it stays. */
export type Make<T> = (text: string | undefined) => { readonly answer: T; readonly next: NextText | undefined }

export interface UserItemOptions {
  readonly clock: Clock
  /** Sessions of a user at most; the cap given to `save` may be less. */
  readonly maxSessions: number
  /** The longest text, in bytes. */
  readonly maxBytes: number
}

export function userItemStore(texts: UserTexts, { clock, maxSessions, maxBytes }: UserItemOptions): SessionStore {
  function change<T>(
    handle: string,
    make: (item: UserItem | undefined, now: number, text: string | undefined) => Change<T>,
  ): Promise<T> {
    return texts.change(checkedHandle(handle), (text) => {
      // A damaged item is none: nobody is signed in under it, and the next sign-in brings a later epoch.
      const { answer, item } = make(text === undefined ? undefined : readItem(handle, text), clock(), text)
      return { answer, next: item && { text: limited(writeItem(item), maxBytes), keptUntil: item.keptUntil } }
    })
  }

  return {
    async find(id) {
      if (!isSessionId(id)) return undefined
      const text = await texts.read(handleOf(id))
      if (text === undefined) return undefined
      const item = readItem(handleOf(id), text)
      if (item === undefined) return { record: { id } as SessionRecord, version: 0 }
      const record = liveIn(item, clock()).find((one) => one.id === id)
      return record && foundIn(record)
    },

    async save(id, record, options) {
      if (!isSessionId(id)) throw new TypeError('a session id is <handle>.<digest>')
      return change(handleOf(id), (item, now) =>
        saveIn(item, id, record, { ...options, cap: Math.min(options.cap, maxSessions), now }),
      )
    },

    async replace(id, version, record, { as = id } = {}) {
      if (!isSessionId(id) || !isSessionId(as) || handleOf(as) !== handleOf(id)) return false
      return change(handleOf(id), (item, now) => replaceIn(item, id, record, { version, as, now }))
    },

    async delete(id) {
      if (!isSessionId(id)) return false
      return change(handleOf(id), (item, now, text) => {
        // What a later version wrote and will read again: as one of them cannot be taken out, all of the user's end.
        if (item === undefined && text?.includes(id))
          return { ...deleteAllIn(item, handleOf(id), undefined, now), answer: false }
        return deleteIn(item, id, now)
      })
    },

    async listByUser(handle) {
      const text = await texts.read(checkedHandle(handle))
      const item = text === undefined ? undefined : readItem(handle, text)
      const sessions = liveIn(item, clock()).map((record) => ({ ...foundIn(record), id: record.id }))
      return { epoch: item?.epoch, sessions }
    },

    async deleteByUser(handle, { except } = {}) {
      return change(handle, (item, now) => deleteAllIn(item, handle, except, now))
    },

    sweep: texts.sweep,
  }
}

function foundIn(record: SessionRecord): Found {
  return { record, version: record.version }
}

/** A handle becomes part of a key. */
function checkedHandle(handle: string): string {
  if (!/^[\w-]{16}$/.test(handle)) throw new TypeError('a handle is the part of a session id before the dot')
  return handle
}

function limited(text: string, maxBytes: number): string {
  const bytes = new TextEncoder().encode(text).length
  if (bytes <= maxBytes) return text
  throw new AuthError(
    'ERR_STORE_LIMIT',
    `the session store: the sessions of one user take ${bytes} bytes together, and ${maxBytes} is the most: keep less of a user in a session`,
  )
}

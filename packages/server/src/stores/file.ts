/**
 * Keeps sessions in files of a directory: for one machine with a local disk, whose processes may share it.
 * @module
 */
import { type Clock, systemClock } from '@handstamp/core/clock'
import { handleOf, isSessionId } from '@handstamp/core/credential'
import { isExpired } from '@handstamp/core/session'
import { frozenJson } from '../json-value.ts'
import { checkNames } from '../option-names.ts'
import { replacementOf } from '../replacement.ts'
import { openDirectory } from './file/directory.ts'
import { answering } from './file/errors.ts'
import { sweepOf } from './file/sweep.ts'
import { digestOf, findIn, isPast, isShown, jsonOf, read, sessionsIn, type User } from './file/value.ts'
import { writesTo } from './file/writes.ts'
import { epochAt, type Saved, type SessionStore } from './store.ts'

export interface FileStoreOptions {
  /** A directory for sessions alone, on a local disk. It is made (0700) if there is none. */
  readonly directory: string
  /**
   * True by default: what was acknowledged is on the disk, and outlives a power cut. False is faster, and what was
   * acknowledged outlives the end of the process, however it ends, but not that of the machine.
   */
  readonly fsync?: boolean
  readonly clock?: Clock
}

/**
 * Answers a store that keeps one file for each user, so that whatever changes of a user changes in one rename: killed at
 * any instant, a process leaves the old file or the new one. A find reads that file and takes no lock. Files are
 * for their owner alone (0600).
 *
 * The processes may be several, on one machine, and see each other's ids: in one container, or in none. A lock that a
 * killed process left is taken over at once; one that stands still is waited for, and then the call fails. A worker
 * thread that is terminated while it writes leaves its user's lock until the process ends. Directories
 * that another machine may write to (NFS, SMB, 9p, FUSE …) are refused, and so is Windows, whose files keep none of these
 * promises. For several machines take `redisStore()`, for much traffic on one a database: SQLite writes less.
 *
 * Nothing expires by itself: call `sweep` now and then.
 *
 * @throws TypeError naming the option, and where the directory belongs to somebody else or others can write to it.
 *
 * @example
 * ```ts
 * import { fileStore } from '@handstamp/server/stores/file'
 *
 * const store = fileStore({ directory: 'data/sessions' })
 * ```
 */
export function fileStore(options: FileStoreOptions): SessionStore {
  checkNames(options, ['directory', 'fsync', 'clock'], 'fileStore()')
  const { directory: path, fsync = true, clock = systemClock } = options
  if (typeof path !== 'string' || path === '' || path.includes('\0'))
    throw new TypeError("fileStore({ directory }) is a path: write 'data/sessions'")
  if (typeof fsync !== 'boolean') throw new TypeError('fileStore({ fsync }) is true or false')
  if (process.platform === 'win32') throw new TypeError('fileStore() is not for Windows: take another store')
  const directory = openDirectory(path, fsync)
  const writes = writesTo(directory)
  const sweep = sweepOf(directory, writes, clock)

  return {
    find(id) {
      return answering(async () => {
        if (!isSessionId(id)) return undefined
        const text = await directory.read(directory.pathOf(handleOf(id)))
        const found = text === undefined ? undefined : findIn(text, id)
        return found !== undefined && isShown(found, clock()) ? found : undefined
      })
    },

    save(id, record, { epoch, cap, full }) {
      return answering(async () => {
        const handle = handleOf(checked(id))
        const json = jsonOf(frozenJson(record, 'record'))
        return writes.change<Saved>(handle, (user) => {
          if (user?.epoch !== epoch || (epoch !== undefined && record.epoch !== epoch)) return { answer: 'epoch' }
          const now = clock()
          const sessions = [...sessionsIn(user, handle)].filter(([, found]) => !isPast(found, now))
          if (sessions.some(([digest]) => digest === digestOf(id))) return { answer: 'exists' }
          if (full === 'refuse' && sessions.length >= cap) return { answer: 'full' }
          sessions.sort(([, one], [, other]) => one.record.lastSeenAt - other.record.lastSeenAt)
          const next = nextOf(user, record.epoch, now)
          const kept = sessions.slice(Math.max(0, sessions.length - cap + 1))
          const added = { version: next.lastVersion, json }
          return { answer: 'saved', next: { ...next, sessions: new Map([...kept, [digestOf(id), added]]) } }
        })
      })
    },

    replace(id, expectedVersion, record, { as = id } = {}) {
      return answering(async () => {
        if (!isSessionId(id) || !isSessionId(as) || handleOf(as) !== handleOf(id)) return false
        const given = frozenJson(record, 'record')
        return writes.change(handleOf(id), (user) => {
          const sessions = sessionsIn(user, handleOf(id))
          const old = sessions.get(digestOf(id))
          if (user === undefined || old?.record.v !== 1) return { answer: false }
          if (old.version !== expectedVersion || given.epoch !== user.epoch) return { answer: false }
          const now = clock()
          if (isExpired(old.record, now) || (as !== id && sessions.has(digestOf(as)))) return { answer: false }
          const next = nextOf(user, user.epoch, now)
          const kept = [...user.sessions].filter(([digest]) => digest !== digestOf(id))
          const moved = { version: next.lastVersion, json: jsonOf(replacementOf(old.record, given)) }
          return { answer: true, next: { ...next, sessions: new Map([...kept, [digestOf(as), moved]]) } }
        })
      })
    },

    delete(id) {
      return answering(async () => {
        if (!isSessionId(id)) return false
        const text = await directory.read(directory.pathOf(handleOf(id)))
        // What a later version wrote and will read again: as one of them cannot be taken out, all of the user's end.
        const isUnread = text !== undefined && read(text) === undefined && text.includes(digestOf(id))
        return writes.change(handleOf(id), (user) => {
          const old = sessionsIn(user, handleOf(id)).get(digestOf(id))
          const now = clock()
          if (user === undefined && isUnread)
            return { answer: false, next: { ...nextOf(user, epochAt(now), now), sessions: new Map() } }
          if (user === undefined || old === undefined) return { answer: false }
          const kept = [...user.sessions].filter(([digest]) => digest !== digestOf(id))
          const answer = old.record.v === 1 && !isExpired(old.record, now)
          return { answer, next: { ...nextOf(user, user.epoch, now), sessions: new Map(kept) } }
        })
      })
    },

    listByUser(handle) {
      return answering(async () => {
        const text = isHandle(handle) ? await directory.read(directory.pathOf(handle)) : undefined
        const user = text === undefined ? undefined : read(text)
        const now = clock()
        const shown = [...sessionsIn(user, handle)].filter(([, found]) => isShown(found, now))
        const sessions = shown.map(([digest, { record, version }]) => ({ record, version, id: `${handle}.${digest}` }))
        return { epoch: user?.epoch, sessions }
      })
    },

    deleteByUser(handle, { except } = {}) {
      return answering(async () => {
        if (!isHandle(handle)) throw new TypeError('a handle is the beginning of a session id')
        return writes.change(handle, (user) => {
          const now = clock()
          const epoch = Math.max(epochAt(now), (user?.epoch ?? 0) + 1)
          const next = nextOf(user, epoch, now)
          const kept = [...sessionsIn(user, handle)].filter(
            ([, { record }]) => record.id === except && record.v === 1 && !isExpired(record, now),
          )
          const risen = kept.map(([digest, { json }]) => [digest, { version: next.lastVersion, json }] as const)
          return { answer: { epoch }, next: { ...next, sessions: new Map(risen) } }
        })
      })
    },

    sweep(batch) {
      return answering(() => sweep(batch))
    },
  }
}

/** The user as the next write leaves it, but for the sessions. */
function nextOf(user: User | undefined, epoch: number, now: number): Omit<User, 'sessions'> {
  return { epoch, lastVersion: (user?.lastVersion ?? 0) + 1, writtenAt: Math.max(user?.writtenAt ?? 0, now) }
}

function isHandle(text: string): boolean {
  return isSessionId(`${text}.${'A'.repeat(43)}`)
}

function checked(id: string): string {
  if (!isSessionId(id)) throw new TypeError('a session id is <handle>.<digest>')
  return id
}

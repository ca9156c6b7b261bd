/**
 * Keeps sessions in any store of express-session, that the application brings.
 * @module
 */
import { type Clock, systemClock } from '@handstamp/core/clock'
import { checkNames } from '../option-names.ts'
import type { BridgedStore } from './store.ts'
import { oneByOne } from './user-item/bridge.ts'
import { createQueue } from './user-item/queue.ts'
import { type NextText, userItemStore } from './user-item/store.ts'

/** What is asked of a store of express-session. */
export interface ExpressSessionStoreLike {
  get(sid: string, callback: (error: unknown, session?: unknown) => void): unknown
  set(sid: string, session: object, callback: (error?: unknown) => void): unknown
}

export interface ExpressSessionStoreOptions {
  /** `new RedisStore({ client })` of connect-redis, or any other. */
  readonly store: ExpressSessionStoreLike
  readonly clock?: Clock
}

/**
 * Answers a store that keeps all of a user's sessions in what express-session takes for one, under
 * `handstamp-<handle in hexadecimal>`. Such a store can read and write, and not compare and swap. So one process keeps the
 * contract of stores. With several, the last write to a user holds: a sign-out can be undone by a touch elsewhere, and
 * caps are exceeded. `hybrid()` refuses this store; where several processes share sessions, take a store of its own for them.
 *
 * When a session may go is said by `cookie.expires`, as express-session does. A store that has a limit of its own, as
 * session-file-store's `ttl` of an hour, signs out whoever comes later.
 *
 * @throws TypeError naming the option.
 *
 * @example
 * ```ts
 * import { expressSessionStore } from '@handstamp/server/stores/express-session'
 * declare const store: import('@handstamp/server/stores/express-session').ExpressSessionStoreLike
 *
 * const sessions = expressSessionStore({ store })
 * ```
 */
export function expressSessionStore(options: ExpressSessionStoreOptions): BridgedStore {
  checkNames(options, ['store', 'clock'], 'expressSessionStore()')
  const { store: given, clock = systemClock } = options
  if (typeof given?.get !== 'function' || typeof given.set !== 'function')
    throw new TypeError(
      'expressSessionStore({ store }) must be a store of express-session: write new RedisStore({ client }) of connect-redis',
    )

  const store = userItemStore(
    {
      ...oneByOne(
        { read: (name) => read(`handstamp-${name}`), write: (name, next) => write(`handstamp-${name}`, next) },
        createQueue(),
      ),

      /** Such a store drops what expired by itself. */
      async sweep() {
        return { removed: 0, more: false }
      },
    },
    { clock, maxSessions: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY },
  )
  return { ...store, compareAndSwap: false }

  function read(sid: string): Promise<string | undefined> {
    return new Promise((resolve, reject) => {
      given.get(sid, (error, session) => {
        // So express-session itself takes it: some stores answer an absent file with its error.
        if (error && (error as { code?: unknown }).code !== 'ENOENT') return reject(error)
        if (error || session === undefined || session === null) return resolve(undefined)
        const { handstamp } = session as { handstamp?: unknown }
        resolve(typeof handstamp === 'string' ? handstamp : '')
      })
    })
  }

  function write(sid: string, { text, keptUntil }: NextText): Promise<void> {
    const maxAge = keptUntil - clock()
    const cookie = { path: '/', httpOnly: true, originalMaxAge: maxAge, maxAge, expires: new Date(keptUntil) }
    return new Promise((resolve, reject) => {
      given.set(sid, { cookie, handstamp: text }, (error) => (error ? reject(error) : resolve()))
    })
  }
}

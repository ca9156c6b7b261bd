/**
 * A store whose ends are told to the feed: first the fact, then the store, then the answer. What breaks off in between
 * leaves a session that caches and verifiers refuse, and a caller who saw an error; never one that is taken for ended and lives.
 * @module
 */
import type { Clock } from '@handstamp/core/clock'
import { handleOf } from '@handstamp/core/credential'
import { AuthError, isAuthError, safeCause } from '@handstamp/core/errors'
import type { SessionRecord } from '@handstamp/core/session'
import { deadlines, inTime } from './deadlines.ts'
import type { ChangeFeed, Fact } from './feeds/feed.ts'
import type { Found, Saved, SaveOptions, SessionStore } from './stores/store.ts'

export interface PublishingOptions {
  readonly clock: Clock
  /** Milliseconds after its end during which a token or a cached record could still be shown, clocks' differences included. */
  readonly outlives: number
  /** Milliseconds that one append may take, and that a sign-in makes room again after others took what it had made. */
  readonly timeoutMs: number
}

/** What a delete found, if anything, and whether it ended it. */
export interface Deleted {
  readonly found: Found | undefined
  readonly ended: boolean
}

export interface PublishingStore extends SessionStore {
  /** Before the user in a record is rewritten: what was read of it up to this version goes out of date. */
  changing(id: string, version: number): Promise<void>
  /** Deletes by one read. `wasThere` is asked where the store has none: true where it has lost it, so that its end is told. */
  end(id: string, wasThere?: () => Promise<boolean>): Promise<Deleted>
}

/** The longest pause, in milliseconds, of who lost its room to another, so that they do not meet again. */
const longestPause = 32

/** Answers the store with its ends published. */
export function publishing(
  store: SessionStore,
  feed: Pick<ChangeFeed, 'append'>,
  { clock, outlives, timeoutMs }: PublishingOptions,
): PublishingStore {
  const limits = deadlines(timeoutMs)
  const turns = new Map<string, Promise<unknown>>()
  const until = (): number => clock() + outlives

  async function append(fact: Fact): Promise<void> {
    try {
      await inTime(limits, feed.append(fact), () => unavailable('does not answer'))
    } catch (error) {
      throw isAuthError(error) ? error : unavailable('refuses', error)
    }
  }

  const tell = (id: string): Promise<void> => append({ kind: 'session', id, until: until() })

  /** Nobody holds what is not there, and whoever asks for made-up ids fills no log. */
  async function end(id: string, wasThere?: () => Promise<boolean>): Promise<Deleted> {
    const found = await store.find(id)
    if (found || (await wasThere?.())) await tell(id)
    return { found, ended: await store.delete(id) }
  }

  /**
   * Who has to go where a user has too many is told of and ended first. The store ends nobody: where others sign in at
   * the same time and take the room that was made, or it keeps fewer than the cap says, it refuses, and one more goes.
   */
  async function save(id: string, record: SessionRecord, options: SaveOptions): Promise<Saved> {
    const began = performance.now()
    let most = 0
    for (let round = 1; ; round += 1) {
      const { epoch, sessions } = await store.listByUser(handleOf(id))
      most = Math.max(most, sessions.length)
      // What a later version wrote does not count, unless the store counts it.
      const counted = sessions.filter(({ record }) => round > 1 || record.v === 1)
      const room = round === 1 ? options.cap : Math.min(options.cap, most)
      const byUse = counted.sort((one, other) => seenAt(other) - seenAt(one))
      // With another epoch the store saves nothing, so nobody has to go.
      for (const { id: idle } of epoch === options.epoch ? byUse.slice(room - 1) : []) {
        await tell(idle)
        await store.delete(idle)
      }
      const saved = await store.save(id, record, { ...options, full: 'refuse' })
      if (saved !== 'full') return saved
      if (round > 1 && performance.now() - began > timeoutMs) throw crowded()
      const ms = Math.random() * Math.min(2 ** round, longestPause)
      await new Promise((resolve) => setTimeout(resolve, ms))
    }
  }

  return {
    ...store,

    /** In turn, since the sign-ins of one user at once would only take each other's room. Who waits too long is refused. */
    save(id, record, options) {
      const handle = handleOf(id)
      const work = () => save(id, record, options)
      const saved = inTime(limits, turns.get(handle) ?? Promise.resolve(), crowded).then(work)
      const over = Promise.allSettled([saved])
      turns.set(handle, over)
      void over.then(() => turns.get(handle) === over && turns.delete(handle))
      return saved
    },

    async replace(id, expectedVersion, record, options) {
      if (options?.as !== undefined && options.as !== id) await tell(id)
      return store.replace(id, expectedVersion, record, options)
    },

    delete: async (id) => (await end(id)).ended,

    /**
     * The store alone knows the new epoch. One more than the present one ends whatever there is, and cannot be above
     * what the store will choose; its own choice is told after it, for what came between.
     */
    async deleteByUser(handle, options) {
      const { epoch: present = 0 } = await store.listByUser(handle)
      const fact = { kind: 'user', handle, ...options, until: until() } as const
      await append({ ...fact, epoch: present + 1 })
      const answer = await store.deleteByUser(handle, options)
      await append({ ...fact, epoch: answer.epoch })
      return answer
    },

    end,

    changing: (id, version) => append({ kind: 'changed', id, version, until: until() }),
  }
}

/** A record that is damaged goes first. */
function seenAt({ record }: Found): number {
  return Number.isFinite(record.lastSeenAt) ? record.lastSeenAt : 0
}

function crowded(): AuthError {
  return new AuthError('ERR_STORE_CONFLICT', 'other sign-ins of this user took the room every time')
}

function unavailable(what: string, error?: unknown): AuthError {
  const options = error === undefined ? {} : { cause: safeCause(error) }
  return new AuthError('ERR_FEED_UNAVAILABLE', `the change feed ${what}`, options)
}

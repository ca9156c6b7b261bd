/**
 * A store whose ends are told to the feed: first the fact, then the store, then the answer. What breaks off in between
 * leaves a session that caches and verifiers refuse, and a caller who saw an error; never one that is taken for ended and lives.
 * @module
 */
import type { Clock } from '@handstamp/core/clock'
import { handleOf } from '@handstamp/core/credential'
import { AuthError, isAuthError, safeCause } from '@handstamp/core/errors'
import { deadlines, inTime } from './deadlines.ts'
import type { ChangeFeed, Fact } from './feeds/feed.ts'
import type { Found, SessionStore } from './stores/store.ts'

export interface PublishingOptions {
  readonly clock: Clock
  /** Milliseconds after its end during which a token or a cached record could still be shown, clocks' differences included. */
  readonly outlives: number
  /** Milliseconds that one append may take. */
  readonly timeoutMs: number
}

export interface PublishingStore extends SessionStore {
  /** Before the user in a record is rewritten: what was read of it up to this version goes out of date. */
  changing(id: string, version: number): Promise<void>
  /** Of one that was there, also where the store has lost it: it ends now at the latest. */
  ending(id: string): Promise<void>
}

/** Answers the store with its ends published. */
export function publishing(
  store: SessionStore,
  feed: ChangeFeed,
  { clock, outlives, timeoutMs }: PublishingOptions,
): PublishingStore {
  const limits = deadlines(timeoutMs)
  const until = (): number => clock() + outlives

  async function append(fact: Fact): Promise<void> {
    try {
      await inTime(limits, feed.append(fact), () => unavailable('does not answer'))
    } catch (error) {
      throw isAuthError(error) ? error : unavailable('refuses', error)
    }
  }

  const end = (id: string): Promise<void> => append({ kind: 'session', id, until: until() })

  return {
    ...store,

    /**
     * Who has to go where a user has too many is told of and ended first. Where others sign in at the same time, or the
     * store keeps fewer than the cap says, the store itself ends more: those that were seen before are told of after it.
     * One that began in between and went at once is not told of: its token is good until its `exp`.
     */
    async save(id, record, options) {
      const handle = handleOf(id)
      const { epoch, sessions } = await store.listByUser(handle)
      // With another epoch the store saves nothing, so nobody has to go.
      const room = epoch === options.epoch ? options.cap - 1 : Number.POSITIVE_INFINITY
      const byUse = [...sessions].sort((one, other) => seenAt(other) - seenAt(one))
      for (const { id: idle } of byUse.slice(room)) {
        await end(idle)
        await store.delete(idle)
      }
      const saved = await store.save(id, record, options)
      const staying = byUse.slice(0, room)
      if (saved !== 'saved' || staying.length === 0) return saved
      const after = new Set((await store.listByUser(handle)).sessions.map((one) => one.id))
      for (const { id: gone } of staying) if (!after.has(gone)) await end(gone)
      return saved
    },

    async replace(id, expectedVersion, record, options) {
      if (options?.as !== undefined && options.as !== id) await end(id)
      return store.replace(id, expectedVersion, record, options)
    },

    async delete(id) {
      // Nobody holds what is not there, and whoever asks for made-up ids fills no log.
      if (await store.find(id)) await end(id)
      return store.delete(id)
    },

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

    ending: end,

    changing: (id, version) => append({ kind: 'changed', id, version, until: until() }),
  }
}

/** A record that is damaged goes first. */
function seenAt({ record }: Found): number {
  return Number.isFinite(record.lastSeenAt) ? record.lastSeenAt : 0
}

function unavailable(what: string, error?: unknown): AuthError {
  const options = error === undefined ? {} : { cause: safeCause(error) }
  return new AuthError('ERR_FEED_UNAVAILABLE', `the change feed ${what}`, options)
}

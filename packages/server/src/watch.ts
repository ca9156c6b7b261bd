/**
 * `auth.watch`: a connection that outlives its request learns that its session changed or ended.
 * @module
 */

import type { UserLike } from '@handstamp/core/schema'
import type { Session } from '@handstamp/core/session'
import type { Settings } from './options.ts'

/** Timers take no longer waits; asking once a day more costs nothing. */
const longestWait = 86_400_000

/**
 * Tells until it is stopped or has told of the end. Where a fact or a gap leaves it open, and when the session should
 * have expired, its record is asked; a store that cannot answer is asked again.
 */
export function watchSession<User extends UserLike>(
  session: Session<User>,
  onChange: (change: 'changed' | 'ended') => void,
  { clock, feed, strategy }: Settings<User>,
): () => void {
  if (feed === undefined) throw new TypeError('watch() needs a feed: write createAuth({ feed: memoryFeed() })')
  if (typeof onChange !== 'function')
    throw new TypeError('watch() takes a function to call: (change) => socket.close()')
  let timer: unknown
  let over = false
  const unwatch = feed.changes.watch(session.id, {
    changed: () => tell('changed'),
    ended: end,
    doubt: ask,
  })
  wait(session.expiresAt)

  function tell(change: 'changed' | 'ended'): void {
    try {
      onChange(change)
    } catch {
      // A listener that throws must not keep others from being told.
    }
  }

  function stop(): void {
    over = true
    clearTimeout(timer as number)
    unwatch()
  }

  function end(): void {
    if (over) return
    stop()
    tell('ended')
  }

  function wait(until: number): void {
    clearTimeout(timer as number)
    timer = setTimeout(ask, Math.min(Math.max(until - clock(), 0), longestWait))
    ;(timer as { unref?: () => void }).unref?.()
  }

  async function ask(): Promise<void> {
    const now = clock()
    let until: number | undefined
    try {
      until = strategy.sessions ? await strategy.sessions.expiry(session.id) : session.expiresAt
    } catch {
      // Not all at once, where many ask a store that is down.
      until = now + 1_000 + Math.random() * 1_000
    }
    if (over) return
    if (until === undefined || until <= now) end()
    else wait(until)
  }

  return stop
}

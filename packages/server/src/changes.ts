/**
 * What one auth learns from its feed: whether a token still holds, and who waits to hear that a session changed.
 * @module
 */
import type { Clock } from '@handstamp/core/clock'
import { handleOf } from '@handstamp/core/credential'
import { AuthError } from '@handstamp/core/errors'
import type { AccessClaims } from '@handstamp/core/jwt/claims'
import { after, type Eventual } from '@handstamp/core/jwt/eventual'
import { follow } from './feed-follower.ts'
import type { Fact, ReadableFeed } from './feeds/feed.ts'
import { createHeldFacts } from './held-facts.ts'

export interface ChangesOptions {
  readonly clock: Clock
  /** Milliseconds for which a proof that nothing was missed is good. */
  readonly maxStaleness: number
  /** Milliseconds that never go backwards. */
  readonly monotonic?: () => number
}

/** `unproven`: nobody can tell, since the feed has not answered for too long. */
export type Verdict = 'good' | 'revoked' | 'changed' | 'unproven'

export interface Changes {
  /** Of a genuine token with a record behind it. */
  judge(claims: AccessClaims): Eventual<Verdict>
  /** What this server itself has told counts from then on, and not from when it is read back. */
  know(fact: Fact): void
  /** Where all sessions of a user from this epoch are known to have ended: the one that was spared, if any. */
  endOf(handle: string, epoch: number): Eventual<{ readonly except?: string } | undefined>
  /** True while the feed proves that nothing was missed. */
  isCurrent(): Eventual<boolean>
  /** False for a key that was revoked, as far as is known; `isCurrent` says whether that is far enough. */
  trusts(kid: string): boolean
  /** Tells of what happens to the session from now on; `ended` once, then never again. */
  watch(id: string, watcher: Watcher): () => void
  close(): void
}

export interface Watcher {
  changed(): void
  ended(): void
  /** Something may have ended the session; only its store can tell. Settles when it has been asked, and never rejects. */
  doubt(): Promise<void>
}

/** A gap concerns all who watch, and a store takes only so many calls at once. */
const doubtsAtOnce = 50

/** Answers what the feed says, from the first question on. */
export function openChanges(feed: ReadableFeed, options: ChangesOptions): Changes {
  const { clock, maxStaleness, monotonic = () => performance.now() } = options
  const follower = follow(feed)
  // By the clock that nobody sets, since what is forgotten too early would be believed again.
  const facts = createHeldFacts(monotonic)
  const watchers = new Map<string, Set<Watcher>>()
  const doubted = new Set<string>()
  let asking = 0
  let unsubscribe: (() => void) | undefined

  function begin(): void {
    unsubscribe ??= follower.subscribe({ fact: hear, gap: () => doubt(() => true) })
  }

  function know(fact: Fact): void {
    facts.hold({ ...fact, until: monotonic() + fact.until - clock() })
  }

  function hear(fact: Fact): void {
    know(fact)
    if (fact.kind === 'session') for (const watcher of watchers.get(fact.id) ?? []) watcher.ended()
    if (fact.kind === 'changed') for (const watcher of watchers.get(fact.id) ?? []) watcher.changed()
    // A session that began since has a newer epoch, which nobody but its record tells.
    if (fact.kind === 'user') doubt((id) => handleOf(id) === fact.handle && id !== fact.except)
  }

  function doubt(concerns: (id: string) => boolean): void {
    for (const id of watchers.keys()) if (concerns(id)) doubted.add(id)
    while (asking < Math.min(doubtsAtOnce, doubted.size)) void ask()
  }

  async function ask(): Promise<void> {
    asking += 1
    for (const id of doubted) {
      doubted.delete(id)
      for (const watcher of watchers.get(id) ?? []) await watcher.doubt()
    }
    asking -= 1
  }

  function verdict({ sid = '', hs }: AccessClaims): Verdict {
    return facts.judge({ id: sid, epoch: hs.e, version: hs.n ?? 0 }) ?? 'good'
  }

  function isCurrent(): Eventual<boolean> {
    begin()
    return follower.isCurrent(maxStaleness)
  }

  return {
    isCurrent,
    know,

    judge(claims) {
      return after(isCurrent(), (current) => {
        const known = verdict(claims)
        // What has ended has ended, whatever else may have been missed.
        return current || known === 'revoked' ? known : 'unproven'
      })
    },

    endOf: (handle, epoch) => after(isCurrent(), () => facts.endOf(handle, epoch)),

    trusts(kid) {
      begin()
      return facts.trusts(kid)
    },

    watch(id, watcher) {
      begin()
      const all = watchers.get(id) ?? new Set()
      watchers.set(id, all.add(watcher))
      return () => {
        all.delete(watcher)
        if (all.size === 0) watchers.delete(id)
      }
    },

    close() {
      unsubscribe?.()
      unsubscribe = undefined
    },
  }
}

/** Thrown where neither feed nor store tells whether a token was revoked. */
export function feedStale(): AuthError {
  return new AuthError('ERR_FEED_STALE', 'the change feed has not answered for longer than maxStaleness')
}

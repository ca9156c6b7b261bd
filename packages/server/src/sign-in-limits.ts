/**
 * Counts attempts to sign in, by the account they name and the source they come from, in the memory of this node.
 * @module
 */
import { encodeBase64url } from '@handstamp/core/base64url'
import { type Clock, systemClock } from '@handstamp/core/clock'
import { sha256, utf8 } from '@handstamp/core/secret'
import { sourceOf } from './address.ts'

export interface SignInLimiterOptions {
  readonly clock?: Clock
  /** Attempts in a window that may name one account; 10 by default. */
  readonly identifierLimit?: number
  /** Attempts in a window that may come from one IPv4 address or one /64 of IPv6; 50 by default. */
  readonly addressLimit?: number
  /** Milliseconds of a window, which begins with the first attempt; 900,000 (15 minutes) by default. */
  readonly windowMs?: number
}

/** An attempt that was counted, or that is one too many. */
export type Attempted =
  | {
      readonly ok: true
      /** Uncounts the attempt, after a success; a second time it does nothing. */
      giveBack(): void
    }
  | {
      readonly ok: false
      /** Seconds until the next attempt can count, for `Retry-After` (RFC 9110 §10.2.3). */
      readonly retryAfter: number
    }

export interface SignInLimiter {
  /**
   * Counts an attempt before its credentials are verified, so that attempts at once cannot all slip through. What is
   * unknown is not counted. A refused attempt is not counted either: there is no lock-out that lengthens itself.
   */
  take(identifier: string | undefined, address: string | undefined): Attempted
}

interface Window {
  readonly endsAt: number
  count: number
}

/** Keys of each kind; then the oldest window goes. About 20 MB if both are full. */
const mostKeys = 100_000

/**
 * Answers a limiter for one node. An account is kept as a hash alone, and its spellings by case, width and surrounding
 * space are one, since a lookup may ignore them; so are all spellings of an address.
 *
 * @throws RangeError when a limit or the window is not a whole number of at least 1.
 *
 * @example
 * ```ts
 * const limiter = createSignInLimiter()
 * const attempt = limiter.take(email, addressOf(request))
 * if (attempt.ok) attempt.giveBack() // once the password was right
 * else response.headers.set('retry-after', String(attempt.retryAfter))
 * ```
 */
export function createSignInLimiter(options: SignInLimiterOptions = {}): SignInLimiter {
  const { clock = systemClock, identifierLimit = 10, addressLimit = 50, windowMs = 900_000 } = options
  for (const [name, value] of Object.entries({ identifierLimit, addressLimit, windowMs })) {
    if (!Number.isInteger(value) || value < 1) throw new RangeError(`${name} must be a whole number of at least 1`)
  }
  const identifiers = countedKeys(identifierLimit, windowMs)
  const addresses = countedKeys(addressLimit, windowMs)

  return {
    take(identifier, address) {
      const now = clock()
      const account = identifier === undefined ? undefined : keyOf(identifier)
      const source = address === undefined ? undefined : sourceOf(address)
      const wait = Math.max(identifiers.wait(account, now), addresses.wait(source, now))
      if (wait > 0) return { ok: false, retryAfter: Math.ceil(wait / 1000) }
      const counted = [identifiers.count(account, now), addresses.count(source, now)]
      return {
        ok: true,
        giveBack() {
          for (const uncount of counted.splice(0)) uncount()
        },
      }
    },
  }
}

interface CountedKeys {
  /** Milliseconds until the key may count again; 0: now. */
  wait(key: string | undefined, now: number): number
  /** Counts, and answers how to uncount. */
  count(key: string | undefined, now: number): () => void
}

function countedKeys(limit: number, windowMs: number): CountedKeys {
  // In the order in which they began, which is the order in which they end: all windows are equally long.
  const windows = new Map<string, Window>()
  let inOrder = windows.entries()
  let oldest: [string, Window] | undefined

  function open(key: string, now: number): Window | undefined {
    const window = windows.get(key)
    if (window === undefined) return undefined
    // A clock that went back must not make a window longer than it is.
    if (now < window.endsAt && now >= window.endsAt - windowMs) return window
    windows.delete(key)
    return undefined
  }

  /** The oldest window that is still there; one iterator goes on and on, since a new one would pass over all that are gone. */
  function oldestKey(): string | undefined {
    while (oldest === undefined || windows.get(oldest[0]) !== oldest[1]) {
      const next = inOrder.next()
      if (next.done === true) {
        if (windows.size === 0) return undefined
        inOrder = windows.entries()
      } else oldest = next.value
    }
    return oldest[0]
  }

  function begin(key: string, now: number): Window {
    // A few at a time: more go than come, and no request pays for a hundred thousand that ended together.
    for (let step = 0; step < 4; step += 1) {
      const old = oldestKey()
      if (old === undefined || ((windows.get(old)?.endsAt ?? 0) > now && windows.size < mostKeys)) break
      windows.delete(old)
    }
    const window = { endsAt: now + windowMs, count: 0 }
    windows.set(key, window)
    return window
  }

  return {
    wait(key, now) {
      const window = key === undefined ? undefined : open(key, now)
      return window !== undefined && window.count >= limit ? window.endsAt - now : 0
    },
    count(key, now) {
      if (key === undefined) return () => {}
      const window = open(key, now) ?? begin(key, now)
      window.count += 1
      return () => {
        window.count -= 1
        if (window.count === 0 && windows.get(key) === window) windows.delete(key)
      }
    },
  }
}

function keyOf(identifier: string): string {
  const account = identifier.normalize('NFKC').trim().toLowerCase()
  return encodeBase64url(sha256(utf8(`handstamp/sign-in/1\0${account}`)))
}

/**
 * Answers that everybody may have: made once in a second, and shared by all who ask for the same.
 * @module
 */
import type { Clock } from '@handstamp/core/clock'

export interface KeptAnswers<T> {
  /** What was begun under the name in this second; otherwise what `make` answers. */
  get(name: string, make: () => Promise<T>): Promise<T>
  forget(name: string): void
}

interface Kept<T> {
  readonly answer: Promise<T>
  readonly second: number
  readonly startedAt: number
}

const second = 1_000

/**
 * Answers a keeper of at most so many. The clock's second counts, since what is signed says no more than that of its time;
 * and no longer than one passes by the monotonic clock, as the other may be set.
 */
export function createKeptAnswers<T>(clock: Clock, most: number): KeptAnswers<T> {
  /** The oldest first. */
  const kept = new Map<string, Kept<T>>()
  const thisSecond = (): number => Math.floor(clock() / second)

  return {
    get(name, make) {
      const known = kept.get(name)
      if (known?.second === thisSecond() && performance.now() - known.startedAt < second) return known.answer
      const one = { second: thisSecond(), startedAt: performance.now(), answer: make() }
      kept.delete(name)
      const [oldest] = kept.keys()
      if (kept.size >= most && oldest !== undefined) kept.delete(oldest)
      kept.set(name, one)
      one.answer.catch(() => {
        if (kept.get(name) === one) kept.delete(name)
      })
      return one.answer
    },

    forget(name) {
      kept.delete(name)
    },
  }
}

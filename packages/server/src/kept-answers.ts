/**
 * Answers that everybody may have: made once, and shared for a moment by all who ask for the same.
 * @module
 */
import type { Clock } from '@handstamp/core/clock'

export interface KeptAnswers<T> {
  /** What is kept under the name, or under way; otherwise what `make` answers. */
  get(name: string, make: () => Promise<T>): { readonly answer: Promise<T>; readonly isShared: boolean }
  forget(name: string): void
}

interface Kept<T> {
  readonly answer: Promise<T>
  readonly madeAt: number
  readonly startedAt: number
  isSettled: boolean
}

/** Answers a keeper of so many answers, each for `ms` after it was asked for. By either clock: the one may be set, and stand still in a test. */
export function createKeptAnswers<T>({ clock, ms, most }: { clock: Clock; ms: number; most: number }): KeptAnswers<T> {
  /** The oldest first. */
  const kept = new Map<string, Kept<T>>()

  function isGood({ madeAt, startedAt, isSettled }: Kept<T>): boolean {
    const age = clock() - madeAt
    return !isSettled || (age >= 0 && age < ms && performance.now() - startedAt < ms)
  }

  function keep(name: string, answer: Promise<T>): void {
    const one = { answer, madeAt: clock(), startedAt: performance.now(), isSettled: false }
    kept.delete(name)
    const [oldest] = kept.keys()
    if (kept.size >= most && oldest !== undefined) kept.delete(oldest)
    kept.set(name, one)
    answer.then(
      () => {
        one.isSettled = true
      },
      () => {
        if (kept.get(name) === one) kept.delete(name)
      },
    )
  }

  return {
    get(name, make) {
      const one = kept.get(name)
      if (one !== undefined && isGood(one)) return { answer: one.answer, isShared: true }
      const answer = make()
      keep(name, answer)
      return { answer, isShared: false }
    },

    forget(name) {
      kept.delete(name)
    },
  }
}

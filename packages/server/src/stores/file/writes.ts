/**
 * Writes to one user, one after the other: first those of this process, then by the user's lock those of all.
 * @module
 */
import type { Directory } from './directory.ts'
import { unavailable } from './errors.ts'
import { acquire, type Lock } from './lock.ts'
import { read, type User, write } from './value.ts'

/** What becomes of a user; without `next` it stays as it is, and `none` removes the file. */
export interface Change<T> {
  readonly answer: T
  readonly next?: User | 'none'
}

export interface Writes {
  /** Decides on what is there and writes what was decided, in one step. Where nothing is to be written, no lock is taken. */
  change<T>(handle: string, decide: (user: User | undefined) => Change<T>): Promise<T>
  /** The same for housekeeping, which waits for nobody, and clears away what writers left that were killed. */
  clean<T>(path: string, leftovers: readonly string[], decide: (user: User | undefined) => Change<T>): Promise<T>
}

/** Milliseconds that a write waits for its turn: less than a call to a store may take. */
const patience = 1_500

export function writesTo(directory: Directory): Writes {
  const turns = new Map<string, Promise<unknown>>()

  function inTurn<T>(path: string, work: () => Promise<T>): Promise<T> {
    const before = turns.get(path)
    const turn = before === undefined ? work() : before.then(work, work)
    const leave = (): void => {
      if (turns.get(path) === turn) turns.delete(path)
    }
    turns.set(path, turn)
    turn.then(leave, leave)
    return turn
  }

  async function userAt(path: string): Promise<User | undefined> {
    const text = await directory.read(path)
    return text === undefined ? undefined : read(text)
  }

  function locked<T>(path: string, wait: number, work: (lock: Lock) => Promise<T>): Promise<T> {
    const until = performance.now() + wait
    return inTurn(path, async () => {
      if (wait > 0 && performance.now() > until) throw unavailable('too many writes wait for one user')
      await directory.prepare(path)
      const lock = await acquire(path, until)
      try {
        return await work(lock)
      } finally {
        await lock.release()
      }
    })
  }

  async function apply<T>(path: string, lock: Lock, decide: (user: User | undefined) => Change<T>): Promise<T> {
    const { answer, next } = decide(await userAt(path))
    if (next === 'none') await directory.remove(path)
    else if (next !== undefined) await directory.write(path, write(next), lock)
    return answer
  }

  return {
    async change(handle, decide) {
      const path = directory.pathOf(handle)
      const seen = decide(await userAt(path))
      if (seen.next === undefined) return seen.answer
      return locked(path, patience, (lock) => apply(path, lock, decide))
    },

    async clean(path, leftovers, decide) {
      const seen = decide(await userAt(path))
      if (seen.next === undefined && leftovers.length === 0) return seen.answer
      return locked(path, 0, async (lock) => {
        for (const leftover of leftovers) if (!leftover.endsWith('.lock')) await directory.remove(leftover)
        return apply(path, lock, decide)
      })
    },
  }
}

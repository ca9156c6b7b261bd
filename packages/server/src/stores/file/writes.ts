/**
 * Writes to one user, one after the other by the user's lock. Those of this process that wait meanwhile go together, in
 * their order, in one file that is written once.
 * @module
 */
import type { Directory } from './directory.ts'
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

/** A change that waits for the lock. */
interface Waiting {
  readonly until: number
  decide(user: User | undefined): { readonly next: Change<unknown>['next']; readonly settle: () => void }
  reject(error: unknown): void
}

export function writesTo(directory: Directory): Writes {
  const queues = new Map<string, Waiting[]>()

  async function userAt(path: string): Promise<User | undefined> {
    const text = await directory.read(path)
    return text === undefined ? undefined : read(text)
  }

  async function locked<T>(path: string, until: number, work: (lock: Lock) => Promise<T>): Promise<T> {
    await directory.prepare(path)
    const lock = await acquire(path, until)
    try {
      return await work(lock)
    } finally {
      await lock.release()
    }
  }

  async function put(path: string, next: Change<unknown>['next'], lock: Lock): Promise<void> {
    if (next === 'none') {
      lock.check()
      await directory.remove(path)
    } else if (next !== undefined) await directory.write(path, write(next), lock)
  }

  async function writeAll(path: string, batch: readonly Waiting[]): Promise<void> {
    try {
      const settles = await locked(path, Math.max(...batch.map(({ until }) => until)), async (lock) => {
        let user = await userAt(path)
        let last: Change<unknown>['next']
        const decided = batch.map(({ decide }) => {
          const { next, settle } = decide(user)
          if (next !== undefined) {
            last = next
            user = next === 'none' ? undefined : next
          }
          return settle
        })
        await put(path, last, lock)
        return decided
      })
      for (const settle of settles) settle()
    } catch (error) {
      // What was refused was refused on account of what is not written now.
      for (const { reject } of batch) reject(error)
    }
  }

  async function work(path: string, queue: Waiting[]): Promise<void> {
    queues.set(path, queue)
    while (queue.length > 0) await writeAll(path, queue.splice(0))
    queues.delete(path)
  }

  return {
    async change(handle, decide) {
      const until = performance.now() + patience
      const path = directory.pathOf(handle)
      const seen = decide(await userAt(path))
      if (seen.next === undefined) return seen.answer
      return new Promise((resolve, reject) => {
        const waiting: Waiting = {
          until,
          reject,
          decide(user) {
            const { answer, next } = decide(user)
            return { next, settle: () => resolve(answer) }
          },
        }
        const queue = queues.get(path)
        if (queue !== undefined) queue.push(waiting)
        else void work(path, [waiting])
      })
    },

    async clean(path, leftovers, decide) {
      const seen = decide(await userAt(path))
      if (seen.next === undefined && leftovers.length === 0) return seen.answer
      return locked(path, 0, async (lock) => {
        for (const leftover of leftovers) if (!leftover.endsWith('.lock')) await directory.remove(leftover)
        const { answer, next } = decide(await userAt(path))
        await put(path, next, lock)
        return answer
      })
    },
  }
}

/**
 * A store that fails on the calls a test chooses, and counts all of them.
 * @module
 */
import type { StoreMethod } from '../stores/bounded.ts'
import type { SessionStore } from '../stores/store.ts'

/**
 * How a call fails. Not applied: `reject`, `throw` (synchronously), `hang` (never answers), `garbage` (answers what no
 * store may). Applied first: `apply-then-reject`, `apply-then-hang`, which is what a time-out looks like from outside.
 * Not failing at all: `hold` waits for `release()` and is applied then; `apply-then-hold` is applied at once and
 * answers at `release()`.
 */
export type Fault =
  | 'reject'
  | 'throw'
  | 'hang'
  | 'garbage'
  | 'apply-then-reject'
  | 'apply-then-hang'
  | 'hold'
  | 'apply-then-hold'

/** One call as a plan sees it. */
export interface StoreCall {
  readonly method: StoreMethod
  /** 1 for the first call of this method. */
  readonly nth: number
  /** 1 for the first call of any. */
  readonly index: number
  readonly args: readonly unknown[]
}

/** Says of each call how it fails; undefined: not at all. */
export type FaultPlan = (call: StoreCall) => Fault | undefined

export interface FaultStore extends SessionStore {
  /** How often each method was called since the last `reset`. */
  readonly calls: Readonly<Record<StoreMethod, number>>
  /** All calls, and how many of them may write. */
  readonly counts: { readonly all: number; readonly reads: number; readonly writes: number }
  /** Sets the plan; without one nothing fails. */
  plan(plan?: FaultPlan): void
  /** Counts from 0 again; the plan stays. */
  reset(): void
  /** Lets go the calls that are held, in their order. */
  release(): void
  /** How many calls are held. */
  readonly held: number
}

/**
 * Answers a store that passes everything on to the given one except where the plan says otherwise. Its errors are as
 * careless as a driver's: message and properties repeat the arguments.
 *
 * @example
 * ```ts
 * const store = faultStore(memoryStore(), ({ method, nth }) => (method === 'replace' && nth === 1 ? 'apply-then-hang' : undefined))
 * ```
 */
export function faultStore(store: SessionStore, plan?: FaultPlan): FaultStore {
  const none = { find: 0, save: 0, replace: 0, delete: 0, listByUser: 0, deleteByUser: 0, sweep: 0 }
  const calls: Record<StoreMethod, number> = { ...none }
  let index = 0
  let planned = plan
  let waiting: (() => void)[] = []

  function held(): Promise<void> {
    return new Promise((resolve) => waiting.push(resolve))
  }

  async function failing<T>(
    fault: Fault,
    method: StoreMethod,
    args: readonly unknown[],
    apply: () => Promise<T>,
  ): Promise<T> {
    if (fault === 'garbage') return 'garbage' as T
    if (fault === 'reject') throw driverError(method, args)
    if (fault === 'hang') return new Promise<T>(() => {})
    if (fault === 'hold') await held()
    const answer = await apply()
    if (fault === 'apply-then-reject') throw driverError(method, args)
    if (fault === 'apply-then-hang') return new Promise<T>(() => {})
    if (fault === 'apply-then-hold') await held()
    return answer
  }

  function pass<T>(method: StoreMethod, args: readonly unknown[], apply: () => Promise<T>): Promise<T> {
    calls[method] += 1
    index += 1
    const fault = planned?.({ method, nth: calls[method], index, args })
    if (fault === undefined) return apply()
    if (fault === 'throw') throw driverError(method, args)
    return failing(fault, method, args, apply)
  }

  return {
    singleProcess: store.singleProcess === true,
    calls,
    get counts() {
      const all = Object.values(calls).reduce((sum, count) => sum + count, 0)
      const reads = calls.find + calls.listByUser
      return { all, reads, writes: all - reads }
    },
    get held() {
      return waiting.length
    },
    plan(next) {
      planned = next
    },
    reset() {
      Object.assign(calls, none)
      index = 0
    },
    release() {
      const released = waiting
      waiting = []
      for (const go of released) go()
    },
    find: (...args) => pass('find', args, async () => store.find(...args)),
    save: (...args) => pass('save', args, () => store.save(...args)),
    replace: (...args) => pass('replace', args, () => store.replace(...args)),
    delete: (...args) => pass('delete', args, () => store.delete(...args)),
    listByUser: (...args) => pass('listByUser', args, () => store.listByUser(...args)),
    deleteByUser: (...args) => pass('deleteByUser', args, () => store.deleteByUser(...args)),
    sweep: (...args) => pass('sweep', args, () => store.sweep(...args)),
  }
}

function driverError(method: StoreMethod, args: readonly unknown[]): Error {
  const error = new Error(`connect ECONNREFUSED 127.0.0.1:6379 while ${method} ${JSON.stringify(args)}`)
  return Object.assign(error, { code: 'ECONNREFUSED', command: method, args })
}

/**
 * Owns the calls that wait: every call to a store parks until the schedule lets it go, in two moves, applying and answering.
 * @module
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { SessionStore } from '@handstamp/server/stores/store'

/** One call on its way. `answer` is there from the moment it was applied. */
export interface Call<Owner> {
  readonly owner: Owner
  readonly method: string
  readonly args: readonly unknown[]
  /** When it was asked, by the true time. */
  readonly askedAt: number
  answer: { readonly value: unknown } | undefined
}

export interface ParkingLot<Owner> {
  /** In the order in which they were asked. */
  readonly calls: readonly Call<Owner>[]
  /** Runs work whose calls belong to `owner`, however many promises later. */
  run<T>(owner: Owner, work: () => Promise<T>): Promise<T>
  /** Waits for the schedule, then does `apply`. */
  park<T>(method: string, args: readonly unknown[], apply: () => T | Promise<T>): Promise<T>
  apply(call: Call<Owner>): Promise<unknown>
  /** Gives the caller the answer of a call that was applied. */
  settle(call: Call<Owner>): void
  fail(call: Call<Owner>): void
  /** The process of this owner dies: its calls are gone, applied or not, and nobody gets an answer. */
  bury(owner: Owner): void
  /** The end: whatever still waits is refused, so that nothing is left hanging. */
  close(): Promise<void>
}

interface Waiting<Owner> extends Call<Owner> {
  readonly work: () => unknown
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

/** One for all lots: each more would make every promise of the process dearer. */
const owners = new AsyncLocalStorage<unknown>()

export function parkingLot<Owner>(clock: () => number): ParkingLot<Owner> {
  const calls: Waiting<Owner>[] = []
  const dead = new Set<Owner>()
  const buried: Waiting<Owner>[] = []
  let closed = false

  function leave(call: Call<Owner>): Waiting<Owner> {
    const waiting = call as Waiting<Owner>
    calls.splice(calls.indexOf(waiting), 1)
    return waiting
  }

  return {
    calls,
    run: (owner, work) => owners.run(owner, work),
    park(method, args, apply) {
      const owner = owners.getStore() as Owner | undefined
      if (closed || owner === undefined) return Promise.reject(new Error('the schedule is over'))
      return new Promise<never>((resolve, reject) => {
        const call = { owner, method, args, askedAt: clock(), answer: undefined, work: apply, resolve, reject }
        const list = dead.has(owner) ? buried : calls
        list.push(call as unknown as Waiting<Owner>)
      })
    },
    async apply(call) {
      const value = await (call as Waiting<Owner>).work()
      call.answer = { value }
      return value
    },
    settle(call) {
      leave(call).resolve(call.answer?.value)
    },
    fail(call) {
      leave(call).reject(Object.assign(new Error('socket closed'), { code: 'ECONNRESET' }))
    },
    bury(owner) {
      dead.add(owner)
      for (const call of calls.filter((one) => one.owner === owner)) buried.push(leave(call))
    },
    async close() {
      closed = true
      for (const { reject } of [...calls, ...buried]) reject(new Error('the schedule is over'))
      calls.length = 0
      await turn()
    },
  }
}

/** The store as a node sees it. */
export function parkedStore(store: SessionStore, lot: ParkingLot<unknown>, singleProcess: boolean): SessionStore {
  return {
    singleProcess,
    find: (...args) => lot.park('find', args, () => store.find(...args)),
    save: (...args) => lot.park('save', args, () => store.save(...args)),
    replace: (...args) => lot.park('replace', args, () => store.replace(...args)),
    delete: (...args) => lot.park('delete', args, () => store.delete(...args)),
    listByUser: (...args) => lot.park('listByUser', args, () => store.listByUser(...args)),
    deleteByUser: (...args) => lot.park('deleteByUser', args, () => store.deleteByUser(...args)),
    sweep: (...args) => lot.park('sweep', args, () => store.sweep(...args)),
  }
}

/** One turn of the event loop: every promise that can settle without the schedule has done so afterwards. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/**
 * Gives every call to a store its deadline, caps the calls in flight, and makes each failure one error that holds no credential.
 * @module
 */
import { AuthError, type AuthErrorCode, isAuthError, safeCause } from '@handstamp/core/errors'
import { after, type Eventual } from '@handstamp/core/jwt/eventual'
import type { SessionRecord } from '@handstamp/core/session'
import { type Deadline, deadlines } from '../deadlines.ts'
import type { FindOptions, Found, SessionStore } from './store.ts'

export interface BoundedStoreOptions {
  /** Milliseconds that a call may take; 2,000 by default. */
  readonly timeoutMs?: number
  /** Calls that may wait for the store at once; 1,000 by default. */
  readonly maxInFlight?: number
}

/** A method of {@link SessionStore}. */
export type StoreMethod = Exclude<keyof SessionStore, 'singleProcess' | 'feed'>

/**
 * Answers the same store with limits. Its promises always settle, and reject with an AuthError alone:
 * ERR_STORE_TIMEOUT past the deadline, where the call may have been applied or not; ERR_STORE_UNAVAILABLE where the
 * store rejects, throws, answers what the contract does not know, or has too many calls in flight; an AuthError of the
 * store's own passes unchanged. A record that cannot be one comes out as `{ v: 0, id }`, for the reader to refuse.
 *
 * Calls past their deadline still count as in flight until the store settles them or answers a later call: a store that
 * hangs is asked one question at a time, and is back in full with the first answer.
 *
 * @throws RangeError when a limit is not a whole number of at least 1.
 *
 * @example
 * ```ts
 * const store = boundedStore(myStore({ clock }), { timeoutMs: 500 })
 * ```
 */
export function boundedStore(store: SessionStore, options: BoundedStoreOptions = {}): SessionStore {
  const { timeoutMs = 2_000, maxInFlight = 1_000 } = options
  for (const [name, value] of Object.entries({ timeoutMs, maxInFlight })) {
    if (!Number.isInteger(value) || value < 1)
      throw new RangeError(`boundedStore: ${name} must be a whole number of at least 1`)
  }
  const limits = deadlines(timeoutMs)
  let waiting = 0
  let abandoned = 0
  /** Raised by every answer that ends the counting of those abandoned before it. */
  let era = 0

  function refusal(method: StoreMethod, error: unknown): AuthError {
    return isAuthError(error) ? error : unavailable(`${method} failed`, safeCause(error))
  }

  function judge<T>(method: StoreMethod, answer: T, isSound: (answer: T) => boolean): T {
    if (!isSound(answer)) throw unavailable(`${method} answered what no store may`)
    return answer
  }

  /** What is answered at once has had no time to be late, and is not in flight. */
  function ask<T>(
    method: StoreMethod,
    call: () => Eventual<T>,
    isSound: (answer: T) => boolean,
    options?: LazyOptions,
  ): Eventual<T> {
    if (waiting > 0 && waiting + abandoned >= maxInFlight) {
      return Promise.reject(unavailable(`${maxInFlight} calls are in flight`))
    }
    try {
      const answer = call()
      return isPromise(answer) ? waitFor(method, answer, isSound, options) : judge(method, answer, isSound)
    } catch (error) {
      return Promise.reject(refusal(method, error))
    }
  }

  function waitFor<T>(
    method: StoreMethod,
    answer: PromiseLike<T>,
    isSound: (answer: T) => boolean,
    options: LazyOptions | undefined,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const startedIn = era
      let late = false
      waiting += 1
      const deadline: Deadline = limits.start(() => {
        late = true
        waiting -= 1
        abandoned += 1
        reject(storeError('ERR_STORE_TIMEOUT', `${method} took longer than ${timeoutMs} ms`))
        options?.controller?.abort()
      })

      function settle(): boolean {
        if (late) {
          if (startedIn === era && abandoned > 0) abandoned -= 1
          return false
        }
        limits.stop(deadline)
        waiting -= 1
        return true
      }

      function refuse(error: unknown): void {
        if (settle()) reject(refusal(method, error))
      }

      function accept(value: T): void {
        if (!settle()) return
        // What a cache answers at once says nothing of the store behind it, so only this counts as a sign of life.
        if (abandoned > 0) {
          abandoned = 0
          era += 1
        }
        try {
          resolve(judge(method, value, isSound))
        } catch (error) {
          reject(refusal(method, error))
        }
      }

      // Another promise than the platform's may throw, or settle twice.
      Promise.resolve(answer).then(accept, refuse)
    })
  }

  return {
    singleProcess: store.singleProcess === true,

    find(id, given) {
      const options = lazyOptions(given)
      const found = ask('find', () => store.find(id, options), isFoundOrNone, options)
      return after(found, (one) => one && readable(one, id))
    },

    async save(id, record, save) {
      return ask('save', () => store.save(id, record, save), isSaved)
    },

    async replace(id, expectedVersion, record, replace) {
      return ask('replace', () => store.replace(id, expectedVersion, record, replace), isBoolean)
    },

    async delete(id) {
      return ask('delete', () => store.delete(id), isBoolean)
    },

    async listByUser(handle) {
      const { epoch, sessions } = await ask('listByUser', () => store.listByUser(handle), isUserSessions)
      return { epoch, sessions: sessions.map((one) => ({ ...readable(one, one.id), id: one.id })) }
    },

    async deleteByUser(handle, except) {
      return ask('deleteByUser', () => store.deleteByUser(handle, except), isEpoch)
    },

    async sweep(batch) {
      return ask('sweep', () => store.sweep(batch), isSwept)
    },
  }
}

function storeError(code: AuthErrorCode, what: string, cause?: unknown): AuthError {
  return new AuthError(code, `the session store: ${what}`, cause === undefined ? {} : { cause })
}

function unavailable(what: string, cause?: unknown): AuthError {
  return storeError('ERR_STORE_UNAVAILABLE', what, cause)
}

/** Options of `find` whose signal is made when a driver asks for it, since most do not and one costs more than the call. */
interface LazyOptions {
  given: FindOptions | undefined
  readonly cached: boolean
  controller: AbortController | undefined
  readonly signal: AbortSignal
}

// A prototype, since a getter in a literal is defined anew at each call, which takes longer than a find in memory.
const lazyPrototype: Pick<LazyOptions, 'signal' | 'cached'> = {
  get cached() {
    return (this as LazyOptions).given?.cached === true
  },
  get signal() {
    const own = this as LazyOptions
    own.controller ??= new AbortController()
    const { signal } = own.controller
    return own.given?.signal === undefined ? signal : AbortSignal.any([own.given.signal, signal])
  },
}

function lazyOptions(given: LazyOptions['given']): LazyOptions {
  const options = Object.create(lazyPrototype) as LazyOptions
  options.given = given
  options.controller = undefined
  return options
}

function isPromise<T>(answer: Eventual<T>): answer is Promise<T> {
  return isObject(answer) && typeof answer.then === 'function'
}

function readable(found: Found, id: string): Found {
  const record: unknown = found.record
  if (isObject(record) && record.id === id) return found
  return { record: { v: 0, id } as unknown as SessionRecord, version: found.version }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function isFound(answer: unknown): boolean {
  return isObject(answer) && typeof answer.version === 'number' && 'record' in answer
}

function isFoundOrNone(answer: unknown): boolean {
  return answer === undefined || isFound(answer)
}

function isSaved(answer: unknown): boolean {
  return answer === 'saved' || answer === 'exists' || answer === 'epoch' || answer === 'full'
}

function isBoolean(answer: unknown): boolean {
  return typeof answer === 'boolean'
}

function isEpoch(answer: unknown): boolean {
  return isObject(answer) && Number.isSafeInteger(answer.epoch)
}

function isUserSessions(answer: unknown): boolean {
  if (!isObject(answer)) return false
  const { epoch, sessions } = answer
  if (epoch !== undefined && !Number.isSafeInteger(epoch)) return false
  return Array.isArray(sessions) && sessions.every((one) => isFound(one) && typeof one.id === 'string')
}

function isSwept(answer: unknown): boolean {
  return isObject(answer) && typeof answer.removed === 'number' && typeof answer.more === 'boolean'
}

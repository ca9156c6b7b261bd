/**
 * Who is signed in as far as this client knows, the turns in which that changes, and who is told of it.
 * @module
 */
import type { UserLike } from '@handstamp/core/schema'
import type { Session } from '@handstamp/core/session'

/** `unreachable`: the auth server did not answer when it was last asked; who is signed in stays what it was. */
export type ClientStatus = 'unknown' | 'signed-in' | 'signed-out' | 'unreachable'

export interface AuthState<User> {
  /** undefined: not known yet; null: nobody. */
  readonly session: Session<User> | null | undefined
  readonly reachable: boolean
  /** Counts the credentials: a request that was refused under an older one is worth another try. */
  readonly version: number
  /** Counts the people: a request of one must never be repeated as another. */
  readonly era: number
  /** The server said who is signed in. */
  learn(session: Session<User> | null): void
  /** Who is signed in has a new credential, or none any more. */
  renew(session: Session<User> | null): void
  /** Somebody else is signed in, or nobody. */
  replace(session: Session<User> | null): void
  /** The server did not answer. */
  lose(): void
  /** Runs the tasks that exchange credentials one after another, and tells the listeners after each. */
  inTurn<T>(task: () => Promise<T>): Promise<T>
  /** Tells the listeners of a change that is in no turn. */
  tell(): void
  subscribe(listener: () => void): () => void
}

/**
 * A new state. Listeners are told when a turn is over, so that whatever one calls finds its way free; one that throws
 * harms nobody and is reported where the runtime has `reportError`.
 */
export function createAuthState<User extends UserLike>(initial: Session<User> | null | undefined): AuthState<User> {
  let changed = false
  let turn: Promise<unknown> = Promise.resolve()
  const listeners = new Set<() => void>()
  const state = {
    session: initial,
    reachable: true,
    version: 0,
    era: 0,
    learn,
    renew(session: Session<User> | null) {
      state.version++
      learn(session)
    },
    replace(session: Session<User> | null) {
      state.era++
      state.renew(session)
    },
    lose: () => learn(state.session, false),
    inTurn<T>(task: () => Promise<T>) {
      const result = turn.then(task)
      turn = result.then(tell, tell)
      return result
    },
    tell,
    subscribe(listener: () => void) {
      // One entry a call, so that the same function may listen twice and leave once.
      const entry = () => listener()
      listeners.add(entry)
      return () => {
        listeners.delete(entry)
      }
    },
  }

  function learn(session: typeof initial, reachable = true): void {
    // Not by the session's id: a token without a record gets another one with each refresh.
    if (state.session && state.session.user.id !== session?.user.id) state.era++
    changed ||= session !== state.session || reachable !== state.reachable
    Object.assign(state, { session, reachable })
  }

  function tell(): void {
    if (!changed) return
    changed = false
    for (const listener of [...listeners]) {
      // In an async function, since a listener may throw now or reject later.
      const told = async () => listeners.has(listener) && listener()
      told().catch((error: unknown) => globalThis.reportError?.(error))
    }
  }

  return state
}

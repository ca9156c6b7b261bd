/**
 * Signing in, and out: each in its turn, so that no answer of one overtakes the other's.
 * @module
 */
import type { Session, Transport } from '@handstamp/core/session'
import { routePaths } from '@handstamp/core/wire'
import type { Ask, RefusalCode } from './auth-server.ts'
import type { AuthState } from './auth-state.ts'
import type { RefreshOnce } from './refresh-once.ts'
import type { HeldTokens } from './tokens.ts'

/** What became of a sign-in. A refusal is a value; `unreachable` says that the server could not be asked. */
export type SignedIn<User> =
  | { readonly ok: true; readonly session: Session<User> }
  | {
      readonly ok: false
      readonly code: RefusalCode
      /** Seconds to wait before the next try, with `rate_limited`. */
      readonly retryAfter?: number
    }

/** What became of the session on the server; on this side it is over in any case. */
export interface SignedOut {
  /** False: the server could not be reached, or a token without a record lives on. */
  readonly revoked: boolean
  /** When such a token dies by itself, in milliseconds since the epoch. */
  readonly validUntil?: number
}

export interface SignIn<User> {
  signIn(credentials: unknown): Promise<SignedIn<User>>
  signOut(): Promise<SignedOut>
}

/** Signing in and out of one client; neither rejects. */
export function createSignIn<User>(
  transport: Transport,
  ask: Ask<User>,
  state: AuthState<User>,
  tokens: HeldTokens,
  { keep }: RefreshOnce<User>,
): SignIn<User> {
  let signOuts = 0

  return {
    signIn(credentials) {
      const before = signOuts
      return state.inTurn(async () => {
        // The session that is left is presented, so that the server ends it.
        const left = await tokens.read()
        const answer = await ask(routePaths.signIn, left?.access_token, credentials)
        const { session, code, retryAfter } = answer
        if (!session) {
          if (code === 'unreachable') state.lose()
          return { ok: false, code, ...(retryAfter && { retryAfter }) }
        }
        if (before === signOuts) await keep(session, answer)
        // Called off while it was under way, and maybe after the sign-out had looked for something to end.
        else await ask(routePaths.signOut, answer.access_token)
        if (before !== signOuts) return { ok: false, code: 'unauthenticated' }
        state.replace(session)
        return { ok: true, session }
      })
    },
    async signOut() {
      signOuts++
      state.replace(null)
      state.tell()
      const held = await tokens.clear()
      return state.inTurn(async () => {
        if (transport === 'bearer' && !held) return { revoked: true }
        const { status, validUntil } = await ask(routePaths.signOut, held?.access_token)
        const revoked = status === 204
        if (!revoked && !validUntil) state.lose()
        return { revoked, ...(validUntil && { validUntil }) }
      })
    },
  }
}

/**
 * The credential of this client: kept, presented where the server says who is signed in, and refreshed once however many ask.
 * @module
 */
import type { Session, Transport } from '@handstamp/core/session'
import { routePaths } from '@handstamp/core/wire'
import type { Answer, Ask } from './auth-server.ts'
import type { AuthState } from './auth-state.ts'
import type { HeldTokens, Tokens } from './tokens.ts'

/** No method rejects. */
export interface RefreshOnce<User> {
  /** Keeps what an answer grants with a session, `of` the one that was signed in to. */
  keep(session: Session<User>, answer: Answer<User>, of?: string): Promise<void>
  /**
   * Refreshes the credential, in one flight for all who ask, and answers whether there is a new one. Nothing is done for
   * nobody, nor while an unreachable server is left in peace.
   */
  refresh(): Promise<boolean>
  /** Asks the server who is signed in, once for all who ask, and answers what is known then. */
  load(): Promise<Session<User> | null | undefined>
  /** True when these tokens, or the cookie, want a refresh by now. */
  isDue(held: Tokens | undefined): boolean
}

/** Refusals that end a session. Whatever else comes back, e.g. from a proxy in between, says nothing about it. */
const endings = /^40[01] (invalid_(grant|request|token)|unauthenticated|ambiguous_credential)$/

/** Seconds: the longest pause of our own, and the longest that a server may ask for. */
const longestPause = 30
const longestAsked = 3_600

/** The credential of one client. */
export function createRefreshOnce<User>(
  transport: Transport,
  ask: Ask<User>,
  state: AuthState<User>,
  tokens: HeldTokens,
): RefreshOnce<User> {
  let due = Infinity
  let pause = 0
  let pausedUntil = 0
  let refreshing: Promise<void> | undefined
  let loading: Promise<void> | undefined

  async function keep({ id }: Session<User>, answer: Answer<User>, of: string = id): Promise<void> {
    const { access_token, refresh_token, expires_in, refreshable, sentAt } = answer
    // Counted from the question, so that the way of the answer is on the safe side, and a little earlier than it must be.
    const lifetime = refreshable ? (expires_in ?? Infinity) : Infinity
    due = sentAt + (lifetime - Math.min(lifetime / 10, 10)) * 1_000
    if (access_token) await tokens.write({ access_token, refresh_token, session_id: of })
  }

  /** Takes the answer of either route into the state, unless there is a newer credential by then. True: a refresh may help. */
  async function present(path: string): Promise<boolean> {
    const { version } = state
    const held = await tokens.read()
    const forRefresh = path === routePaths.refresh
    const body = forRefresh && held?.refresh_token ? { refresh_token: held.refresh_token } : undefined
    // In split a refresh goes by the cookie, which the server does not look at beside a bearer token.
    const token = body || (forRefresh && transport === 'split') ? undefined : held?.access_token
    // Without a token there is nothing to present: that nobody is signed in is known here.
    const nobody = { session: null } as Answer<User>
    const answer = transport === 'bearer' && !held ? nobody : await ask(path, token, body)
    const { session, status, code, retryAfter } = answer
    // Signed out meanwhile: neither a new credential nor a refusal of the old one matters any more.
    if (version !== state.version) return false
    if (session) {
      // What was presented is whose they are, even if a token without a record has another id by now.
      await keep(session, answer, token || body ? held?.session_id : undefined)
      if (version === state.version) state[forRefresh ? 'renew' : 'learn'](session)
      return false
    }
    const over = session === null || endings.test(`${status} ${code}`)
    // With an access token alone to look at, the server knows nothing of the refresh token beside it.
    if (!forRefresh && (code === 'token_expired' || (over && held?.refresh_token))) return true
    if (over) {
      await tokens.clear(held)
      // What is there now was put there by another tab, and nobody refused it.
      if (!(await tokens.read())) state.replace(null)
    } else {
      pause = state.reachable ? 1 : Math.min(pause * 2, longestPause)
      pausedUntil = performance.now() + Math.max(pause, Math.min(retryAfter, longestAsked)) * 1_000
      state.lose()
    }
    return false
  }

  async function refresh(): Promise<boolean> {
    const { version } = state
    // Who signed out is not brought back by a cookie that could not be cleared.
    const signedOut = state.session === null && transport !== 'bearer'
    const pausing = !state.reachable && performance.now() < pausedUntil
    if (signedOut || pausing) return false
    refreshing ??= state.inTurn(async () => {
      if (version === state.version) await present(routePaths.refresh)
      // Over before the listeners are told, so that one of them can begin the next.
      refreshing = undefined
    })
    await refreshing
    return version !== state.version && !!state.session
  }

  async function load(): Promise<typeof state.session> {
    loading ??= state.inTurn(async () => {
      // A refresh says itself who is signed in, so there is nothing left to ask after it.
      if (await present(routePaths.session)) await present(routePaths.refresh)
      loading = undefined
    })
    await loading
    return state.session
  }

  return {
    keep,
    refresh,
    load,
    // After a reload in split the cookie alone is left: it brings the first access token.
    isDue: (held) => performance.now() >= due || (transport === 'split' && !held),
  }
}

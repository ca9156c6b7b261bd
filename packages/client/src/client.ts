/**
 * The client: its parts, put together.
 * @module
 */
import type { Session } from '@handstamp/core/session'
import type { AuthShape } from '@handstamp/core/shape'
import { type AuthFetch, createAuthFetch } from './auth-fetch.ts'
import { connect } from './auth-server.ts'
import { type ClientStatus, createAuthState } from './auth-state.ts'
import { type AnyAuth, type AuthClientOptions, readOptions, type ShapeOf } from './options.ts'
import { createRefreshOnce } from './refresh-once.ts'
import { type ClientSessions, createSessions } from './sessions.ts'
import { createSignIn, type SignedIn, type SignedOut } from './sign-in.ts'
import { holdTokens } from './tokens.ts'

/** What every client has. No method needs `this`. */
export interface ClientCore<S extends AuthShape> {
  /** undefined: not known yet; null: nobody is signed in. A new object after each change and the same one in between. */
  readonly session: Session<S['user']> | null | undefined
  readonly status: ClientStatus
  /**
   * Asks the server who is signed in and answers it, undefined if that cannot be found out now. Nothing is asked by
   * itself: call this once when the page starts, unless `initial` says it already.
   */
  load(): Promise<Session<S['user']> | null | undefined>
  /**
   * Ends the session here at once, whatever becomes of it on the server: the answer says. `revoked: false` without
   * `validUntil` means that the server could not be told; with cookies the browser still holds one then, and `load()`
   * would find it.
   */
  signOut(): Promise<SignedOut>
  /**
   * Refreshes now, or with the refresh that is under way. True if there is a new credential; if not, `session` and
   * `status` say why. While the server is unreachable there are pauses between the tries; `load()` asks at once.
   */
  refresh(): Promise<boolean>
  /**
   * `fetch` with the credential, for allowed origins alone. Refreshes before a request whose token is known to be spent,
   * and after a 401 that says so; then the request is repeated once, with its method and body, since a 401 means that
   * nothing was done. It is not repeated if its body was a stream, or for another user. What is still refused is returned.
   *
   * A redirect takes no token to another origin, as browsers, Node, Deno and Bun see to it; in Cloudflare Workers it is
   * returned and not followed, unless `redirect` says so. An API on another origin must expose `WWW-Authenticate`.
   */
  readonly fetch: AuthFetch
  /** The value of an Authorization header for what cannot go through `fetch`, e.g. a WebSocket; null in the cookie transport. */
  authorization(): Promise<string | null>
  /** Calls the listener after each change of `session` or `status`. It may call any method. Returns its end. */
  subscribe(listener: () => void): () => void
}

/** A client as far as the server of this shape has the matching parts. */
export type AuthClient<S extends AuthShape> = ClientCore<S> &
  ([S['credentials']] extends [never]
    ? unknown
    : { signIn(credentials: S['credentials']): Promise<SignedIn<S['user']>> }) &
  ('token' extends S['strategy'] ? unknown : { readonly sessions: ClientSessions })

/**
 * Makes a client. The server's type alone tells it who the user is, what a sign-in takes and which storages are legal.
 *
 * Throws a TypeError that says what to write instead if an option is wrong.
 *
 * @example
 * ```ts
 * import type { auth } from '../server/auth.ts'
 *
 * const client = createAuthClient<typeof auth>({ baseURL: 'https://app.example', storage: 'cookie' })
 * await client.load()
 * const response = await client.fetch('/api/me')
 * ```
 */
export function createAuthClient<A extends AnyAuth>(options: AuthClientOptions<ShapeOf<A>>): AuthClient<ShapeOf<A>> {
  type User = ShapeOf<A>['user']
  const settings = readOptions<User>(options)
  const { transport } = settings
  const state = createAuthState(settings.initial)
  const tokens = holdTokens(settings.storage)
  const ask = connect(settings)
  const credential = createRefreshOnce(transport, ask, state, tokens)
  const { load, refresh, isDue } = credential
  const fetch = createAuthFetch(settings, state, tokens, credential)

  return {
    get session() {
      return state.session
    },
    get status(): ClientStatus {
      if (!state.reachable) return 'unreachable'
      return state.session ? 'signed-in' : state.session === null ? 'signed-out' : 'unknown'
    },
    load,
    ...createSignIn(transport, ask, state, tokens, credential),
    refresh,
    fetch,
    async authorization() {
      if (isDue(await tokens.read())) await refresh()
      const held = await tokens.read()
      return held ? `Bearer ${held.access_token}` : null
    },
    subscribe: state.subscribe,
    sessions: createSessions(settings.base, fetch, async (id) => {
      if (id === state.session?.id) await load()
    }),
  }
}

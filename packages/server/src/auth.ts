/**
 * `createAuth`: one interface over every strategy, transport and store.
 * @module
 */
import type { AuthResult, Granted, Rejected } from '@handstamp/core/auth-result'
import { handleOf, isSessionId } from '@handstamp/core/credential'
import type { Effect } from '@handstamp/core/effect'
import type { Infer, StandardSchema, UserLike } from '@handstamp/core/schema'
import { userHandle } from '@handstamp/core/secret'
import { listingOf, type Session, type SessionListing, type Transport } from '@handstamp/core/session'
import type { AuthShape, StrategyKind } from '@handstamp/core/shape'
import type { AuthOptions, CheckedOptions, OneOf, Transports } from './auth-options.ts'
import { type AuthenticateOptions, authenticate } from './authenticate.ts'
import { corsHeaders } from './cors.ts'
import { readOptions, type Settings } from './options.ts'
import { challengeResponse } from './problem.ts'
import { bouncePage } from './redirect.ts'
import { refreshSession } from './refresh.ts'
import { renewSession } from './renew.ts'
import type { RequestFace } from './request-face.ts'
import { applyEffects } from './response-headers.ts'
import { handleRoute } from './routes.ts'
import { checkUser, chooseTransport, grantSession, type SignInOptions } from './sign-in.ts'
import { endSession, type SignedOut } from './sign-out.ts'
import { watchSession } from './watch.ts'

/** A user's sessions, for strategies that keep records. Each method throws AuthError where the store cannot answer. */
export interface Sessions<User> {
  list(userId: string): Promise<readonly SessionListing[]>
  /** True when this call ended it. With `userId`, only if the session is that user's. */
  revoke(sessionId: string, owner?: { readonly userId: string }): Promise<boolean>
  /** Ends all, and beats a sign-in or refresh in flight; answers how many there were. */
  revokeAll(userId: string, options?: { readonly except?: string }): Promise<number>
  /**
   * Rewrites the user in all records, also those that a renewal or a sign-in brings meanwhile; answers how many there are.
   * For a change of privileges use `renew`.
   */
  update(user: User): Promise<number>
}

export interface AuthCore<S extends AuthShape> {
  /** The first origin. */
  readonly origin: string
  /**
   * Who is this? Never rotates, never sets a cookie.
   *
   * @throws AuthError where the answer is neither yes nor no: `ERR_STORE_UNAVAILABLE` or `ERR_STORE_TIMEOUT`, and
   * `ERR_CLAIMS_INVALID` where the user schema throws. TypeError or RangeError for a `fresh` that is no duration.
   *
   * @example
   * ```ts
   * const result = await auth.authenticate(request, { fresh: '5m' })
   * const answer = result.ok ? Response.json(result.session.user) : auth.challenge(result)
   * const response = auth.apply(result, answer)
   * ```
   */
  authenticate(request: RequestFace, options?: AuthenticateOptions): Promise<AuthResult<S['user']>>
  /**
   * A session for a user whom the application has proven. The session that the request presents ends. Takes no origin check:
   * a callback of an identity provider is cross-site.
   *
   * @throws AuthError `ERR_CLAIMS_INVALID` where the user does not fit the schema or is not JSON, `ERR_CREDENTIAL_TOO_LARGE`
   * where it fits no cookie or header, and what the store throws: `ERR_STORE_UNAVAILABLE`, `ERR_STORE_TIMEOUT`,
   * `ERR_STORE_LIMIT`. Nobody is signed in then.
   *
   * @example
   * ```ts
   * const granted = await auth.signIn({ id: 'u_1', role: 'member' }, request)
   * const response = auth.apply(granted, new Response(null, { status: 303, headers: { location: '/' } }))
   * ```
   */
  signIn(user: S['user'], request: RequestFace, options?: SignInOptions): Promise<Granted<S['user']>>
  /**
   * The same session under a new secret, proven now: for a step-up or a change of privileges. `pending` names a factor that
   * is still owed.
   *
   * @throws AuthError as `signIn` does, and `ERR_STORE_CONFLICT` where the session changes under every attempt.
   */
  renew(
    user: S['user'],
    request: RequestFace,
    options?: { readonly pending?: string },
  ): Promise<Granted<S['user']> | Rejected>
  /**
   * For a middleware that can write, when `authenticate` answered `refreshable`.
   *
   * @throws AuthError, and the credential stays good: what the store throws, `ERR_STORE_CONFLICT` where the session changes
   * under every attempt, `ERR_KEY_UNAVAILABLE` where the secret that a repeat needs is gone, `ERR_CLOCK_BEHIND` for a token from
   * the future.
   */
  refresh(request: RequestFace, options?: { readonly refreshToken?: string }): Promise<Granted<S['user']> | Rejected>
  /**
   * Ends the session that the request presents. Takes no origin check: the route does, and a page that calls this must.
   *
   * @throws AuthError where the store cannot be reached: nothing has ended then, and no cookie is cleared.
   */
  signOut(request: RequestFace): Promise<SignedOut>
  /** The routes of the wire; undefined when the path is not one of them. What fails is a 503 or 500 and an event: it never throws an AuthError. */
  handler(request: Request): Promise<Response | undefined>
  /** The only way effects reach a response; a copy where its headers cannot be changed. */
  apply<R extends { readonly headers: Headers }>(result: { readonly effects: readonly Effect[] }, response: R): R
  /** A refusal as a response (RFC 6750, RFC 9457). */
  challenge(result: Rejected): Response
  /** CORS for the application's own routes; without it a client on another origin never learns that it should refresh. */
  corsHeaders(request: RequestFace): Headers
  /** A page that reloads itself once, for `crossSiteNavigation`. */
  bounce(request: RequestFace): Response
  /**
   * Tells a connection that outlives its request when the user of its session was rewritten, and once when it has ended;
   * answers what stops it. Needs `feed`.
   *
   * @throws TypeError without a feed.
   *
   * @example
   * ```ts
   * const result = await auth.authenticate(request)
   * if (result.ok) auth.watch(result.session, (change) => console.log(change))
   * ```
   */
  watch(session: Session<S['user']>, onChange: (change: 'changed' | 'ended') => void): () => void
  /**
   * Waits for work that no answer waited for, and lets go of the feed. The store's client is yours to end, after it.
   *
   * @example
   * ```ts
   * import { createServer } from 'node:http'
   * import { toNodeHandler } from '@handstamp/server/adapters/node'
   *
   * const server = createServer(toNodeHandler(auth)).listen(3000)
   * process.once('SIGTERM', () => {
   *   server.close(() => auth.close())
   *   setInterval(() => server.closeIdleConnections(), 100).unref() // a browser keeps its connection for the next request
   * })
   * ```
   */
  close(): Promise<void>
  /** Carries the shape for inference; never present at run time. */
  readonly '~shape'?: S
}

export type Auth<S extends AuthShape> = AuthCore<S> &
  ('token' extends S['strategy'] ? unknown : { readonly sessions: Sessions<S['user']> })

/** The user of an auth, by type. */
export type InferUser<A> = A extends { readonly '~shape'?: infer S }
  ? NonNullable<S> extends AuthShape
    ? NonNullable<S>['user']
    : never
  : never

/**
 * Answers the one object through which an application signs in, recognises and signs out its users.
 *
 * @example
 * ```ts
 * import { createAuth, memoryStore, session } from '@handstamp/server'
 * import { z } from 'zod'
 *
 * const auth = createAuth({
 *   origin: 'https://app.example',
 *   strategy: session({ store: memoryStore() }),
 *   transport: 'cookie',
 *   user: z.object({ id: z.string(), role: z.enum(['admin', 'member']) }),
 * })
 * const result = await auth.authenticate(new Request('https://app.example/'))
 * ```
 * @throws TypeError | RangeError naming the option and what to write instead.
 */
export function createAuth<
  K extends StrategyKind,
  const T extends Transports,
  U extends StandardSchema,
  C extends StandardSchema<unknown> = StandardSchema<never>,
>(
  options: CheckedOptions<K, T, U, C>,
): Auth<{ user: Infer<U> & UserLike; strategy: K; transport: OneOf<T> & Transport; credentials: Infer<C> }> {
  const settings = readOptions(
    options as unknown as AuthOptions<StrategyKind, Transports, StandardSchema<UserLike>, StandardSchema<unknown>>,
  )
  return openAuth(settings) as unknown as Auth<{
    user: Infer<U> & UserLike
    strategy: K
    transport: OneOf<T> & Transport
    credentials: Infer<C>
  }>
}

function openAuth<User extends UserLike>(
  settings: Settings<User>,
): AuthCore<AuthShape & { user: User }> & { readonly sessions?: Sessions<User> } {
  const { strategy, clock, trusted, origin } = settings
  const core: AuthCore<AuthShape & { user: User }> = {
    origin,
    authenticate: (request, options) => authenticate(request, settings, options),
    async signIn(user, request, options) {
      const transport = chooseTransport(request, settings.transports) ?? settings.transports[0]
      if (transport === undefined) throw new TypeError('transport is empty')
      const granted = await grantSession({ user, provenAt: clock() }, request, transport, settings, options)
      if (!granted) throw new TypeError('unreachable: nothing was proven twice')
      return granted
    },
    renew: (user, request, options) => renewSession(user, options?.pending, request, settings),
    refresh: (request, options) => refreshSession(request, options?.refreshToken, settings),
    signOut: (request) => endSession(request, settings),
    handler: (request) => handleRoute(request, settings),
    apply: (result, response) => applyEffects(result.effects, response, settings),
    challenge: (result) => challengeResponse(result, settings),
    corsHeaders: (request) => corsHeaders(request, { trusted, credentials: settings.cookies !== undefined }),
    bounce: (request) => bouncePage(request, origin),
    watch: (session, onChange) => watchSession(session, onChange, settings),
    close: settings.close,
  }
  return strategy.sessions ? { ...core, sessions: openSessions(settings, strategy.sessions) } : core
}

function openSessions<User extends UserLike>(
  settings: Settings<User>,
  records: NonNullable<Settings<User>['strategy']['sessions']>,
): Sessions<User> {
  return {
    async list(userId) {
      return (await records.list(userId)).map((record) => listingOf(record, undefined))
    },
    async revoke(sessionId, owner) {
      if (!isSessionId(sessionId) || (owner !== undefined && handleOf(sessionId) !== userHandle(owner.userId)))
        return false
      return records.revoke(sessionId)
    },
    async revokeAll(userId, options) {
      const sessions = await records.revokeAll(userId, options?.except)
      settings.emit({ type: 'user.signed_out_everywhere', userId, sessions })
      return sessions
    },
    update: async (user) => records.update(await checkUser(user, settings)),
  }
}

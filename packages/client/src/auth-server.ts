/**
 * The auth server's own routes, as questions with an answer; that none came is an answer too.
 * @module
 */
import type { GrantBody } from '@handstamp/core/auth-result'
import type { ProblemCode } from '@handstamp/core/rejection'
import type { UserLike } from '@handstamp/core/schema'
import type { Session } from '@handstamp/core/session'
import {
  type ProblemBody,
  routePaths,
  type SessionBody,
  type SessionsBody,
  type SignedOutBody,
  transportHeader,
} from '@handstamp/core/wire'
import type { Settings } from './options.ts'
import { areTokens } from './tokens.ts'

/** Why not: the server's own word, or that no answer of its came back, be it nothing or a page of somebody in between. */
export type RefusalCode = ProblemCode | 'unreachable'

/** What may be found in a body, if it is one of ours. */
export type AnswerBody<User> = Partial<
  Omit<GrantBody<User>, 'session'> &
    Pick<SessionBody<User>, 'session'> &
    SessionsBody &
    SignedOutBody &
    Pick<ProblemBody, 'code'>
>

/** A body and what came with it. `session` is there after a success alone: whose it is, or null for nobody. */
export interface Answer<User> extends Omit<AnswerBody<User>, 'code' | 'session'> {
  readonly session: Session<User> | null | undefined
  /** undefined where nothing came back. */
  readonly status: number | undefined
  readonly code: RefusalCode
  /** Seconds that the server asked to wait; 0 if it did not. */
  readonly retryAfter: number
  /** When the question was sent, by the monotonic clock. */
  readonly sentAt: number
}

/** Asks the auth server, with an access token and a body if there are any. Never rejects. */
export type Ask<User> = (path: string, token: string | undefined, body?: unknown) => Promise<Answer<User>>

/**
 * Milliseconds. The hash of a password, and a slow directory behind it, take their time; anything else is below the
 * server's default grace of 10 s, so that the repeat of a refresh whose answer was lost still falls into it.
 */
const patience = 8_000
const patienceAtSignIn = 30_000

/** Connects a client's settings with the routes under their base path. */
export function connect<User extends UserLike>({ base, transport, fetch }: Settings<User>): Ask<User> {
  return async (path, token, body) => {
    const post = path !== routePaths.session
    const sentAt = performance.now()
    const {
      response,
      body: answer,
      code,
    } = await receive<User>(() =>
      fetch(base + path, {
        method: post ? 'POST' : 'GET',
        headers: {
          ...(post && { [transportHeader]: transport }),
          ...(token && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        ...(transport !== 'bearer' && { credentials: 'include' }),
        // None of these routes redirects, and a 307 would carry a password or a refresh token along. ('error' and even the
        // name of `credentials` are refused by Cloudflare Workers.)
        redirect: 'manual',
        // The answer counts even if the page is left meanwhile: its cookie, or the session that it ends.
        keepalive: post,
        signal: AbortSignal.timeout(path === routePaths.signIn ? patienceAtSignIn : patience),
      }),
    )
    const { session, access_token, refresh_token } = answer
    // Signed in without tokens would be signed in for nothing; a session that was asked for comes without.
    const usable = session
      ? session.user?.id &&
        (transport === 'cookie' || !post || areTokens({ access_token, refresh_token, session_id: session.id }))
      : !post
    return {
      ...answer,
      code,
      session: response?.ok && usable ? session : undefined,
      status: response?.status,
      retryAfter: Number(response?.headers.get('retry-after')) || 0,
      sentAt,
    }
  }
}

/**
 * What came back, if anything did: the body is empty unless it is a whole JSON object, as a proxy in between, or a
 * connection that breaks, may send anything else. Never rejects.
 */
export async function receive<User>(send: () => Promise<Response>): Promise<{
  readonly response: Response | undefined
  readonly body: AnswerBody<User>
  readonly code: RefusalCode
}> {
  let response: Response | undefined
  let body: AnswerBody<User> = {}
  try {
    response = await send()
    body = Object(await response.json())
  } catch {
    // Then there is no answer, or none with a body.
  }
  const { code } = body
  return { response, body, code: !response?.ok && typeof code === 'string' ? code : 'unreachable' }
}

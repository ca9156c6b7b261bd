/**
 * The way of a request: attach the credential → fetch → on a refusal that a refresh can mend, refresh once → replay once.
 * @module
 */
import { routePaths } from '@handstamp/core/wire'
import { attach } from './attach.ts'
import type { AuthState } from './auth-state.ts'
import type { Settings } from './options.ts'
import type { RefreshOnce } from './refresh-once.ts'
import type { HeldTokens } from './tokens.ts'

/** `fetch` with the credential. `via` is what sends in the end, the client's own fetch unless an interceptor says otherwise. */
export type AuthFetch = (
  input: RequestInfo | URL,
  init?: RequestInit,
  via?: (input: RequestInfo | URL, init?: RequestInit) => Promise<Response>,
) => Promise<Response>

/** The routes that exchange credentials: a refusal of theirs is the answer. */
const exchanges: readonly string[] = [routePaths.signIn, routePaths.signOut, routePaths.refresh]

/** `client.fetch`. Requests to origins that are not allowed, and those that bring an Authorization of their own, go out as they are. */
export function createAuthFetch<User>(
  { allowed, base, transport, fetch }: Settings<User>,
  state: AuthState<User>,
  tokens: HeldTokens,
  { isDue, refresh, load }: RefreshOnce<User>,
): AuthFetch {
  return async (input, init, via = fetch) => {
    const request = typeof input === 'object' && 'url' in input ? input : undefined
    // As `fetch` itself reads it. Not `URL.origin`, which is also that of a `blob:` made there.
    const { protocol, host, pathname } = new URL((request ?? new Request(input)).url)
    const target = `${protocol}//${host}`
    const headers = new Headers(init?.headers ?? request?.headers)
    if (
      !allowed.includes(target) ||
      exchanges.some((path) => target + pathname === base + path) ||
      headers.has('authorization') ||
      (init?.mode ?? request?.mode) === 'no-cors'
    ) {
      return via(input, init)
    }

    const withTokens = attach(headers, request, init, transport)
    const signal = init?.signal ?? request?.signal
    let held = await tokens.read()
    if (isDue(held)) {
      await unlessAborted(refresh(), signal)
      held = await tokens.read()
    }
    const { version, era } = state
    // A Request can be sent once, so its copy is made before; a body of `init` comes along with `init`.
    const copy = init?.body ? input : (request?.clone() ?? input)
    const response = await via(input, withTokens(held))

    const challenge = /(?:^|, *)bearer\b(.*)/i.exec(response.headers.get('www-authenticate') ?? '')?.[1]
    if (response.status !== 401 || challenge === undefined) return response
    const spent =
      /error="?invalid_token\b/.test(challenge) && (held?.refresh_token || /="?token_expired\b/.test(challenge))

    let now = await tokens.read()
    const unchanged = () => version === state.version && now?.access_token === held?.access_token
    if (unchanged()) {
      if (spent) await unlessAborted(refresh(), signal)
      // Nobody is signed in any more, it says. The auth server is asked before it is believed: an API may mean its own users.
      else if (state.session && base.startsWith(`${target}/`) && !challenge.includes('insufficient_'))
        await unlessAborted(load(), signal)
      now = await tokens.read()
    }
    const another = era !== state.era || now?.session_id !== held?.session_id
    if (!spent || unchanged() || another || isStream(init?.body)) return response
    // The connection is wanted again, and nobody will read this.
    response.body?.cancel().catch(() => {})
    return via(copy, withTokens(now))
  }
}

/** True for a body that is gone once it was sent. */
function isStream(body: unknown): boolean {
  return 'getReader' in Object(body) || Symbol.asyncIterator in Object(body)
}

/** Waits for what is shared; a caller who gives up leaves it to the others. */
function unlessAborted(shared: Promise<unknown>, signal: AbortSignal | null | undefined): Promise<unknown> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const giveUp = () => reject(signal?.reason)
    signal?.addEventListener('abort', giveUp)
    // A signal may live as long as the page, so nothing is left on it.
    shared.finally(() => signal?.removeEventListener('abort', giveUp)).then(resolve, reject)
  })
}

/**
 * The interceptor of `fetch`: for applications, and libraries of theirs, that call the global one.
 * @module
 */
import type { AuthFetch } from '../auth-fetch.ts'

/** What is needed of a client, and of the scope whose `fetch` is replaced. */
export interface FetchingClient {
  readonly fetch: AuthFetch
}
export interface FetchScope {
  fetch: typeof globalThis.fetch
}

/**
 * Sends the scope's requests through `client.fetch`, so that those to allowed origins carry the credential, and by the
 * `fetch` that stood there before, so that interceptors stack in any order. The client's own requests stay as they are:
 * it looked up its `fetch` when it was made.
 *
 * Returns the undo. It puts the former `fetch` back if nobody has replaced ours meanwhile; else ours stays in the chain
 * and only passes on.
 *
 * @example
 * ```ts
 * const undo = interceptFetch(client)
 * await fetch('/api/me')
 * undo()
 * ```
 */
export function interceptFetch(client: FetchingClient, scope: FetchScope = globalThis): () => void {
  const former = scope.fetch
  const send: typeof former = (input, init) => former.call(scope, input, init)
  let active = true
  const intercepted: typeof former = (input, init) => (active ? client.fetch(input, init, send) : send(input, init))
  scope.fetch = intercepted
  return () => {
    active = false
    if (scope.fetch === intercepted) scope.fetch = former
  }
}

/**
 * The sessions of the user who is signed in, on all their devices: listed, and ended one by one or all but this.
 * @module
 */
import type { SessionListing } from '@handstamp/core/session'
import { routePaths, type SessionsBody } from '@handstamp/core/wire'
import type { AuthFetch } from './auth-fetch.ts'
import { type RefusalCode, receive } from './auth-server.ts'

/**
 * Thrown where `client.sessions` was refused or could not ask. It holds the code and nothing else.
 *
 * @example
 * ```ts
 * const problem = await client.sessions.revoke(id).catch((error: unknown) => error)
 * if (problem instanceof ClientError && problem.code === 'not_found') console.log('it has ended already')
 * ```
 */
export class ClientError extends Error {
  override readonly name = 'ClientError'
  readonly code: RefusalCode

  constructor(code: RefusalCode) {
    super(`client.sessions: ${code}`)
    this.code = code
  }
}

/** Each method throws a {@link ClientError} where the server refused, e.g. `not_found`, or could not be asked. */
export interface ClientSessions {
  list(): Promise<readonly SessionListing[]>
  /** Ends one session; if it is the one in use, it is over here too. */
  revoke(id: string): Promise<void>
  /** Ends all sessions of the user but the one in use. */
  revokeOthers(): Promise<void>
}

/** The sessions as the wire has them. `onRevoked` is called with the id of a session that was ended. */
export function createSessions(
  base: string,
  fetch: AuthFetch,
  onRevoked: (id: string) => Promise<void>,
): ClientSessions {
  async function ask(method: 'GET' | 'DELETE', path: string): Promise<SessionsBody['sessions']> {
    const { response, body, code } = await receive(() => fetch(base + routePaths.sessions + path, { method }))
    const { sessions } = body
    // A page of somebody in between is a 200 as well, and has ended nothing.
    if (method === 'GET' ? !response?.ok || !Array.isArray(sessions) : response?.status !== 204)
      throw new ClientError(code)
    return sessions as SessionsBody['sessions']
  }

  return {
    list: () => ask('GET', ''),
    revoke: async (id) => {
      await ask('DELETE', `/${encodeURIComponent(id)}`)
      await onRevoked(id)
    },
    revokeOthers: async () => void (await ask('DELETE', '?others=true')),
  }
}

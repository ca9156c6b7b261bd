/**
 * A request of somebody who is signed in, for the tests of an application.
 * @module
 */
import type { UserLike } from '@handstamp/core/schema'
import type { Transport } from '@handstamp/core/session'
import type { AuthCore } from '../auth.ts'
import type { SignInOptions } from '../sign-in.ts'
import { createAgent } from './agent.ts'

export interface SignedInRequestOptions extends SignInOptions {
  /** A path of the application; `/` unless set. */
  readonly path?: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** A JSON body. */
  readonly json?: unknown
  /** `cookie` unless set. */
  readonly transport?: Transport
}

/**
 * Signs the user in for real and answers a request with the credentials of that session.
 *
 * @throws what `auth.signIn` throws: AuthError `ERR_CLAIMS_INVALID` for a user who does not fit the schema.
 *
 * @example
 * ```ts
 * const request = await signedInRequest(auth, { id: '1', role: 'admin' }, { method: 'POST', path: '/api/notes', json: { text } })
 * const response = await app.fetch(request)
 * ```
 */
export async function signedInRequest<User extends UserLike>(
  auth: Pick<
    AuthCore<{ user: User; strategy: never; transport: never; credentials: never }>,
    'signIn' | 'apply' | 'handler' | 'origin'
  >,
  user: User,
  options: SignedInRequestOptions = {},
): Promise<Request> {
  const { path = '/', method = 'GET', transport = 'cookie', headers, json, ...signIn } = options
  const agent = createAgent(auth, transport)
  const granted = await auth.signIn(user, agent.request('POST', '/'), signIn)
  await agent.keep(auth.apply(granted, Response.json(granted.body)))
  return agent.request(method, path, { ...(headers ? { headers } : {}), ...(json === undefined ? {} : { json }) })
}

/**
 * better-auth on its memory adapter, with one user who is signed in.
 * @module
 */
import { type BetterAuthOptions, betterAuth } from 'better-auth'
import { memoryAdapter } from 'better-auth/adapters/memory'

export interface BetterAuthSession {
  readonly cookie: string
  getSession(headers: Headers): Promise<{ readonly user: { readonly email: string } } | null>
}

export const email = 'ada@app.example'

type SecondaryStorage = NonNullable<BetterAuthOptions['secondaryStorage']>

/**
 * Its memory adapter searches an array, so the one session here is the best that it can meet. `storage`: sessions are
 * there. `cookieCache`: for five minutes a signed copy in a cookie of its own answers, and nothing is asked.
 */
export async function betterAuthSession(
  options: { readonly storage?: SecondaryStorage; readonly cookieCache?: boolean } = {},
): Promise<BetterAuthSession> {
  const auth = betterAuth({
    database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
    secret: 'yUcK3p0tZkq2mJ8vX5bW9nR4sD7fG1hL',
    baseURL: 'https://app.example',
    emailAndPassword: { enabled: true },
    ...(options.storage === undefined ? {} : { secondaryStorage: options.storage }),
    session: { cookieCache: { enabled: options.cookieCache === true, maxAge: 300 } },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { disabled: true },
  })
  const response = await auth.api.signUpEmail({
    body: { email, password: 'correct horse battery', name: 'Ada' },
    asResponse: true,
  })
  const cookie = response.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ')
  return { cookie, getSession: (headers) => auth.api.getSession({ headers }) }
}

/** Sessions in Redis, as its documentation does it. */
export function redisStorage(client: {
  get(key: string): Promise<string | null>
  getDel(key: string): Promise<string | null>
  incr(key: string): Promise<number>
  set(key: string, value: string, options?: { readonly EX: number }): Promise<unknown>
  del(key: string): Promise<unknown>
}): SecondaryStorage {
  return {
    get: (key) => client.get(key),
    getAndDelete: (key) => client.getDel(key),
    increment: (key) => client.incr(key),
    async set(key, value, ttl) {
      await (ttl === undefined ? client.set(key, value) : client.set(key, value, { EX: ttl }))
    },
    async delete(key) {
      await client.del(key)
    },
  }
}

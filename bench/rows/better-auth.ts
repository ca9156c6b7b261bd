/**
 * better-auth on its memory adapter, with one user who is signed in.
 * @module
 */
import { betterAuth } from 'better-auth'
import { memoryAdapter } from 'better-auth/adapters/memory'

export interface BetterAuthSession {
  readonly cookie: string
  getSession(headers: Headers): Promise<{ readonly user: { readonly email: string } } | null>
}

export const email = 'ada@app.example'

/** Its memory adapter searches an array, so the one session here is the best that it can meet. */
export async function betterAuthSession(): Promise<BetterAuthSession> {
  const auth = betterAuth({
    database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
    secret: 'yUcK3p0tZkq2mJ8vX5bW9nR4sD7fG1hL',
    baseURL: 'https://app.example',
    emailAndPassword: { enabled: true },
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

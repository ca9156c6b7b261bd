/**
 * express-session on its own MemoryStore or another one, with sessions as a sign-in would have left them.
 * @module
 */
import { createHmac, randomBytes } from 'node:crypto'
import expressSession, { type Store } from 'express-session'
import { user } from './subject.ts'

const secret = 'a secret of the bench of more than 32 bytes'

export interface ExpressSessions {
  readonly middleware: ReturnType<typeof expressSession>
  /** Cookie headers, one for each session. */
  readonly cookies: readonly string[]
}

/** The settings that its README advises: nothing is written back that did not change. */
export function expressSessions(count: number, store: Store = new expressSession.MemoryStore()): ExpressSessions {
  const cookies: string[] = []
  for (let made = 0; made < count; made += 1) {
    const id = randomBytes(24).toString('base64url')
    const cookie = { originalMaxAge: 86_400_000, expires: new Date(Date.now() + 86_400_000), httpOnly: true, path: '/' }
    store.set(id, { cookie, user: { ...user, id: `u_${made}` } }, () => {})
    cookies.push(`connect.sid=${encodeURIComponent(`s:${id}.${signature(id)}`)}`)
  }
  const middleware = expressSession({ secret, resave: false, saveUninitialized: false, store })
  return { middleware, cookies }
}

/** As cookie-signature writes it. */
function signature(id: string): string {
  return createHmac('sha256', secret).update(id).digest('base64').replace(/=+$/, '')
}

/**
 * Owns what can be asked of a server: each kind of operation as a call of the public interface, and its answer in one form.
 * @module
 */
import type { Effect, Granted, Rejected } from '@handstamp/server'
import { isAuthError } from '@handstamp/server'
import type { Config } from './config.ts'
import type { Browser, Grant, Outcome, Server, World } from './world.ts'
import { origin } from './world.ts'

const names = { access: '__Host-handstamp', refresh: '__Host-handstamp-refresh' } as const

interface Credentials {
  readonly access?: string | undefined
  readonly refresh?: string | undefined
}

/** Headers that carry credentials the way the transport has it. */
function carry({ transport }: Config, { access, refresh }: Credentials): Record<string, string> {
  const cookies = [
    ...(access !== undefined && transport === 'cookie' ? [`${names.access}=${access}`] : []),
    ...(refresh !== undefined && transport !== 'bearer' ? [`${names.refresh}=${refresh}`] : []),
  ]
  return {
    'sec-fetch-site': 'same-origin',
    'handstamp-transport': transport,
    ...(cookies.length > 0 ? { cookie: cookies.join('; ') } : {}),
    ...(access !== undefined && transport !== 'cookie' ? { authorization: `Bearer ${access}` } : {}),
  }
}

interface Face {
  readonly method: string
  readonly url: string
  readonly headers: { get(name: string): string | null }
}

function face(config: Config, method: string, credentials: Credentials): Face {
  const headers = carry(config, credentials)
  return { method, url: `${origin}/anything`, headers: { get: (name) => headers[name] ?? null } }
}

export function refresh({ config }: World, { auth }: Server, credentials: Credentials): Promise<Outcome> {
  const held = config.strategy === 'hybrid' ? credentials.refresh : undefined
  const inBody = config.transport === 'bearer' && held !== undefined
  const request = face(config, 'POST', inBody ? {} : credentials)
  return outcomeOf(auth.refresh(request, inBody ? { refreshToken: held } : {}))
}

export function authenticate({ config }: World, { auth }: Server, access: string): Promise<Outcome> {
  return outcomeOf(auth.authenticate(face(config, 'GET', { access })))
}

export function renew({ config }: World, { auth }: Server, { user, access, refresh }: Browser): Promise<Outcome> {
  const renewed = { id: user.id, name: user.id }
  return outcomeOf((auth as unknown as Renewing).renew(renewed, face(config, 'POST', { access, refresh })))
}

interface Renewing {
  renew(user: object, request: Face): Promise<Granted<{ readonly id: string }> | Rejected>
}

export function signOut({ config }: World, { auth }: Server, credentials: Credentials): Promise<Outcome> {
  return outcomeOf(auth.signOut(face(config, 'POST', credentials)))
}

/** By the application, which has proven the user itself. */
export function signInProven({ config }: World, { auth }: Server, { user }: Browser): Promise<Outcome> {
  return outcomeOf((auth as unknown as Proven).signIn({ id: user.id, name: user.id }, face(config, 'POST', {})))
}

interface Proven {
  signIn(user: object, request: Face): Promise<Granted<{ readonly id: string }>>
}

/** By the route, since it is the route that proves a password once more. */
export async function signIn(
  { config }: World,
  { auth }: Server,
  { user, access, refresh }: Browser,
  password: number,
): Promise<Outcome> {
  const request = new Request(`${origin}/auth/sign-in`, {
    method: 'POST',
    headers: { ...carry(config, { access, refresh }), 'content-type': 'application/json' },
    body: JSON.stringify({ name: user.id, password }),
  })
  const response = await auth.handler(request)
  if (response === undefined) throw new Error('the route is not there')
  const body = (await response.json()) as { session: { id: string; expiresAt: number } } & Record<string, string>
  if (response.status >= 500) return { is: 'failed', code: body.code ?? '' }
  if (response.status !== 200) return { is: 'refused', reason: body.code ?? '' }
  const cookies = Object.fromEntries(
    response.headers.getSetCookie().map((line) => line.slice(0, line.indexOf(';')).split('=') as [string, string]),
  )
  return { is: 'granted', grant: grantOf(body.session, body, cookies) }
}

/** Any call of the application that answers a value. */
export function outcomeOf(work: Promise<unknown>): Promise<Outcome> {
  return work.then(readAnswer, (error: unknown) => {
    if (isAuthError(error)) return { is: 'failed' as const, code: error.code }
    throw error
  })
}

function readAnswer(answer: unknown): Outcome {
  if (typeof answer !== 'object' || answer === null || !('ok' in answer)) return { is: 'done', value: answer }
  if (answer.ok === false) return { is: 'refused', reason: (answer as Rejected).reason }
  if (!('session' in answer)) return { is: 'done', value: answer }
  const { session, body = {}, effects } = answer as Granted<{ readonly id: string }>
  const cookies = Object.fromEntries(effects.flatMap((effect: Effect) => (effect.type === 'set-cookie' ? [[effect.name, effect.value]] : []))) // biome-ignore format: one thought
  return { is: 'granted', grant: grantOf(session, body as Record<string, string>, cookies) }
}

function grantOf(
  session: { readonly id: string; readonly expiresAt: number },
  body: Record<string, unknown>,
  cookies: Record<string, string>,
): Grant {
  const access = cookies[names.access] ?? body.access_token
  const refresh = cookies[names.refresh] ?? body.refresh_token
  return {
    id: session.id,
    expiresAt: session.expiresAt,
    ...(typeof access === 'string' ? { access } : {}),
    ...(typeof refresh === 'string' ? { refresh } : {}),
  }
}

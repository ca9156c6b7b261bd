/** An auth server with one user and one API, spoken to through its own `fetch`, which also plays the browser's cookie jar. */
import type { Session, Transport } from '@handstamp/core/session'
import type { AnyAuth } from '../src/options.ts'

export interface User {
  readonly id: string
  readonly role: 'admin' | 'member'
}

export interface Shape extends AnyAuth {
  readonly '~shape'?: {
    user: User
    strategy: 'hybrid'
    transport: Transport
    credentials: { name: string }
  }
}

export const origin = 'https://api.example'
export const other = 'https://other.example'

export interface Seen {
  readonly route: string
  readonly authorization: string | null
  readonly cookie: string | undefined
  readonly body: string
  readonly request: Request
  readonly init: RequestInit | undefined
}

/** What a route answers instead of its own answer, or an error that its `fetch` throws. */
export type Override = (request: Request) => Response | Error | undefined | Promise<Response | Error | undefined>

export interface FakeServer {
  readonly fetch: typeof globalThis.fetch
  readonly seen: Seen[]
  /** How many requests went to a route, e.g. `POST /auth/refresh`. */
  count(route: string): number
  /** The routes asked for since the last time, in order. */
  drain(): string[]
  /** Every request to a route goes there first. */
  readonly overrides: Map<string, Override>
  /** The access tokens of now are spent, the session goes on. */
  expire(): void
  /** The session is over. */
  revoke(): void
  readonly alive: boolean
  /** A token that was good once, though not the last, was presented for refresh. */
  reused: boolean
  readonly jar: { access?: string; refresh?: string }
  expiresIn: number | null
  refreshable: boolean
}

export function problem(status: number, code: string, headers: Record<string, string> = {}): Response {
  return Response.json({ type: 'about:blank', status, code }, { status, headers })
}

export const challenges = {
  expired: 'Bearer realm="api.example", error="invalid_token", error_description="token_expired"',
  invalid: 'Bearer realm="api.example", error="invalid_token", error_description="invalid_token"',
  absent: 'Bearer realm="api.example"',
  stepUp: 'Bearer realm="api.example", error="insufficient_user_authentication"',
}

export function refusal(challenge: keyof typeof challenges): Response {
  const code = {
    expired: 'token_expired',
    invalid: 'invalid_token',
    absent: 'unauthenticated',
    stepUp: 'step_up_required',
  }
  return problem(401, code[challenge], { 'www-authenticate': challenges[challenge] })
}

/** A promise and the way to settle it. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

/** Keeps the requests to a route waiting until they are released, and then answers as told, or as the route would. */
export function hold(
  server: FakeServer,
  route: string,
  answer: Override = () => undefined,
): { readonly arrived: Promise<void>; release(): void } {
  const arrived = gate()
  const released = gate()
  server.overrides.set(route, async (request) => {
    arrived.open()
    await released.opened
    return answer(request)
  })
  return { arrived: arrived.opened, release: released.open }
}

let sessions = 0

export function fakeServer(transport: Transport): FakeServer {
  let session: Session<User> | undefined
  let generation = 0
  let spent = 0
  let id = 0
  const seen: Seen[] = []
  const overrides = new Map<string, Override>()
  const server: FakeServer = {
    fetch,
    seen,
    count: (route) => seen.filter((one) => one.route === route).length,
    drain: () => seen.splice(0).map((one) => one.route),
    overrides,
    expire: () => {
      spent = generation
    },
    revoke: () => {
      session = undefined
    },
    get alive() {
      return session !== undefined
    },
    reused: false,
    jar: {},
    expiresIn: 300,
    refreshable: true,
  }

  function grant(current: Session<User>): Response {
    generation++
    const access = `a.${id}.${generation}`
    const refresh = `r.${id}.${generation}`
    if (transport === 'cookie') server.jar.access = access
    if (transport !== 'bearer') server.jar.refresh = refresh
    return Response.json({
      session: current,
      expires_in: server.expiresIn,
      refreshable: server.refreshable,
      ...(transport !== 'cookie' && { access_token: access, token_type: 'Bearer' }),
      ...(transport === 'bearer' && { refresh_token: refresh }),
    })
  }

  function verdict(access: string | undefined): 'ok' | 'expired' | 'invalid' | 'absent' {
    if (!access) return 'absent'
    const [, ofSession, ofGeneration] = access.split('.')
    if (!session || Number(ofSession) !== id) return 'invalid'
    return Number(ofGeneration) <= spent ? 'expired' : 'ok'
  }

  const routes: Record<string, (request: Seen, access: string | undefined) => Response> = {
    'POST /auth/sign-in': ({ body }) => {
      const { name } = JSON.parse(body)
      if (name === 'nobody') return problem(401, 'invalid_credentials', { 'www-authenticate': challenges.absent })
      const at = 1_700_000_000_000
      id = ++sessions
      session = {
        id: `h.${id}`,
        user: { id: name, role: 'admin' },
        ...{ createdAt: at, lastSeenAt: at, authTime: at, expiresAt: at + 1e9 },
      }
      return grant(session)
    },
    'POST /auth/sign-out': () => {
      session = undefined
      server.jar.access = server.jar.refresh = ''
      return new Response(null, { status: 204 })
    },
    'POST /auth/refresh': ({ body }) => {
      const token = transport === 'bearer' ? body && JSON.parse(body).refresh_token : server.jar.refresh
      if (!token) return problem(400, 'invalid_request')
      if (token !== `r.${id}.${generation}`) server.reused = true
      if (!session || server.reused) {
        session = undefined
        server.jar.access = server.jar.refresh = ''
        return problem(400, 'invalid_grant')
      }
      return grant({ ...session, lastSeenAt: session.lastSeenAt + generation })
    },
    'GET /auth/session': (_, access) => {
      const judged = verdict(access)
      if (judged === 'ok')
        return Response.json({ session, expires_in: server.expiresIn, refreshable: server.refreshable })
      if (session && (judged === 'expired' || server.jar.refresh)) return refusal('expired')
      return Response.json({ session: null })
    },
    'GET /auth/sessions': (_, access) =>
      guarded(access) ?? Response.json({ sessions: session ? [{ ...session, current: true }] : [] }),
    'DELETE /auth/sessions': (_, access) => guarded(access) ?? new Response(null, { status: 204 }),
  }

  function guarded(access: string | undefined): Response | undefined {
    const judged = verdict(access)
    return judged === 'ok' ? undefined : refusal(judged)
  }

  async function fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const request = new Request(input, init)
    const { pathname, origin: to } = new URL(request.url)
    const route = `${request.method} ${to === origin ? '' : to}${pathname}`
    const cookies = request.credentials === 'include' && to === origin
    const body = await request.text()
    const authorization = request.headers.get('authorization')
    const one = { route, authorization, cookie: cookies ? server.jar.access : undefined, body, request, init }
    seen.push(one)
    const override = await overrides.get(route)?.(request)
    request.signal.throwIfAborted()
    if (override instanceof Error) throw override
    if (override) return override
    const access = transport === 'cookie' ? one.cookie : authorization?.slice('Bearer '.length)
    const answer = routes[route]?.(one, access)
    if (answer) return answer
    if (pathname.startsWith('/auth/sessions/')) {
      const mine = decodeURIComponent(pathname.slice('/auth/sessions/'.length)) === session?.id
      const refused = guarded(access) ?? (mine ? undefined : problem(404, 'not_found'))
      if (!refused) server.revoke()
      return refused ?? new Response(null, { status: 204 })
    }
    return guarded(access) ?? Response.json({ user: session?.user, body })
  }

  return server
}

/**
 * A client without a browser: it holds cookies and tokens as its transport says, and presents them.
 * @module
 */
import type { Transport } from '@handstamp/core/session'
import { transportHeader } from '@handstamp/core/wire'

/** The part of an auth that an agent talks to. */
export interface AgentServer {
  readonly origin: string
  handler(request: Request): Promise<Response | undefined>
}

export interface AgentRequest {
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: unknown
}

export interface Agent {
  /** What it holds, by name; a test may read and change it. */
  readonly cookies: Map<string, string>
  readonly tokens: { access?: string; refresh?: string }
  /** A request of its own page, with its credentials. */
  request(method: string, path: string, options?: AgentRequest): Request
  /** Sends to the routes and keeps what comes back. */
  send(method: string, path: string, options?: AgentRequest): Promise<Response>
  /** Keeps what a response hands out. */
  keep(response: Response): Promise<void>
  /** Somebody with the same credentials: a second tab, or whoever copied them. */
  copy(): Agent
}

/**
 * Answers a client of one transport for an auth.
 *
 * @example
 * ```ts
 * const agent = createAgent(auth, 'cookie')
 * await agent.send('POST', '/auth/sign-in', { json: { email, password } })
 * const response = await agent.send('GET', '/auth/session')
 * ```
 */
export function createAgent(
  server: AgentServer,
  transport: Transport,
  held?: Pick<Agent, 'cookies' | 'tokens'>,
): Agent {
  const cookies = new Map(held?.cookies)
  const tokens = { ...held?.tokens }

  function request(method: string, path: string, options: AgentRequest = {}): Request {
    const headers = new Headers({ origin: server.origin, [transportHeader]: transport })
    if (cookies.size > 0) headers.set('cookie', [...cookies].map(([name, value]) => `${name}=${value}`).join('; '))
    if (tokens.access !== undefined) headers.set('authorization', `Bearer ${tokens.access}`)
    if (options.json !== undefined) headers.set('content-type', 'application/json')
    for (const [name, value] of Object.entries(options.headers ?? {})) headers.set(name, value)
    const body = options.json === undefined ? {} : { body: JSON.stringify(options.json) }
    return new Request(server.origin + path, { method, headers, ...body })
  }

  async function keep(response: Response): Promise<void> {
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (name === undefined || value === undefined) continue
      if (/; Max-Age=0(?:;|$)/.test(line)) cookies.delete(name)
      else cookies.set(name, value)
    }
    if (!response.headers.get('content-type')?.includes('json')) return
    const body = (await response.clone().json()) as { readonly access_token?: string; readonly refresh_token?: string }
    if (body.access_token !== undefined) tokens.access = body.access_token
    if (body.refresh_token !== undefined) tokens.refresh = body.refresh_token
  }

  return {
    cookies,
    tokens,
    request,
    keep,
    async send(method, path, options) {
      const response = (await server.handler(request(method, path, options))) ?? new Response(null, { status: 404 })
      await keep(response)
      return response
    },
    copy: () => createAgent(server, transport, { cookies, tokens }),
  }
}

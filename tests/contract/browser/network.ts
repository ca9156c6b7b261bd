/**
 * The way between browsers and servers: who serves which origin, what breaks, and what went over it.
 * @module
 */
import { outside } from './realm.ts'

export type Server = (request: Request) => Promise<Response>

/** What becomes of a request: it never arrives, its answer never comes back, or somebody in between answers. */
export type Fault = 'unsent' | 'lost' | Response

/** Says of a route what becomes of a request to it; until it has said so, the request is on its way. */
export type FaultPlan = (route: string) => Fault | undefined | Promise<Fault | undefined>

/** One request as it arrived. */
export interface Exchange {
  /** e.g. `POST /auth/refresh`; with the origin where that is not the first server's. */
  readonly route: string
  readonly headers: Headers
  readonly body: string
  /** 0 where no answer came back. */
  readonly status: number
}

export interface Network {
  readonly exchanges: readonly Exchange[]
  /** The routes since the last time, with the status of each answer: `POST /auth/refresh 200`. */
  drain(): string[]
  /** Every credential that a server ever gave out. */
  readonly issued: ReadonlySet<string>
  /** The lines of `Set-Cookie` that give something out. */
  readonly cookieLines: readonly string[]
  serve(origin: string, server: Server): void
  /** Sets the plan; without one, all arrive. */
  breakdown(faultOf?: FaultPlan): void
  /** Rejects as `fetch` does where no answer comes back. */
  send(request: Request): Promise<Response>
}

export function createNetwork(): Network {
  const servers = new Map<string, Server>()
  const exchanges: Exchange[] = []
  const issued = new Set<string>()
  const cookieLines: string[] = []
  let drained = 0
  let faultOf: FaultPlan = () => undefined

  async function note(response: Response): Promise<void> {
    for (const line of response.headers.getSetCookie()) {
      const value = /^[^=]+=([^;]*)/.exec(line)?.[1]
      if (!value) continue
      issued.add(value)
      cookieLines.push(line)
    }
    if (!response.headers.get('content-type')?.includes('json')) return
    const body = (await response.clone().json()) as { readonly access_token?: string; readonly refresh_token?: string }
    for (const text of [body.access_token, body.refresh_token]) if (text !== undefined) issued.add(text)
  }

  return {
    exchanges,
    issued,
    cookieLines,
    drain() {
      const fresh = exchanges.slice(drained)
      drained = exchanges.length
      return fresh.map(({ route, status }) => `${route} ${status}`)
    },
    serve: (origin, server) => void servers.set(origin, server),
    breakdown(plan = () => undefined) {
      faultOf = plan
    },
    async send(request) {
      const { origin, pathname } = new URL(request.url)
      const first = servers.keys().next().value
      const route = `${request.method} ${origin === first ? '' : origin}${pathname}`
      const server = servers.get(origin)
      const body = await request.clone().text()
      const exchange = { route, headers: new Headers(request.headers), body, status: 0 }
      // Noted on arrival, so that the order is that of the requests.
      const at = exchanges.push(exchange) - 1
      const answered = (response: Response): Response => {
        exchanges[at] = { ...exchange, status: response.status }
        return response
      }
      const fault = await faultOf(route)
      if (fault instanceof Response) return answered(fault.clone())
      if (fault === 'unsent' || server === undefined) throw new TypeError('Failed to fetch')
      const response = await outside(() => server(request))
      await note(response)
      if (fault === 'lost') throw new TypeError('Failed to fetch')
      return answered(response)
    },
  }
}

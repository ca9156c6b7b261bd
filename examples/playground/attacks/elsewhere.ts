/**
 * The attacker's own server, on loopback and for as long as the playground runs: one page, reachable under two names of
 * which one is another site for the browser, and the other the same site on another port.
 * @module
 */
import { readCookie } from '@handstamp/core/cookie/parse'
import { type Listening, listen } from '../listen.ts'
import type { CookieNames } from '../seen.ts'
import { elsewherePage } from './elsewhere-page.ts'

/** A request to the playground that a page of the attacker caused, as it arrived. */
export interface Arrived {
  readonly method: string
  readonly path: string
  /** What sent it, by `Sec-Fetch-Mode`. */
  readonly by: string
  /** `Sec-Fetch-Site`. */
  readonly site: string
  /** The cookies of ours that came along. */
  readonly cookies: number
  readonly status: number
}

export interface Elsewhere {
  /** The attacker's origins; the server starts when it is first asked for. */
  origins(): Promise<{ readonly crossSite: string; readonly sameSite: string }>
  /** Notes a request if a page of the attacker caused it. */
  saw(request: Request, response: Response): void
  /** What arrived from this origin since it was asked last. */
  take(origin: string): readonly Arrived[]
  close(): Promise<void>
}

const mostArrived = 40

const senders: { readonly [mode: string]: string } = {
  navigate: 'a form',
  cors: 'fetch',
  'no-cors': 'fetch without CORS',
}

/** The attacker's server, which is not started yet. */
export function createElsewhere(origin: string, names: CookieNames): Elsewhere {
  let opening: Promise<Listening> | undefined
  let port: number | undefined
  let arrived: readonly (Arrived & { readonly from: string })[] = []

  async function open(): Promise<Listening> {
    const listening = await listen(0)
    listening.serve(async (request) => answer(request, origin), `http://127.0.0.1:${listening.port}`)
    port = listening.port
    return listening
  }

  return {
    async origins() {
      opening ??= open()
      const listening = await opening
      return { crossSite: `http://127.0.0.1:${listening.port}`, sameSite: `http://localhost:${listening.port}` }
    },
    saw({ method, url, headers }, { status }) {
      if (port === undefined) return
      const from = headers.get('origin') ?? originOf(headers.get('referer'))
      if (from !== `http://127.0.0.1:${port}` && from !== `http://localhost:${port}`) return
      const jar = headers.get('cookie')
      const cookies = [names.access, names.refresh].filter((name) => readCookie(jar, name).length > 0).length
      const { pathname } = new URL(url)
      const site = headers.get('sec-fetch-site') ?? 'not said'
      const by = senders[headers.get('sec-fetch-mode') ?? ''] ?? 'the browser'
      arrived = [...arrived, { from, method, path: pathname, by, site, cookies, status }].slice(-mostArrived)
    },
    take(from) {
      const taken = arrived.filter((request) => request.from === from)
      arrived = arrived.filter((request) => request.from !== from)
      return taken
    },
    async close() {
      await (await opening)?.close()
    },
  }
}

function answer({ method, url }: Request, target: string): Response {
  const { pathname } = new URL(url)
  if (pathname !== '/' || method !== 'GET') return new Response(null, { status: 404 })
  const headers = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }
  return new Response(elsewherePage(target), { headers })
}

function originOf(url: string | null): string | undefined {
  return url !== null && URL.canParse(url) ? new URL(url).origin : undefined
}

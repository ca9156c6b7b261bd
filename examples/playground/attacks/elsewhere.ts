/**
 * The attacker's own server, on loopback and for as long as the playground runs: one page, reachable under two names of
 * which one is another site for the browser, and the other the same site on another port.
 * @module
 */
import { type Listening, listen } from '../listen.ts'
import { elsewherePage } from './elsewhere-page.ts'

export interface Elsewhere {
  /** The attacker's origins; the server starts when it is first asked for. */
  origins(): Promise<{ readonly crossSite: string; readonly sameSite: string }>
  close(): Promise<void>
}

/** The attacker's server, which is not started yet; `target` is the playground's origin. */
export function createElsewhere(target: string): Elsewhere {
  let opening: Promise<Listening> | undefined

  async function open(): Promise<Listening> {
    const listening = await listen(0)
    listening.serve(async (request) => answer(request, target), `http://127.0.0.1:${listening.port}`)
    return listening
  }

  return {
    async origins() {
      opening ??= open()
      const { port } = await opening
      return { crossSite: `http://127.0.0.1:${port}`, sameSite: `http://localhost:${port}` }
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

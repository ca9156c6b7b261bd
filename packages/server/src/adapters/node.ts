/**
 * Serves the routes on node:http and what is built on it (Express, Connect, Polka), and reads its requests without building a web one.
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { peerAddress } from '../address.ts'
import { headerOf, type NodeIncoming, type ProxyOptions, peerOf, urlOf } from '../node/incoming.ts'
import { lazyRequest } from '../node/lazy-request.ts'
import { sendResponse } from '../node/outgoing.ts'
import { checkNames } from '../option-names.ts'
import { errorResponse, problem } from '../problem.ts'
import { type RequestFace, withAddress } from '../request-face.ts'

export { type ProxyOptions, sendResponse }

/** What an adapter needs of an `Auth`. */
export interface AuthHandler {
  /** The application's own origin, e.g. `https://app.example`. */
  readonly origin: string
  /** Undefined where the path is none of ours. */
  handler(request: Request): Promise<Response | undefined>
}

export interface NodeHandlerOptions extends ProxyOptions {
  /** Learns of what was thrown here, by `next` too, and answered by 500 or 503. What `auth` answers so by itself is told to its `events`. What it throws is ignored. */
  readonly onError?: (error: unknown) => void
}

/** A listener of node:http and a middleware of Express. */
export type NodeHandler = (req: IncomingMessage, res: ServerResponse, next?: (error?: unknown) => void) => void

/**
 * Answers a handler that serves the routes of `auth`. What is not for us goes to `next`, or is 404 where there is none.
 * What is thrown is answered by 500 or 503 without a word of the cause, and never once an answer has begun.
 *
 * @throws TypeError where an option does not exist or cannot be read.
 *
 * @example
 * ```ts
 * import { createServer } from 'node:http'
 *
 * createServer(toNodeHandler(auth)).listen(3000)
 * app.use(toNodeHandler(auth, { trustedProxies: 1 }))
 * ```
 */
export function toNodeHandler(auth: AuthHandler, options: NodeHandlerOptions = {}): NodeHandler {
  if (typeof auth?.handler !== 'function') throw new TypeError('toNodeHandler takes what createAuth() answers')
  checkNames(options, ['trustedProxies', 'forwardedHeader', 'onError'], 'toNodeHandler()')
  checkProxies(options)

  async function serve(req: IncomingMessage, res: ServerResponse, next?: () => void): Promise<void> {
    try {
      const request = lazyRequest(req, res, urlOf(req, auth.origin))
      const response = await auth.handler(withAddress(request, peerOf(req, options)))
      if (response !== undefined) await sendResponse(res, response)
      else if (next !== undefined) next()
      else await sendResponse(res, problem(404, 'not_found'))
    } catch (error) {
      // A client that leaves is no failure of ours.
      if (res.destroyed && !res.headersSent) return
      try {
        options.onError?.(error)
      } catch {}
      await sendResponse(res, errorResponse(error))
    }
  }

  return (req, res, next) => {
    void serve(req, res, next)
  }
}

/**
 * Answers the least face of a request, for `auth.authenticate` and the other methods that take one: it reads headers where
 * they are, and costs a fraction of a web `Request`.
 *
 * @example
 * ```ts
 * const result = await auth.authenticate(nodeRequest(req, auth.origin))
 * ```
 */
export function nodeRequest(req: IncomingMessage, origin: string, options: ProxyOptions = {}): RequestFace {
  const incoming: NodeIncoming = req
  return {
    method: req.method ?? 'GET',
    url: urlOf(incoming, origin),
    headers: { get: (name) => headerOf(incoming, name) },
    address: peerOf(incoming, options),
  }
}

function checkProxies({ trustedProxies, forwardedHeader = 'x-forwarded-for' }: ProxyOptions): void {
  if (!['x-forwarded-for', 'forwarded'].includes(forwardedHeader))
    throw new TypeError("forwardedHeader must be 'x-forwarded-for' or 'forwarded'")
  peerAddress({ remote: undefined, trustedProxies })
}

/**
 * A web `Request` that is made of a node:http request only when more than its method, URL and headers is asked for.
 * @module
 */
import type { ServerResponse } from 'node:http'
import { bodyOf, headersOf, type NodeIncoming } from './incoming.ts'

interface Source {
  readonly req: NodeIncoming
  readonly res: ServerResponse
  readonly url: string
  headers?: Headers
  request?: Request
}

const source = Symbol('handstamp.source')

interface Lazy {
  readonly [source]: Source
}

/**
 * Answers a `Request` for whoever reads it through its properties and methods. Most requests that a middleware sees are
 * not for us: those cost no more than this object. `signal` is aborted when the client leaves before the answer is out.
 */
export function lazyRequest(req: NodeIncoming, res: ServerResponse, url: string): Request {
  prototype ??= createPrototype()
  const lazy: { [source]?: Source } = Object.create(prototype) as object
  lazy[source] = { req, res, url }
  return lazy as unknown as Request
}

let prototype: object | undefined

function createPrototype(): object {
  const shape: object = Object.create(Request.prototype) as object
  for (const [name, { get, value }] of Object.entries(Object.getOwnPropertyDescriptors(Request.prototype))) {
    if (name === 'constructor') continue
    const own: unknown = value
    if (get !== undefined) {
      Object.defineProperty(shape, name, {
        configurable: true,
        get(this: Lazy): unknown {
          return Reflect.get(requestOf(this[source]), name)
        },
      })
    } else if (typeof own === 'function') {
      Object.defineProperty(shape, name, {
        value(this: Lazy, ...args: unknown[]): unknown {
          return Reflect.apply(own, requestOf(this[source]), args)
        },
      })
    }
  }
  return Object.defineProperties(shape, {
    method: {
      get(this: Lazy): string {
        return this[source].req.method ?? 'GET'
      },
    },
    url: {
      get(this: Lazy): string {
        return this[source].url
      },
    },
    headers: {
      get(this: Lazy): Headers {
        this[source].headers ??= headersOf(this[source].req)
        return this[source].headers
      },
    },
  })
}

function requestOf(from: Source): Request {
  if (from.request !== undefined) return from.request
  const { req, res, url } = from
  from.headers ??= headersOf(req)
  const controller = new AbortController()
  res.once('close', () => {
    if (!res.writableFinished) controller.abort()
  })
  const method = req.method ?? 'GET'
  const body = method === 'GET' || method === 'HEAD' ? {} : { body: bodyOf(req), duplex: 'half' }
  const init = { method, headers: from.headers, signal: controller.signal, ...body }
  from.request = new Request(url, init as RequestInit)
  return from.request
}

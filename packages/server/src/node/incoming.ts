/**
 * Reads what a request of node:http says: its target, its headers with duplicates, its peer, its body.
 * @module
 */
import type { IncomingMessage } from 'node:http'
import { peerAddress, type TrustedProxies } from '../address.ts'

/** A request of node:http, with what Express and its like add to it. */
export interface NodeIncoming extends IncomingMessage {
  /** The whole target, where a router has cut its mount path off `url`. */
  readonly originalUrl?: string
  /** What a body parser before us has made of the body. */
  readonly body?: unknown
}

/** Whose word is taken for the peer's address. */
export interface ProxyOptions {
  /** How many proxies stand in front, or which. Without it no header is believed, and the peer is the socket's. */
  readonly trustedProxies?: TrustedProxies
  /** The header that those proxies write; `x-forwarded-for` by default. The other one is the client's own claim, and not read. */
  readonly forwardedHeader?: 'x-forwarded-for' | 'forwarded'
}

/**
 * The absolute URL under the configured origin. The Host header and the host of an absolute target (RFC 9112 §3.2.2) are
 * claims of the client; a target that is no path (`*`) is read as `/`.
 */
export function urlOf(req: NodeIncoming, origin: string): string {
  const target = req.originalUrl ?? req.url ?? '/'
  if (target.startsWith('/')) return origin + target
  if (!URL.canParse(target)) return `${origin}/`
  const { pathname, search } = new URL(target)
  return pathname.startsWith('/') ? origin + pathname + search : `${origin}/`
}

/**
 * A header as the client sent it, all its lines joined. `req.headers` would show the first of two Authorization headers
 * alone, and so hide that there are two.
 */
export function headerOf(req: NodeIncoming, name: string): string | null {
  const { rawHeaders } = req
  // Some emulations of node:http have no raw headers.
  if (!Array.isArray(rawHeaders) || rawHeaders.length === 0) return joinedHeader(req, name)
  let joined: string | null = null
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const key = rawHeaders[at] as string
    if (key.length !== name.length || (key !== name && key.toLowerCase() !== name)) continue
    const value = rawHeaders[at + 1] as string
    joined = joined === null ? value : joined + (name === 'cookie' ? '; ' : ', ') + value
  }
  return joined
}

function joinedHeader(req: NodeIncoming, name: string): string | null {
  const value = req.headers[name]
  return Array.isArray(value) ? value.join(', ') : (value ?? null)
}

/** All headers, for a web `Request`. */
export function headersOf(req: NodeIncoming): Headers {
  const headers = new Headers()
  const names =
    req.rawHeaders?.length > 0 ? req.rawHeaders.filter((_text, at) => at % 2 === 0) : Object.keys(req.headers)
  for (const name of new Set(names.map((text) => text.toLowerCase()))) {
    // Pseudo-headers of HTTP/2 are no headers.
    const value = name.startsWith(':') ? null : headerOf(req, name)
    if (value !== null) headers.set(name, value)
  }
  return headers
}

/** The peer's address, through the proxies that are trusted. */
export function peerOf(req: NodeIncoming, options: ProxyOptions): string | undefined {
  const remote = req.socket?.remoteAddress
  const { trustedProxies, forwardedHeader = 'x-forwarded-for' } = options
  if (trustedProxies === undefined) return remote
  const value = headerOf(req, forwardedHeader)
  const said = forwardedHeader === 'forwarded' ? { forwarded: value } : { forwardedFor: value }
  return peerAddress({ remote, trustedProxies, ...said })
}

/**
 * The body as it comes in, or as a body parser left it. Nobody who stops reading harms the connection, since the answer
 * still has to go out on it: what is left is read and thrown away, as node:http does by itself.
 */
export function bodyOf(req: NodeIncoming): ReadableStream<Uint8Array> | string | Uint8Array<ArrayBuffer> {
  if (req.readableDidRead && req.body !== undefined) return parsedBody(req)
  const chunks = req.iterator({ destroyOnReturn: false })
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await chunks.next()
      if (done === true) controller.close()
      else controller.enqueue(value as Uint8Array)
    },
    async cancel() {
      await chunks.return?.()
      req.resume()
    },
  })
}

function parsedBody(req: NodeIncoming): string | Uint8Array<ArrayBuffer> {
  const { body } = req
  if (typeof body === 'string') return body
  if (body instanceof Uint8Array) return new Uint8Array(body)
  const form = headerOf(req, 'content-type')?.toLowerCase().startsWith('application/x-www-form-urlencoded') === true
  return form ? new URLSearchParams(body as Record<string, string>).toString() : JSON.stringify(body)
}

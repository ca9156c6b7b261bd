/**
 * Passes one request on to a node over node:http: method, path, headers and body as they are, but for what concerns a
 * single connection alone (RFC 9110 §7.6.1).
 * @module
 */
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'

const perConnection = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

export interface Forward {
  readonly port: number
  readonly method: string
  readonly path: string
  /** Names and values in turn, as in `rawHeaders`. */
  readonly headers: readonly string[]
}

export interface Forwarding {
  send(forward: Forward): ClientRequest
  close(): void
}

export function createForwarding(): Forwarding {
  const agent = new Agent({ keepAlive: true })
  return {
    send: ({ port, method, path, headers }) =>
      request({ agent, host: '127.0.0.1', port, method, path, headers: [...headers], setHost: false }),
    close: () => agent.destroy(),
  }
}

/** The headers of a message that go on to the next connection. */
export function passedOn({ rawHeaders, headers }: IncomingMessage): string[] {
  const named = new Set((headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()))
  return rawHeaders.flatMap((name, at) => {
    const key = name.toLowerCase()
    return at % 2 === 1 || perConnection.has(key) || named.has(key) ? [] : [name, rawHeaders[at + 1] ?? '']
  })
}

/**
 * Serves a fetch handler by Node's own HTTP server, on the loopback addresses alone.
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { withAddress } from '@handstamp/server'

export interface Listening {
  readonly port: number
  /** Answers from now on; what came before waits. */
  serve(fetch: (request: Request) => Promise<Response>, origin: string): void
  /** Ends: what is being answered may finish within half a second. */
  close(): Promise<void>
}

/**
 * Takes the port on 127.0.0.1 and, where there is one, on ::1, since `localhost` may mean either; 0 takes a free one.
 *
 * @throws the error of Node, e.g. with the code EADDRINUSE.
 */
export async function listen(port: number): Promise<Listening> {
  let serve: ((fetch: Parameters<Listening['serve']>[0], origin: string) => void) | undefined
  const handler = new Promise<(incoming: IncomingMessage, outgoing: ServerResponse) => void>((resolve) => {
    serve = (fetch, origin) => resolve((incoming, outgoing) => void answer(incoming, outgoing, fetch, origin))
  })
  const open = () => createServer((incoming, outgoing) => void handler.then((handle) => handle(incoming, outgoing)))

  const servers = await bindBoth(port, open)
  const address = servers[0]?.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    serve: (fetch, origin) => serve?.(fetch, origin),
    async close() {
      await Promise.all(servers.map(end))
    },
  }
}

async function bindBoth(port: number, open: () => Server): Promise<readonly Server[]> {
  for (let attempt = 1; ; attempt += 1) {
    const first = await bind(open(), port, '127.0.0.1')
    const address = first.address()
    const taken = typeof address === 'object' && address !== null ? address.port : port
    try {
      return [first, await bind(open(), taken, '::1')]
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT') return [first]
      await end(first)
      // A free port of the one family may be taken in the other.
      if (code !== 'EADDRINUSE' || port !== 0 || attempt === 10) throw error
    }
  }
}

function bind(server: Server, port: number, host: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host, exclusive: true }, () => {
      server.off('error', reject)
      resolve(server)
    })
  })
}

function end(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const impatient = setTimeout(() => server.closeAllConnections(), 500)
    server.close(() => {
      clearTimeout(impatient)
      resolve()
    })
    server.closeIdleConnections()
  })
}

async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  fetch: (request: Request) => Promise<Response>,
  origin: string,
): Promise<void> {
  let response: Response
  try {
    response = await fetch(withAddress(toRequest(incoming, origin), incoming.socket.remoteAddress))
  } catch {
    response = new Response(null, { status: 400 })
  }
  for (const [name, value] of response.headers) if (name !== 'set-cookie') outgoing.setHeader(name, value)
  const cookies = response.headers.getSetCookie()
  if (cookies.length > 0) outgoing.setHeader('set-cookie', cookies)
  // A body that nobody reads keeps the connection from being used again.
  if (!incoming.complete) outgoing.setHeader('connection', 'close')
  outgoing.writeHead(response.status)
  outgoing.end(Buffer.from(await response.arrayBuffer()))
  incoming.resume()
}

/** The origin is ours, whatever the Host header says. */
function toRequest(incoming: IncomingMessage, origin: string): Request {
  const { method = 'GET', url = '/', rawHeaders } = incoming
  const headers = new Headers()
  for (let at = 0; at < rawHeaders.length; at += 2) headers.append(rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '')
  const path = url.startsWith('/') ? url : new URL(url).pathname
  const init: RequestInit & { duplex?: 'half' } = { method, headers }
  if (method !== 'GET' && method !== 'HEAD') {
    init.body = bodyOf(incoming)
    init.duplex = 'half'
  }
  return new Request(origin + path, init)
}

/** Whoever has read enough leaves the rest to be thrown away, and can still answer. */
function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      incoming.on('data', (chunk: Uint8Array) => {
        controller.enqueue(chunk)
        if ((controller.desiredSize ?? 0) <= 0) incoming.pause()
      })
      incoming.on('end', () => controller.close())
      incoming.on('error', (error) => controller.error(error))
      incoming.pause()
    },
    pull: () => void incoming.resume(),
    cancel() {
      incoming.removeAllListeners('data')
      incoming.removeAllListeners('end')
    },
  })
}

/**
 * Serves a fetch handler by Node's own HTTP server, on the loopback addresses alone.
 * @module
 */
import { createServer, type Server } from 'node:http'
import { type NodeHandler, toNodeHandler } from '@handstamp/server/adapters/node'

export interface Listening {
  readonly port: number
  /** Answers from now on; what came before waits. */
  serve(fetch: (request: Request) => Promise<Response>, origin: string): void
  /** The same by a handler of Node's own. */
  handle(handler: NodeHandler): void
  /** Ends: what is being answered may finish within half a second. */
  close(): Promise<void>
}

/**
 * Takes the port on 127.0.0.1 and, where there is one, on ::1, since `localhost` may mean either; 0 takes a free one.
 *
 * @throws the error of Node, e.g. with the code EADDRINUSE.
 */
export async function listen(port: number): Promise<Listening> {
  const { promise: handler, resolve } = Promise.withResolvers<NodeHandler>()
  const open = () => createServer((req, res) => void handler.then((handle) => handle(req, res)))

  const servers = await bindBoth(port, open)
  const address = servers[0]?.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    // The adapter serves more than the routes of an auth: whatever answers a request.
    serve: (fetch, origin) => resolve(toNodeHandler({ origin, handler: fetch })),
    handle: resolve,
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

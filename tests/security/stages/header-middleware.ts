/**
 * A server of node:http around an auth, with what an application puts before it: another handler, or a trust in proxies.
 * @module
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type NodeHandlerOptions, toNodeHandler } from '@handstamp/server/adapters/node'
import type { Served } from '../../wire/served-auth.ts'
import { openWire, type Wire } from '../../wire/wire.ts'

export interface Behind {
  readonly wire: Wire
  close(): Promise<void>
}

/** Serves the auth once more, behind something that sees each answer before it is written. */
export async function serveBehind(
  { auth }: Served,
  before: (res: ServerResponse, req: IncomingMessage) => void,
  options: NodeHandlerOptions = {},
): Promise<Behind> {
  const handle = toNodeHandler(auth, options)
  const server = createServer((req, res) => {
    before(res, req)
    handle(req, res)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    wire: openWire({ origin: auth.origin, port }),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

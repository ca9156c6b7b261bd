/**
 * A server of the attacker on this machine, which notes every connection and would hand out the attacker's keys.
 * @module
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Closable } from '../attack.ts'
import { type HandKey, publicHalf } from './token-keys.ts'

export interface Trap extends Closable {
  readonly origin: string
  /** How often anybody connected, whatever they then said. */
  readonly connections: number
}

export async function openTrap(key: HandKey): Promise<Trap> {
  let connections = 0
  const body = JSON.stringify({ keys: [publicHalf(key)] })
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/jwk-set+json', connection: 'close' }).end(body)
  })
  server.on('connection', () => {
    connections += 1
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return connections
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}

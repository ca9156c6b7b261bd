/**
 * A way to a server that can be frozen: connections stay open, and nothing passes, as where a firewall drops packets. Or cut:
 * every connection is reset, and every new one.
 * @module
 */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface FrozenProxy {
  readonly port: number
  freeze(): void
  thaw(): void
  cut(): void
  mend(): void
  stop(): Promise<void>
}

export async function proxyTo(port: number): Promise<FrozenProxy> {
  const sockets = new Set<Socket>()
  let [frozen, isCut] = [false, false]
  const server = createServer((near) => {
    if (isCut) return void near.resetAndDestroy()
    const far = connect({ port, host: '127.0.0.1' })
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('data', (chunk) => to.write(chunk))
      from.on('error', () => {})
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
      if (frozen) from.pause()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    freeze() {
      frozen = true
      for (const socket of sockets) socket.pause()
    },
    thaw() {
      frozen = false
      for (const socket of sockets) socket.resume()
    },
    cut() {
      isCut = true
      for (const socket of sockets) socket.resetAndDestroy()
    },
    mend() {
      isCut = false
    },
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

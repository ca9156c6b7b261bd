/** A process that serves the application until it is told to end, and then ends by itself: once what it began is done. */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { toNodeHandler } from '@handstamp/server/adapters/node'
import { type LoadOptions, loadApplication } from './load-application.ts'
import { type LoadPlace, openStore } from './load-places.ts'

export interface Serving extends Pick<LoadOptions, 'key' | 'secret' | 'storeTimeout' | 'touchesWait'> {
  readonly place: LoadPlace
}

export type Told = { readonly port: number } | { readonly unhandled: string } | { readonly ahead: number }

const tell = (told: Told): unknown => process.send?.(told)
process.on('unhandledRejection', (error) => tell({ unhandled: String(error) }))

process.once('message', async ({ place, ...options }: Serving) => {
  let ahead = 0
  const clock = (): number => Date.now() + ahead
  // The clock goes forward when it is told to.
  process.on('message', ({ passed }: { readonly passed: number }) => {
    ahead += passed
    tell({ ahead })
  })
  const { store, close } = await openStore(place, clock)
  const application = loadApplication({ store, clock, ...options })
  const handle = toNodeHandler(application)
  const answering = new Set<ServerResponse>()
  let isEnding = false

  const server = createServer((req, res) => {
    answering.add(res)
    res.once('close', () => answering.delete(res))
    if (isEnding) res.setHeader('connection', 'close')
    handle(req, res)
  })
  server.keepAliveTimeout = 0

  process.once('SIGTERM', () => {
    isEnding = true
    // Without it a connection that is kept alive would keep the server.
    for (const res of answering) if (!res.headersSent) res.setHeader('connection', 'close')
    server.close(async () => {
      await application.close()
      await close()
      process.disconnect()
    })
  })
  server.listen(0, '127.0.0.1', () => tell({ port: (server.address() as AddressInfo).port }))
})

/**
 * Serves what the flags ask for: one server in this process, or several in processes of their own behind a balancer.
 * @module
 */
import { createApp } from './app.ts'
import type { Flags } from './flags.ts'
import type { Listening } from './listen.ts'
import { createBalancer } from './nodes/balancer.ts'
import { createDesk } from './nodes/desk.ts'
import { startNodes } from './nodes/nodes.ts'
import { type Place, placeOf } from './place.ts'

export interface Serving {
  close(): Promise<void>
}

/**
 * Answers once every request is.
 *
 * @throws TypeError | RangeError where the library refuses the configuration.
 */
export async function serve(listening: Listening, origin: string, flags: Flags, address: string): Promise<Serving> {
  const first = placeOf(flags)
  const place = { ...first, store: { ...first.store, address } }
  return place.nodes === 1 ? serveOne(listening, origin, flags, place) : serveSeveral(listening, origin, flags, place)
}

async function serveOne(listening: Listening, origin: string, flags: Flags, place: Place): Promise<Serving> {
  const app = await createApp(origin, flags, undefined, place)
  listening.serve(app.fetch, origin)
  return app
}

async function serveSeveral(listening: Listening, origin: string, flags: Flags, place: Place): Promise<Serving> {
  const nodes = await startNodes(origin, flags, place)
  const cookie = `playground-${listening.port}-node`
  const balancer = createBalancer({ nodes: nodes.all, balance: place.balance, cookie })
  const desk = createDesk(nodes, (balance) => {
    balancer.balance = balance
  })
  listening.handle((req, res) => {
    if (!desk.handle(req, res)) balancer.handle(req, res)
  })
  return {
    async close() {
      balancer.close()
      desk.close()
      await nodes.close()
    },
  }
}

/**
 * One server of the comparison, a process of its own: `server.ts <what it is told, as JSON>`. It tells its port and what
 * its clients send, and answers how much it has worked and what a session takes of its memory.
 * @module
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  createAuth,
  createKeyRing,
  hybrid,
  type KeyRingJwk,
  type SessionStore,
  session,
  token,
} from '@handstamp/server'
import { nodeRequest } from '@handstamp/server/adapters/node'
import { type Application, signedIn } from '../rows/applications.ts'
import { incoming } from '../rows/incoming.ts'
import { issuer, user, userSchema } from '../rows/subject.ts'
import { answer, greet } from '../servers/contender.ts'
import { type Told, warming } from './lines.ts'
import { openCached, openFeed, openStore } from './open-store.ts'

const { line, at, key, first } = JSON.parse(process.argv[2] ?? '') as Told
let calls = 0

function counted(store: SessionStore): SessionStore {
  return {
    ...store,
    find(id, options) {
      calls += 1
      return store.find(id, options)
    },
  }
}

async function application(): Promise<Application> {
  const common = { origin: issuer, user: userSchema } as const
  const keys = createKeyRing([key as KeyRingJwk])
  const opened = async () => counted(await openStore(line.store ?? 'memory', at))
  switch (line.strategy) {
    case 'session':
      return createAuth({ ...common, strategy: session({ store: await opened() }), transport: 'cookie' })
    case 'cached': {
      const feed = await openFeed(at)
      const strategy = session({ store: await openCached(at, feed, counted) })
      return createAuth({ ...common, strategy, transport: 'cookie', feed })
    }
    case 'token': {
      const strategy = line.store === undefined ? token({ keys }) : token({ keys, store: await opened() })
      return createAuth({ ...common, strategy, transport: 'bearer' })
    }
    case 'hybrid': {
      const secrets = ['a secret of the bench of more than 32 bytes']
      const strategy = hybrid({ keys, secrets, store: await opened() })
      return createAuth({
        ...common,
        strategy,
        transport: 'bearer',
        ...(line.feed ? { feed: await openFeed(at) } : {}),
      })
    }
  }
}

/** Signs in as many users as are wanted, a few at a time. */
async function signIn(auth: Application, count: number, name: string): Promise<readonly (readonly [string, string])[]> {
  const headers: (readonly [string, string])[] = []
  while (headers.length < count) {
    const batch = Array.from({ length: Math.min(16, count - headers.length) }, (_, at) =>
      signedIn(auth, { ...user, id: `${line.strategy}_${name}_${headers.length + at}` }),
    )
    headers.push(...(await Promise.all(batch)))
  }
  return headers
}

/** Bytes that this process keeps for each of so many sessions, once each was used. */
async function weigh(auth: Application, count: number): Promise<number> {
  await use(auth, warming, 'w')
  const before = heap()
  await use(auth, count, 'v')
  return (heap() - before) / count
}

async function use(auth: Application, count: number, users: string): Promise<void> {
  for (const [name, value] of await signIn(auth, count, users)) {
    await auth.authenticate(nodeRequest(incoming(name, value), auth.origin))
  }
}

function heap(): number {
  for (let time = 0; time < 3; time += 1) globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const auth = line.name === 'bare' ? undefined : await application()
const server = createServer(async (req, res) => {
  if (auth === undefined) return greet(res, user.id)
  try {
    const result = await auth.authenticate(nodeRequest(req, auth.origin))
    answer(res, result.ok ? result.session.user.id : undefined)
  } catch {
    answer(res, undefined)
  }
})
server.keepAliveTimeout = 0
server.headersTimeout = 0
server.requestTimeout = 0
const headers = auth && first ? await signIn(auth, line.clients, 'u') : []
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  process.send?.({ port, headers: headers.map(([name, value]) => `${name}: ${value}\r\n`) })
})
process.on('message', async ({ weighed }: { weighed?: number }) => {
  const bytes = auth && weighed !== undefined ? await weigh(auth, weighed) : 0
  const { user: own, system } = process.cpuUsage()
  process.send?.({ cpu: own + system, calls, bytes })
})
process.on('disconnect', () => process.exit())

import { userHandle } from '@handstamp/core/secret'
import { createAuth, memoryStore, type SessionStore, session } from '@handstamp/server'
import { createAgent, fakeClock } from '@handstamp/server/testing'
import { expect } from 'vitest'
import { schemaOf, servedOrigin, type User } from '../../wire/served-auth.ts'
import { type Attack, attack, type Closable } from '../attack.ts'

const ada: User = { id: 'ada', role: 'admin' }
const most = 3

function openServer(store: SessionStore, clock: () => number) {
  return createAuth({
    origin: servedOrigin,
    strategy: session({ store }),
    transport: 'cookie',
    user: schemaOf<User>('id', 'role'),
    limits: { sessionsPerUser: most },
    clock,
  })
}

type Server = ReturnType<typeof openServer>

interface Servers extends Closable {
  readonly store: SessionStore
  readonly servers: readonly Server[]
  /** Signs in at one of the servers. */
  enter(at: number, user?: User): Promise<ReturnType<typeof createAgent>>
  live(user?: User): Promise<number>
}

/** Four servers that share a store: each would count its own if it counted by itself. */
function fourServers(): Servers {
  const clock = fakeClock()
  const store = memoryStore({ clock })
  const servers = Array.from({ length: 4 }, () => openServer(store, clock))
  return {
    store,
    servers,
    async enter(at, user = ada) {
      const server = servers[at % servers.length] as Server
      const agent = createAgent(server, 'cookie')
      clock.advance(1_000)
      const granted = await server.signIn(user, agent.request('POST', '/'))
      await agent.keep(server.apply(granted, new Response()))
      return agent
    },
    live: async ({ id } = ada) => (await store.listByUser(userHandle(id))).sessions.length,
    close: () => Promise.all(servers.map((server) => server.close())),
  }
}

export const sessionLimit: Attack = attack({
  ids: ['Spring SessionRegistry'],
  title: 'a limit of sessions that every server counts by itself',
  cost: 'A password that was passed on would open as many sessions as there are servers times the limit.',
  shows: [],
  stage: fourServers,
  legal: {
    'as many as the limit allows, at different servers': async ({ enter, servers, live }) => {
      const agents = [await enter(0), await enter(1), await enter(2)]
      expect(await live()).toBe(most)
      for (const agent of agents) for (const server of servers) expect((await server.authenticate(agent.request('GET', '/'))).ok).toBe(true)
    },
    'those of another user, which count by themselves': async ({ enter, live }) => {
      await enter(0, { id: 'grace', role: 'member' })
      expect([await live({ id: 'grace', role: 'member' }), await live()]).toEqual([1, most])
    },
  },
  hostile: {
    'one more, at the fourth: whoever was away longest goes, at every server': async ({ enter, servers, live }) => {
      const first = await enter(0)
      await enter(1)
      await enter(2)
      await enter(3)
      expect(await live()).toBe(most)
      for (const server of servers) expect((await server.authenticate(first.request('GET', '/'))).ok).toBe(false)
    },
    'two hundred at once, over all four': async ({ enter, live }) => {
      await Promise.all(Array.from({ length: 200 }, (_, at) => enter(at)))
      expect(await live()).toBe(most)
    },
    'at once with a sign-out everywhere: none of before is left': async ({ enter, servers, live }) => {
      const entered = Array.from({ length: 40 }, (_, at) => enter(at))
      await servers[0]?.sessions.revokeAll('ada')
      const answers = await Promise.allSettled(entered)
      const agents = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
      // Whose proof is from before it is refused and not let in over it.
      for (const answer of answers) if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'ERR_STORE_CONFLICT' })
      expect(await live()).toBeLessThanOrEqual(most)
      const known = await Promise.all(agents.map((agent) => servers[1]?.authenticate(agent.request('GET', '/'))))
      expect(known.filter((result) => result?.ok)).toHaveLength(await live())
    },
  },
}) // biome-ignore format: a row

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { userHandle } from '@handstamp/core/secret'
import type { Transport } from '@handstamp/core/session'
import type { AuthEvent } from '@handstamp/server'
import { createAgent } from '@handstamp/server/testing'
import { expect } from 'vitest'
import { pairs, unknownRefresh, unknownSession } from '../../wire/outward-answers.ts'
import { type Served, type StrategyName, serveAuth } from '../../wire/served-auth.ts'
import { type Attack, attack, each } from '../attack.ts'

/** Bytes that a collected heap may differ by for other reasons, and far less than what thousands of sessions hold. */
const slack = 5 * 2 ** 20

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function heap(): number {
  collect()
  collect()
  return process.memoryUsage().heapUsed
}

/** Users who come and go; ten times as many by HANDSTAMP_COME_AND_GO=10, and so on. */
const times = Number(process.env.HANDSTAMP_COME_AND_GO ?? 1)

interface Stage {
  readonly all: readonly { readonly strategy: StrategyName; readonly transport: Transport; readonly served: Served }[]
  close(): Promise<void>
}

/** Does it some thousand times, and as often again: the second time leaves nothing behind that the first did not. */
async function growth(work: (round: number) => Promise<void>, rounds: number): Promise<number> {
  for (let round = 0; round < rounds; round += 1) await work(round)
  const before = heap()
  for (let round = rounds; round < 2 * rounds; round += 1) await work(round)
  return heap() - before
}

async function comeAndGo({ auth, clock, events }: Served, transport: Transport, user: string): Promise<void> {
  const agent = createAgent(auth, transport)
  const granted = await auth.signIn({ id: user, role: 'member' }, agent.request('POST', '/'))
  await agent.keep(auth.apply(granted, Response.json(granted.body)))
  expect((await auth.authenticate(agent.request('GET', '/'))).ok).toBe(true)
  expect((await auth.signOut(agent.request('POST', '/'))).ok).toBe(true)
  clock.advance(20)
  // What the test has listened to is not the library's.
  ;(events as AuthEvent[]).length = 0
}

const program = `
import { createAuth, memoryStore, session } from '@handstamp/server'
const auth = createAuth({
  origin: 'https://app.example',
  strategy: session({ store: memoryStore(), touchAfter: 0 }),
  transport: 'bearer',
  user: { '~standard': { version: 1, vendor: 'x', validate: (value) => ({ value }) } },
})
const request = (headers) => new Request('https://app.example/', { headers })
const { body } = await auth.signIn({ id: 'ada' }, request({}))
const { ok } = await auth.authenticate(request({ authorization: 'Bearer ' + body.access_token }))
console.log(ok)
`

export const memoryGrows: Attack = attack({
  ids: ['J11'],
  title: 'coming and going without end',
  cost: 'Whoever asks often enough would fill the memory of the server, and one script would do.',
  shows: [],
  async stage(): Promise<Stage> {
    const all = await Promise.all(pairs.map(async (pair) => ({ ...pair, served: await serveAuth(pair) })))
    return { all, close: async () => void (await Promise.all(all.map(({ served }) => served.stop()))) }
  },
  legal: {
    'sessions that stay are kept': async ({ all }) => {
      const { served } = all[0] as Stage['all'][number]
      const agent = createAgent(served.auth, 'cookie')
      for (let count = 0; count < 10; count += 1) await served.auth.signIn({ id: 'stays', role: 'member' }, agent.request('POST', '/'))
      expect((await served.store.listByUser(userHandle('stays'))).sessions).toHaveLength(10)
    },
    'a process whose auth has nothing to do ends by itself': async () => {
      const cwd = fileURLToPath(new URL('../..', import.meta.url))
      const args = ['--conditions=handstamp-source', '--input-type=module', '--eval', program]
      const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'], timeout: 8_000 })
      let printed = ''
      child.stdout.on('data', (chunk: Buffer) => {
        printed += chunk.toString()
      })
      const [code] = await once(child, 'close')
      expect([code, printed]).toEqual([0, 'true\n'])
    },
  },
  hostile: {
    ...each(
      Object.fromEntries(pairs.map((pair) => [`users by the thousand under ${pair.strategy} over ${pair.transport}`, pair])),
      async ({ all }: Stage, { strategy, transport }) => {
        const { served } = all.find((one) => one.strategy === strategy && one.transport === transport) as Stage['all'][number]
        const grown = await growth((round) => comeAndGo(served, transport, `user-${round}`), 500 * times)
        expect(grown).toBeLessThan(slack)
        expect((await served.store.listByUser(userHandle('user-1'))).sessions).toEqual([])
      },
    ),
    'one user signs in and out thousands of times, and leaves less than a tenth of a record each time': async ({ all }) => {
      const { served } = all[0] as Stage['all'][number]
      const rounds = 4_000 * times
      const grown = await growth(() => comeAndGo(served, 'cookie', 'ada'), rounds)
      console.log(JSON.stringify({ attack: 'J11', sessions: 2 * rounds, bytesEach: Math.round(grown / rounds) }))
      expect(grown / rounds).toBeLessThan(150)
    },
    'thousands of credentials of nobody, each another': async ({ all }) => {
      for (const { served, transport } of all) {
        const grown = await growth(async (round) => {
          const agent = createAgent(served.auth, transport)
          const other = (text: string) => `${text.slice(0, -8)}${Buffer.from(String(round).padStart(6, '0')).toString('base64url')}`
          agent.cookies.set(served.wire.access, other(unknownSession))
          agent.cookies.set(served.wire.refresh, other(unknownRefresh))
          if (transport !== 'cookie') agent.tokens.access = other(unknownSession)
          expect((await served.auth.authenticate(agent.request('GET', '/'))).ok).toBe(false)
          expect((await served.auth.refresh(agent.request('POST', '/'))).ok).toBe(false)
        }, 500 * times)
        expect(grown).toBeLessThan(slack)
      }
    },
  },
}) // biome-ignore format: rows

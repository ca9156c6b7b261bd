import { once } from 'node:events'
import { connect } from 'node:net'
import { expect } from 'vitest'
import type { Closable } from '../attack.ts'
import { type Attack, attack } from '../attack.ts'
import { type Received, type Serving, send, signIn, startServing } from '../stages/process-serving.ts'

interface Started extends Closable {
  /** One that no input before has ended. */
  next(...flags: readonly string[]): Promise<Serving>
}

interface Ended extends Awaited<ReturnType<Serving['end']>> {
  readonly all: readonly Received[]
}

/** Milliseconds within which it must be gone, whatever it was doing. */
const patience = 5_000

/** Asks without pause, by so many at once, ends it once so many were answered, and goes on until nothing comes back. */
async function load(
  serving: Serving,
  { clients, answers }: { readonly clients: number; readonly answers: number },
  ask: () => Promise<Received>,
): Promise<Ended> {
  const all: Received[] = []
  let ended: ReturnType<Serving['end']> | undefined
  const one = async (): Promise<void> => {
    for (let whole = true; whole; ) {
      const received = await ask()
      all.push(received)
      whole = received.kind === 'whole'
      if (all.length >= answers) ended ??= serving.end()
    }
  }
  await Promise.all(Array.from({ length: clients }, one))
  if (ended === undefined) throw new Error('it stopped to answer before it was told to end')
  return { all, ...(await ended) }
}

function expectOrderly({ all, code, took, stderr }: Ended): void {
  expect([code, stderr]).toEqual([0, ''])
  expect(took).toBeLessThan(patience)
  // What had begun to be answered was answered whole; the rest was promised nothing.
  expect(all.filter(({ kind }) => kind === 'half')).toEqual([])
  const statuses = all.flatMap((answer) => (answer.kind === 'whole' ? [answer.status] : []))
  expect(new Set(statuses)).toEqual(new Set([200]))
}

export const endedUnderLoad: Attack = attack({
  ids: ['J15', 'R24'],
  title: 'a process that is told to end while it answers',
  cost: 'A deployment would hand out sessions that half arrive, or hang until it is killed with work undone.',
  shows: [],
  async stage(): Promise<Started> {
    const all: Serving[] = []
    return {
      async next(...flags) {
        const serving = await startServing(...flags)
        all.push(serving)
        return serving
      },
      close: () => {
        for (const serving of all) serving.kill()
      },
    }
  },
  legal: {
    'one that is told so while it rests': async ({ next }) => {
      const serving = await next()
      expect(await signIn(serving)).toMatchObject({ kind: 'whole', status: 200 })
      const { code, took, stderr } = await serving.end()
      expect([code, stderr]).toEqual([0, ''])
      expect(took).toBeLessThan(patience)
    },
  },
  hostile: {
    'while sixteen sign in': async ({ next }) => {
      const serving = await next('--strategy', 'session')
      expectOrderly(await load(serving, { clients: 16, answers: 2 }, () => signIn(serving)))
    },
    'while forty ask who they are': async ({ next }) => {
      const serving = await next()
      expectOrderly(await load(serving, { clients: 40, answers: 200 }, () => send(serving.port, ['GET /auth/session HTTP/1.1'])))
    },
    'twice': async ({ next }) => {
      const serving = await next()
      const answers = Promise.all(Array.from({ length: 20 }, () => signIn(serving)))
      const { code, took } = await serving.end(2)
      expect(code).toBe(0)
      expect(took).toBeLessThan(patience)
      expect((await answers).filter(({ kind }) => kind === 'half')).toEqual([])
    },
    'while somebody never ends their request': async ({ next }) => {
      const serving = await next()
      const sockets = Array.from({ length: 20 }, () => connect(serving.port, '127.0.0.1'))
      for (const socket of sockets) {
        socket.on('error', () => {})
        await once(socket, 'connect')
        socket.write('POST /auth/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{')
      }
      const { code, took } = await serving.end()
      for (const socket of sockets) socket.destroy()
      expect(code).toBe(0)
      expect(took).toBeLessThan(patience)
    },
  },
}) // biome-ignore format: a request

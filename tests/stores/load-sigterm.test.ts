import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mariadbIsInstalled, mariadbUrl, startMariadb } from '@handstamp/local-servers/mariadb'
import { postgresIsInstalled, postgresUrl, startPostgres } from '@handstamp/local-servers/postgres'
import { redisIsInstalled, startRedis } from '@handstamp/local-servers/redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newKeyPair } from '../wire/key-pair.ts'
import { type LoadApplication, loadApplication, origin } from './load-application.ts'
import { type LoadPlace, openStore } from './load-places.ts'
import { expectOrderly, startLoadProcess } from './load-process.ts'
import { letIn, rotation, signIn, signInMany, signOut, tokenOf, type Visitor, whoAmI } from './load-visitors.ts'
import { type KeptConnections, keptConnections, type Outcome, type Question, rounded } from './steady-load.ts'

/** How often each is told to end, at another moment each time, by HANDSTAMP_LOAD_SIGTERM, and then on every store. */
const atLength = Number(process.env.HANDSTAMP_LOAD_SIGTERM ?? 0)
const clients = 24
/** Of each kind there are so many who act once. */
const acting = 60
/** Milliseconds: the use of a session is noted when its answer is long gone. */
const touchesWait = 150
/** Past grace and skew. */
const later = 60_000
/** In which it is gone, on a machine with other things to do. */
const patience = 15_000

interface Site {
  readonly driver: LoadPlace['driver']
  readonly isInstalled: boolean
  /** Else it is of the long form alone. */
  readonly isQuick: boolean
  start(): Promise<{ readonly at: string; stop(): Promise<void> | void }>
}

function startFolder(name: string): Awaited<ReturnType<Site['start']>> {
  const folder = mkdtempSync(join(tmpdir(), 'sigterm-'))
  return { at: join(folder, name), stop: () => rmSync(folder, { recursive: true, force: true }) }
}

const sites: readonly Site[] = [
  { driver: 'sqlite', isInstalled: true, isQuick: true, start: async () => startFolder('sessions.db') },
  {
    driver: 'files',
    isInstalled: process.platform !== 'win32',
    isQuick: false,
    start: async () => startFolder('sessions'),
  },
  ...(['node-redis', 'ioredis'] as const).map((driver) => ({
    driver,
    isInstalled: redisIsInstalled(),
    isQuick: driver === 'node-redis',
    async start() {
      const server = await startRedis({ config: [['appendonly', 'yes']] })
      return { at: `redis://127.0.0.1:${server.port}`, stop: server.stop }
    },
  })),
  {
    driver: 'postgres',
    isInstalled: postgresIsInstalled(),
    isQuick: false,
    async start() {
      const server = await startPostgres()
      return { at: postgresUrl(server), stop: server.stop }
    },
  },
  {
    driver: 'mysql',
    isInstalled: mariadbIsInstalled(),
    isQuick: false,
    async start() {
      const server = await startMariadb()
      return { at: mariadbUrl(server), stop: server.stop }
    },
  },
]

const keys = newKeyPair()
const signing = { key: keys.jwk, secret: keys.secret, storeTimeout: 2_000 }

const chosen = sites.filter(({ isQuick }) => isQuick || atLength > 0)

describe.each(chosen)('over $driver', ({ driver, isInstalled, start }) => {
  let at: string
  let stop: () => Promise<void> | void
  beforeAll(async () => {
    ;({ at, stop } = await start())
  })
  afterAll(() => stop?.())

  test.skipIf(!isInstalled).each(Array.from({ length: atLength || 1 }, (_, turn) => turn))(
    'told to end (SIGTERM) under load, it ends by itself, and whatever it acknowledged is in the store (R24, turn %i)',
    async (turn) => {
      const serving = await startLoadProcess({ place: { driver, at }, ...signing, touchesWait })
      const connections = keptConnections(serving.port)
      try {
        const next = everythingOnce(
          await signInMany(serving.port, `reader ${turn}`, acting),
          await signInMany(serving.port, `leaver ${turn}`, acting),
          await signInMany(serving.port, `family ${turn}`, acting, '/tokens'),
          turn,
        )
        await serving.pass(later)
        const outcomes: Outcome[] = []
        const ending = loadUntilGone(connections, next, outcomes, 60 + 37 * turn, () => serving.end())
        const { told, ended } = await ending
        const answered = outcomes.filter(({ answer }) => typeof answer === 'object')
        const afterwards = answered.filter(({ answeredAt }) => answeredAt > told)
        const { store, close } = await openStore({ driver, at }, clock)
        const other = loadApplication({ store, clock, ...signing })
        const lost = await lostOf(other, answered)
        await other.close()
        await close()
        console.log(
          JSON.stringify({
            ...{ requirement: 'R24', driver, acknowledged: answered.length, afterTheSignal: afterwards.length },
            ...{ lost: lost.length, endedAfterMs: rounded(ended.milliseconds) },
          }),
        )
        expectOrderly(ended)
        expect(ended.milliseconds).toBeLessThan(patience)
        expect(outcomes.filter(({ answer }) => answer === 'half')).toEqual([])
        expect(answered.filter(({ verdict }) => verdict !== 'right')).toEqual([])
        expect(new Set(answered.map(({ question }) => question.kind)).size).toBe(4)
        expect(afterwards.length).toBeGreaterThan(0)
        expect(lost).toEqual([])
      } finally {
        connections.close()
        serving.kill()
      }
    },
  )
})

const clock = (): number => Date.now() + later

/** Each acts once, in turn with somebody who signs in; then all sign in. */
function everythingOnce(
  readers: readonly Visitor[],
  leavers: readonly Visitor[],
  families: readonly Visitor[],
  turn: number,
): () => Question {
  const questions = readers.flatMap((reader, at) => [
    whoAmI(reader),
    signOut(leavers[at] as Visitor),
    rotation(families[at] as Visitor),
    signIn(`newcomer ${turn} ${at}`),
  ])
  let at = 0
  return () => questions[at++] ?? signIn(`latecomer ${turn} ${at}`)
}

/** Asks without pause until nothing answers any more, and tells it to end after so many answers. */
async function loadUntilGone<T>(
  connections: KeptConnections,
  next: () => Question,
  outcomes: Outcome[],
  answers: number,
  end: () => Promise<T>,
): Promise<{ readonly told: number; readonly ended: T }> {
  let told = 0
  let ended: Promise<T> | undefined
  const client = async (): Promise<void> => {
    for (let goesOn = true; goesOn; ) {
      const outcome = await connections.ask(next())
      outcomes.push(outcome)
      goesOn = typeof outcome.answer === 'object'
      if (outcomes.length < answers || ended !== undefined) continue
      told = performance.now()
      ended = end()
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  if (ended === undefined) throw new Error('it stopped to answer before it was told to end')
  return { told, ended: await ended }
}

/** What was acknowledged and is not so, as another process sees it. */
async function lostOf(other: LoadApplication, answered: readonly Outcome[]): Promise<readonly string[]> {
  const isIn = async (cookie: string): Promise<boolean> =>
    (await other.sessions.authenticate({ method: 'GET', url: origin, headers: new Headers({ cookie }) })).ok
  const holds = async (outcome: Outcome): Promise<boolean> => {
    const { question, answer } = outcome
    switch (question.kind) {
      case 'a sign-in':
        return isIn(whoAmI(letIn(outcome)).headers?.cookie ?? '')
      case 'a sign-out':
        return !(await isIn(question.headers?.cookie ?? ''))
      case 'who am I': {
        // Its use was noted: beside the answer, but before the end.
        const { session } = (answer as { readonly json: { readonly session: string } }).json
        const [listed] = await other.sessions.sessions.list(session)
        return listed !== undefined && listed.lastSeenAt >= listed.createdAt + later
      }
      default: {
        const held = tokenOf(outcome)
        const granted = await other.tokens.refresh(tokensRequest, { refreshToken: held })
        return granted.ok && (granted.body as { readonly refresh_token?: string }).refresh_token === held
      }
    }
  }
  const all = await Promise.all(
    answered.map(async (outcome) => ((await holds(outcome)) ? [] : [outcome.question.kind])),
  )
  return all.flat()
}

const tokensRequest = new Request(`${origin}/tokens/refresh`, { method: 'POST' })

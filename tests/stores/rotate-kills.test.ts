import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startRedis } from '@handstamp/local-servers/redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newKeyPair } from '../wire/key-pair.ts'
import { bundleChild } from './bundle-child.ts'
import { type FireAuth, fireAuth, refresh, whoIs } from './fire-application.ts'
import { type SharedStore, sharedStores } from './fire-stores.ts'
import type { Rotating, Told } from './rotate-child.ts'

/** Of processes, on each store; more by HANDSTAMP_KILLS. */
const kills = Number(process.env.HANDSTAMP_KILLS ?? 4)
/** At work at once. */
const crew = 4
const { jwk: key, secret } = newKeyPair()
const folder = mkdtempSync(join(tmpdir(), 'rotate-'))
let program: string

beforeAll(async () => {
  program = await bundleChild('rotate-child.ts', folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** `tokens`: the last two. */
type Known = Told & { readonly tokens: readonly string[] }

interface Site {
  readonly name: string
  readonly shared: SharedStore
  start(): ReturnType<SharedStore['start']>
}

function sharedAs(name: string): SharedStore {
  const shared = sharedStores.find((one) => one.name === name)
  if (shared === undefined) throw new Error(`no store is called ${name}`)
  return shared
}

const durable = (appendfsync: string): Site => ({
  name: `Redis, appendfsync ${appendfsync}`,
  shared: sharedAs('Redis'),
  async start() {
    const config = [['appendonly', 'yes'] as const, ['appendfsync', appendfsync] as const]
    const server = await startRedis({ config })
    return { at: `redis://127.0.0.1:${server.port}`, stop: server.stop }
  },
})

const sites: readonly Site[] = [
  durable('everysec'),
  durable('always'),
  ...['SQLite', 'PostgreSQL'].map(sharedAs).map((shared) => ({ name: shared.name, shared, start: shared.start })),
]

describe.each(sites)('$name', ({ name, shared, start }) => {
  test.skipIf(!shared.isInstalled)(
    'killed in the middle of rotations: one live token for each session, which its owner has, and none once signed out (R2)',
    async () => {
      const counted = { kills: 0, families: 0, rotations: 0, halfway: 0, signedOut: 0, lost: 0, forked: 0, alive: 0 }
      const server = await start()
      let now = Date.now()
      const clock = (): number => now
      const { store, close } = await shared.open(server.at, clock)
      while (counted.kills < kills) {
        const job = { store: shared.name, at: server.at, key, secret }
        const told = await Promise.all(Array.from({ length: crew }, () => killOne(job)))
        const killedAt = Date.now()
        counted.kills += crew
        for (const one of told.flat()) {
          // A rotation was under way, and may have come to its end.
          now = killedAt + one.ahead
          const found = await store.find(one.id)
          const auth = fireAuth({ store, keys: [key], secrets: [secret], clock })
          const rotations = found?.record.rotation?.g ?? one.rotations
          const leaves = await leavesOf(auth, one)
          counted.families += 1
          counted.rotations += rotations
          if (rotations > one.rotations) counted.halfway += 1
          if (one.fate === 'ended') {
            counted.signedOut += 1
            counted.alive += leaves.size
            continue
          }
          if (leaves.size > 1) counted.forked += 1
          if (leaves.size === 0 && (one.fate === 'live' || found !== undefined)) counted.lost += 1
          await auth.sessions.revoke(one.id)
          counted.alive += (await leavesOf(auth, { ...one, tokens: [...one.tokens, ...leaves], fate: 'ended' })).size
        }
      }
      await close()
      await server.stop()
      console.log(JSON.stringify({ requirement: 'R2', store: name, ...counted }))
      expect(counted).toMatchObject({ lost: 0, forked: 0, alive: 0 })
      expect(counted.rotations).toBeGreaterThanOrEqual(kills)
      expect(counted.signedOut).toBeGreaterThanOrEqual(kills)
      expect(counted.halfway).toBeGreaterThanOrEqual(Math.floor(kills / 50))
    },
    30_000 + kills * 2_000,
  )
})

/** What one process told of each session before it was killed, at a random instant. */
async function killOne(job: Rotating): Promise<readonly Known[]> {
  const child = fork(program, { execArgv: [], env: { ...process.env, NODE_OPTIONS: '' } })
  const known = new Map<string, Known>()
  const working = Promise.withResolvers<void>()
  const closed = once(child, 'close')
  closed.then(([code]) => working.reject(new Error(`a process ended by itself: ${code}`)))
  child.on('message', (told: Told) => {
    known.set(told.id, { ...told, tokens: [...(known.get(told.id)?.tokens ?? []), told.token].slice(-2) })
    const all = [...known.values()]
    if (all.some(({ fate }) => fate === 'ended') && all.some(({ rotations }) => rotations > 0)) working.resolve()
  })
  child.send(job)
  try {
    await working.promise
    await delay(100 * Math.random())
  } finally {
    child.kill('SIGKILL')
  }
  const [code] = await closed
  if (code !== null) throw new Error(`a process ended by itself: ${code}`)
  return [...known.values()]
}

/** The tokens that are given for the last one, or for any that a session had which is signed out. */
async function leavesOf(auth: FireAuth, { userId, tokens, fate }: Known): Promise<ReadonlySet<string>> {
  const leaves = new Set<string>()
  // Twice, as where an answer is lost; and then what was given.
  for (const token of fate === 'ended' ? tokens : tokens.slice(-1))
    for (let asking = [token, token]; asking.length > 0; ) {
      const answer = await refresh(auth, asking.shift() ?? '')
      if (!answer.ok) continue
      const { access_token: access, refresh_token: leaf } = answer.tokens
      expect(await whoIs(auth, access)).toBe(userId)
      if (!leaves.has(leaf) && leaves.size < 2) asking.push(leaf)
      leaves.add(leaf)
    }
  return leaves
}

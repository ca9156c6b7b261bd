/**
 * Servers behind a round-robin, which are replaced one by one.
 * @module
 */
import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Job } from './job.ts'
import { linkDrivers, makeVersion, type Version } from './versions.ts'

export interface Server {
  readonly version: Version
  readonly url: string
}

export interface Fleet {
  /** Those that are served by, in turn. */
  readonly servers: readonly Server[]
  next(): Server
  start(version: Version, job: Omit<Job, 'passed'>): Promise<Server>
  /** Puts one in the place of another, which ends once it has answered; the first ones take the place of none. */
  put(server: Server, instead?: Server): Promise<void>
  /** Sets every clock, that of later ones as well. */
  pass(ms: number): Promise<void>
  /** By the clock of the servers. */
  now(): number
  /** What they said on standard error, and those that ended by themselves. */
  readonly troubles: readonly string[]
  close(): Promise<void>
}

interface Running extends Server {
  readonly child: ChildProcess
}

export async function openFleet(versions: readonly Version[]): Promise<Fleet> {
  const folder = mkdtempSync(join(tmpdir(), 'rolling-'))
  const programs = new Map<Version, string>()
  try {
    linkDrivers(folder)
    for (const version of versions) programs.set(version, await makeVersion(version, folder))
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
  const all: Running[] = []
  const servers: Server[] = []
  const troubles: string[] = []
  let [turn, passed] = [0, 0]

  async function end({ child }: Running): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    await ended
  }

  return {
    servers,
    troubles,
    now: () => Date.now() + passed,

    next() {
      const server = servers[turn++ % servers.length]
      if (server === undefined) throw new Error('no server')
      return server
    },

    async start(version, job) {
      const child = fork(programs.get(version) ?? '', {
        env: { ...process.env, NODE_OPTIONS: '', NODE_COMPILE_CACHE: join(folder, 'compiled') },
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      })
      child.stderr?.on('data', (text: Buffer) => troubles.push(`${version}: ${text}`))
      child.once('exit', (code) => code === null || troubles.push(`${version} ended with ${code}`))
      const port = await answerOf(child, { ...job, passed })
      const server = { version, url: `http://127.0.0.1:${port}`, child }
      all.push(server)
      return server
    },

    async put(server, instead) {
      const at = instead ? servers.indexOf(instead) : -1
      if (at === -1) servers.push(server)
      else servers[at] = server
      const old = all.find((one) => one === instead)
      if (old) await end(old)
    },

    async pass(ms) {
      passed += ms
      await Promise.all(all.filter(({ child }) => child.connected).map(({ child }) => answerOf(child, passed)))
    },

    async close() {
      await Promise.all(all.map(end))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function answerOf(child: ChildProcess, message: Job | number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const gone = (code: number | null): void => reject(new Error(`a server ended with ${code}`))
    child.once('exit', gone)
    child.once('message', (answer) => {
      child.off('exit', gone)
      resolve(answer)
    })
    child.send(message)
  })
}

/**
 * A program as a server of its own: on a free port of this machine, in a temporary folder, until it is stopped. It ends
 * with the process that started it, however that ends.
 * @module
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { accessSync, chownSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { watchOver } from './leave-nothing.ts'

export interface Place {
  readonly port: number
  readonly folder: string
}

export interface Program {
  readonly name: string
  /** The files to look for on the PATH, the first that is there. */
  readonly files: readonly string[]
  /** Folders beside those of the PATH. */
  readonly folders?: readonly string[]
  /** The user it runs as where we are root, since it refuses root. */
  readonly user?: string
  /** Once, in the new folder. */
  readonly prepare?: (place: Place, run: (file: string, ...args: string[]) => void) => void
  readonly args: (place: Place) => readonly string[]
  /** A line of its output that says that it serves; where it prints none, a connection that is accepted. */
  readonly ready?: RegExp
}

export interface LocalServer extends Place {
  readonly pid: number
  /** Everything it has printed since it was started last. */
  printed(): string
  /** SIGKILL is a crash, SIGSTOP a hang, SIGCONT its end. */
  signal(signal: NodeJS.Signals): void
  /** Starts it again on the same port and folder; ended before, if it was not. */
  restart(): Promise<void>
  /** Ends it and removes its folder. */
  stop(): Promise<void>
}

/** The file of a program; undefined where it is not installed. `HANDSTAMP_NO_SERVERS` hides them all. */
export function fileOf({ files, folders = [] }: Pick<Program, 'files' | 'folders'>): string | undefined {
  if (process.env.HANDSTAMP_NO_SERVERS) return undefined
  const path = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', ...folders]
  return files.flatMap((file) => path.map((folder) => join(folder, file))).find(isExecutable)
}

/** @throws Error where the program is not installed, or ends before it serves. */
export async function startServer(program: Program): Promise<LocalServer> {
  const file = fileOf(program)
  if (file === undefined) throw new Error(`${program.name} is not installed`)
  const identity = identityOf(program)
  const place: Place = { port: await freePort(), folder: mkdtempSync(join(tmpdir(), `${program.name}-`)) }
  const watch = watchOver(place.folder)
  const clear = (): void => {
    rmSync(place.folder, { recursive: true, force: true })
    watch.done()
  }
  let running: Awaited<ReturnType<typeof launch>>
  try {
    if (identity.uid !== undefined && identity.gid !== undefined) chownSync(place.folder, identity.uid, identity.gid)
    program.prepare?.(place, (tool, ...args) => {
      const { status, stdout, stderr } = spawnSync(tool, args, { ...identity, cwd: place.folder, encoding: 'utf8' })
      if (status !== 0) throw new Error(`${tool} ended with ${status}: ${stdout}${stderr}`)
    })
    running = await launch()
  } catch (error) {
    clear()
    throw error
  }
  const end = (): void => {
    running.child.kill('SIGKILL')
    clear()
  }
  process.once('exit', end)

  async function launch(): Promise<{ child: ChildProcess; printed: () => string }> {
    const child = spawn(file as string, program.args(place), {
      ...identity,
      cwd: place.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    watch.runs(child.pid)
    child.once('exit', () => watch.runs(undefined))
    let printed = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (printed += chunk))
    await serving(child, program, place, () => printed)
    return { child, printed: () => printed }
  }

  return {
    ...place,
    get pid() {
      return running.child.pid ?? 0
    },
    printed: () => running.printed(),
    signal: (signal) => void running.child.kill(signal),
    async restart() {
      await ended(running.child, 'SIGKILL')
      running = await launch()
    },
    async stop() {
      process.off('exit', end)
      await ended(running.child, 'SIGKILL')
      clear()
    },
  }
}

async function serving(child: ChildProcess, program: Program, place: Place, printed: () => string): Promise<void> {
  let failure: unknown
  child.once('error', (error) => (failure = error))
  const isReady = program.ready === undefined ? () => accepts(place.port) : () => program.ready?.test(printed())
  for (let waited = 0; waited < 60_000; waited += 20) {
    if (failure !== undefined || child.exitCode !== null || child.signalCode !== null) break
    if (await isReady()) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  child.kill('SIGKILL')
  throw new Error(`${program.name} does not serve: ${failure ?? printed()}`)
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

/** Resolves once it is gone; a process that is stopped (SIGSTOP) too. */
function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill(signal)
  })
}

function identityOf({ name, user }: Program): { readonly uid?: number; readonly gid?: number } {
  if (user === undefined || process.getuid?.() !== 0) return {}
  const [uid, gid] = ['-u', '-g'].map((flag) => Number(spawnSync('id', [flag, user], { encoding: 'utf8' }).stdout))
  if (!uid || !gid) throw new Error(`${name} refuses root, and there is no user ${user}`)
  return { uid, gid }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

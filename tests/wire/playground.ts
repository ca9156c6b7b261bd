/**
 * The playground as a process of its own, on a free port, until its test ends it.
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll } from 'vitest'
import { openWire, type Wire } from './wire.ts'

export interface Playground extends Wire {
  /** Everything that it has printed, on both streams. */
  printed(): string
  stop(): Promise<void>
}

const main = fileURLToPath(new URL('../../examples/playground/main.ts', import.meta.url))

/** For hooks and tests that start one, on a machine that has other things to do. */
export const patience = 60_000

/**
 * Starts one for each set of flags, all at once before the first test of the file, and ends them after the last. What it
 * answers finds one by its flags.
 */
export function sharedPlaygrounds(all: readonly string[]): (flags: string) => Playground {
  const started = new Map<string, Playground>()
  beforeAll(async () => {
    await Promise.all(all.map(async (flags) => started.set(flags, await startPlayground(flags))))
  }, patience)
  afterAll(async () => {
    await Promise.all([...started.values()].map((server) => server.stop()))
  }, patience)
  return (flags) => {
    const server = started.get(flags)
    if (server === undefined) throw new Error(`no playground was started with ${flags}`)
    return server
  }
}

/** Starts it with further flags, and answers once it serves. */
export async function startPlayground(flags: string): Promise<Playground> {
  const args = ['--conditions=handstamp-source', main, '--port', '0', '--no-open', ...flags.split(' ')]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const end = (): boolean => child.kill()
  process.once('exit', end)
  let printed = ''
  const origin = await new Promise<string>((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      printed += chunk.toString()
      const ready = /^ready (http:\/\/localhost:\d+)$/m.exec(printed)?.[1]
      if (ready !== undefined) resolve(ready)
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`the playground ended with ${code}: ${printed}`)))
  })
  return {
    ...openWire({ origin, port: Number(new URL(origin).port) }),
    printed: () => printed,
    async stop() {
      process.off('exit', end)
      await ended(child)
    },
  }
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill()
  })
}

/**
 * The playground as a process of its own, on a free port.
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface Playground {
  readonly origin: string
  stop(): Promise<void>
}

const main = fileURLToPath(new URL('../../examples/playground/main.ts', import.meta.url))

/** Answers once it serves. What it complains of goes where ours goes. */
export async function startPlayground(...flags: readonly string[]): Promise<Playground> {
  const args = ['--conditions=handstamp-source', main, '--port', '0', '--no-open', ...flags]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const end = (): boolean => child.kill()
  process.once('exit', end)
  const lines = createInterface(child.stdout)
  const line: string = await new Promise((resolve, reject) => {
    lines.once('line', resolve)
    child.once('error', reject)
    ended.then(([code]) => reject(new Error(`the playground ended with ${code}`)), reject)
  })
  return {
    origin: line.replace('ready ', ''),
    async stop() {
      process.off('exit', end)
      end()
      await ended
    },
  }
}

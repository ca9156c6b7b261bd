/**
 * The playground as a process, which ends with its test.
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { afterEach } from 'vitest'

const main = fileURLToPath(new URL('../main.ts', import.meta.url))
/** Where each process leaves its programs for the next one, which then starts in half the time. */
const compiled = fileURLToPath(new URL('../../../node_modules/.cache/handstamp/compiled', import.meta.url))

/** For a process on a machine that has other things to do. */
export const patience = 40_000

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcess
  /** The origin of the ready line. */
  readonly ready: Promise<string>
  readonly ended: Promise<Ended>
}

const running = new Set<ChildProcess>()

afterEach(() => {
  for (const child of running) child.kill('SIGKILL')
})

function startIn(env: NodeJS.ProcessEnv): (...flags: string[]) => Running {
  return (...flags) => {
    const child = spawn(process.execPath, ['--conditions=handstamp-source', main, ...flags], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { NODE_COMPILE_CACHE: compiled, ...process.env, ...env },
    })
    running.add(child)
    let [stdout, stderr] = ['', '']
    const ready = new Promise<string>((resolve, reject) => {
      child.stdout?.setEncoding('utf8').on('data', (text: string) => {
        stdout += text
        const origin = /^ready (\S+)$/m.exec(stdout)?.[1]
        if (origin !== undefined) resolve(origin)
      })
      child.once('close', () => reject(new Error(`it ended before it was ready: ${stderr}`)))
    })
    ready.catch(() => {})
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    const ended = once(child, 'close').then(([code]) => {
      running.delete(child)
      return { code: code as number | null, stdout, stderr }
    })
    return { child, ready, ended }
  }
}

export const start: ((...flags: string[]) => Running) & { with: typeof startIn } = Object.assign(startIn({}), {
  with: startIn,
})

/** Of a line, for a process that a test starts. */
export const flags = (line: string): readonly string[] => ['--port', '0', '--no-open', ...line.split(' ')]

/** Where the system tells; elsewhere none. */
export async function childrenOf(pid: number): Promise<readonly number[]> {
  const list = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  return list.split(' ').filter(Boolean).map(Number)
}

export function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

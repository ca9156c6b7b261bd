/** Processes that write to one directory of sessions at once. */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { handleOf } from '@handstamp/core/credential'
import type { SessionRecord } from '@handstamp/core/session'
import type { SessionStore } from '@handstamp/server/stores/store'

export interface Job {
  readonly work: 'count' | 'crowded' | 'kept' | 'signIn' | 'touch'
  readonly directory: string
  readonly fsync: boolean
  readonly record: SessionRecord
  readonly times: number
  readonly cap: number
}

export interface Child {
  readonly pid: number
  readonly lines: readonly string[]
  kill(signal: NodeJS.Signals): void
  /** The first line that begins so, or undefined when it ended before. */
  said(beginning: string): Promise<string | undefined>
  /** Settles when it has ended and all its lines are read. */
  readonly ended: Promise<{ readonly code: number | null; readonly errors: string }>
}

const source = fileURLToPath(import.meta.resolve('./file-child.ts'))

/** One at work at once. */
export function startChild(job: Job): Child {
  const limit = job.work === 'crowded' ? 'ulimit -n 64 && ' : ''
  const program = [process.execPath, '--conditions=handstamp-source', source]
  const compiled = { NODE_COMPILE_CACHE: join(job.directory, '../compiled') }
  const child = start('/bin/sh', ['-c', `${limit}exec "$0" "$@"`, ...program], compiled)
  child.begin(job)
  return child
}

/** One that says `ready`, and waits for its job. */
export function startWaiting(bundle: string): Child & { begin(job: Job): void } {
  return start(process.execPath, [bundle])
}

function start(command: string, args: string[], env: NodeJS.ProcessEnv = {}): Child & { begin(job: Job): void } {
  const child = spawn(command, args, { env: { ...process.env, NODE_OPTIONS: '', ...env } })
  // Who ended before it was told says so by its end.
  child.stdin.on('error', () => {})
  const lines: string[] = []
  const waiting = new Set<() => void>()
  let errors = ''
  child.stderr.on('data', (text: Buffer) => {
    errors += text.toString()
  })
  const reader = createInterface({ input: child.stdout })
  reader.on('line', (line) => {
    lines.push(line)
    for (const look of waiting) look()
  })
  let isOver = false
  const ended = Promise.all([
    new Promise<number | null>((resolve) => child.once('exit', resolve)),
    new Promise((resolve) => reader.once('close', resolve)),
  ]).then(([code]) => {
    isOver = true
    for (const look of waiting) look()
    return { code, errors }
  })
  return {
    pid: child.pid ?? 0,
    lines,
    begin: (job) => void child.stdin.end(JSON.stringify(job)),
    kill: (signal) => void child.kill(signal),
    said(beginning) {
      return new Promise((resolve) => {
        const look = (): void => {
          const line = lines.find((one) => one.startsWith(beginning))
          if (line === undefined && !isOver) return
          waiting.delete(look)
          resolve(line)
        }
        waiting.add(look)
        look()
      })
    },
    ended,
  }
}

export function newDirectory(): { readonly directory: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'handstamp-'))
  const directory = join(folder, 'sessions')
  mkdirSync(directory, { mode: 0o700 })
  return { directory, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Every name in the directory that is not a user's file. */
export function leftoversIn(directory: string): string[] {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  return names.filter((name) => name.includes('.'))
}

/** The process id in the lock of the only user, if it is locked. */
export function holderIn(directory: string): number | undefined {
  const lock = leftoversIn(directory).find((name) => name.endsWith('.lock'))
  return lock === undefined ? undefined : pidIn(join(directory, lock))
}

/** The process id in the lock of this session's user, if it is locked. */
export function holderOf(directory: string, id: string): number | undefined {
  return pidIn(`${fileOf(directory, id)}.lock`)
}

/** New files of this session's user that are not in their place. */
export function temporariesOf(directory: string, id: string): string[] {
  const path = fileOf(directory, id)
  return readdirSync(dirname(path)).filter((name) => name.startsWith(basename(path)) && name.endsWith('.tmp'))
}

function pidIn(lock: string): number | undefined {
  try {
    return Number(readlinkSync(lock).split(':')[2])
  } catch {
    return undefined
  }
}

export async function sweepAll(store: SessionStore): Promise<void> {
  while ((await store.sweep({ before: Date.now(), limit: 1_000 })).more);
}

/** The path of a user's file. */
export function fileOf(directory: string, sessionId: string): string {
  const name = Buffer.from(handleOf(sessionId), 'base64url').toString('hex')
  return join(directory, name.slice(0, 2), name)
}

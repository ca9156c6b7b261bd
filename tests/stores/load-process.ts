/**
 * The application as a process of its own, as whoever started it sees it.
 * @module
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Serving, Told } from './load-child.ts'

export interface LoadProcess {
  readonly port: number
  /** Moves its clock on, and answers by how much it is ahead by now. */
  pass(milliseconds: number): Promise<number>
  /** Tells it to end, and answers how it did. */
  end(): Promise<Ended>
  kill(): void
}

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly milliseconds: number
  readonly unhandled: readonly string[]
}

/** Longer than any end may take, on a machine with other things to do. */
const patience = 20_000

export async function startLoadProcess(serving: Serving): Promise<LoadProcess> {
  const child = fork(join(import.meta.dirname, 'load-child.ts'), {
    execArgv: ['--conditions=handstamp-source', '--no-warnings'],
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  const unhandled: string[] = []
  child.on('message', (told: Told) => {
    if ('unhandled' in told) unhandled.push(told.unhandled)
  })
  // Whoever sends to one that has ended learns it by that end.
  child.on('error', () => {})
  child.send(serving)
  const { port } = await next(child, (told) => ('port' in told ? told : undefined))
  return {
    port,
    async pass(passed) {
      if (!child.connected) throw new Error('the application has ended')
      child.send({ passed })
      return (await next(child, (told) => ('ahead' in told ? told : undefined))).ahead
    },
    async end() {
      const begun = performance.now()
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      const impatient = setTimeout(() => child.kill('SIGKILL'), patience)
      const [code, signal] = (await ended) as [number | null, NodeJS.Signals | null]
      clearTimeout(impatient)
      return { code, signal, milliseconds: performance.now() - begun, unhandled }
    },
    kill: () => void child.kill('SIGKILL'),
  }
}

/** By itself, with nothing that nobody handled. */
export function expectOrderly({ code, signal, unhandled }: Ended): void {
  expect({ code, signal, unhandled }).toEqual({ code: 0, signal: null, unhandled: [] })
}

function next<T>(child: ChildProcess, read: (told: Told) => T | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`the application ended with ${code}`))
    const onMessage = (told: Told) => {
      const it = read(told)
      if (it === undefined) return
      child.off('message', onMessage).off('exit', onExit)
      resolve(it)
    }
    child.on('message', onMessage).once('exit', onExit)
  })
}

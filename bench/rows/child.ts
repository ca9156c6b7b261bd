/**
 * Processes of the bench's own: started from a script beside this file, asked by messages, ended by their parent.
 * @module
 */
import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'

/** Long enough for a million sessions on a busy machine. */
const patience = 240_000

export interface Child {
  /** Answers the next message that the child sends after this one. */
  ask(message: object): Promise<unknown>
  /** The first message, which a child sends when it is ready. */
  readonly ready: Promise<unknown>
  end(): void
}

/** Starts `servers/<script>` with arguments and flags of Node. */
export function startChild(script: string, args: readonly string[], flags: readonly string[] = []): Child {
  const path = join(import.meta.dirname, '..', 'servers', script)
  const process = fork(path, args, { execArgv: ['--conditions=handstamp-source', ...flags] })
  return {
    ready: nextMessage(process),
    async ask(message) {
      const answer = nextMessage(process)
      process.send(message)
      return answer
    },
    end() {
      process.kill()
    },
  }
}

function nextMessage(process: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => settle(() => reject(new Error('a process of the bench does not answer'))), patience)
    const onMessage = (message: unknown) => settle(() => resolve(message))
    const onExit = (code: number | null) => settle(() => reject(new Error(`a process of the bench ended with ${code}`)))
    process.once('message', onMessage)
    process.once('exit', onExit)
    function settle(how: () => void): void {
      clearTimeout(timer)
      process.off('message', onMessage)
      process.off('exit', onExit)
      how()
    }
  })
}

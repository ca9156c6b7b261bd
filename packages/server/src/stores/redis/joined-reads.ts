/**
 * Reads of one tick as one MGET, so that the driver handles one command and one answer instead of many.
 * @module
 */
import type { Command } from './client.ts'

interface Waiting {
  readonly keys: readonly string[]
  readonly resolve: (values: readonly unknown[]) => void
  readonly reject: (error: unknown) => void
}

/** Answers the same commands, of which every MGET waits for the others of its tick and fails with them. For one server. */
export function joiningReads(command: Command): Command {
  let waiting: Waiting[] = []

  async function flush(): Promise<void> {
    const group = waiting
    waiting = []
    const keys = group.flatMap((one) => one.keys)
    try {
      const values = (await command(keys[0] ?? '', 'MGET', ...keys)) as readonly unknown[]
      let at = 0
      for (const { keys: own, resolve } of group) {
        resolve(values.slice(at, at + own.length))
        at += own.length
      }
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
  }

  return (firstKey, name, ...keys) => {
    if (name !== 'MGET') return command(firstKey, name, ...keys)
    return new Promise((resolve, reject) => {
      // After the sockets were read, since that is when requests come.
      if (waiting.length === 0) setImmediate(() => void flush())
      waiting.push({ keys, resolve, reject })
    })
  }
}

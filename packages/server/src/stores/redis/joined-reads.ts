/**
 * Reads of one tick as one MGET, so that the driver handles one command and one answer instead of many.
 * @module
 */
import { type Command, isCode } from './client.ts'

/** The real one, also while a test of the application has faked its timers: what is set by those may never come. */
const afterThisTick = globalThis.setImmediate

interface Waiting {
  readonly keys: readonly string[]
  readonly resolve: (values: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * Answers the same commands, of which every MGET waits for the others of its tick and fails with them. Where the server
 * turns out to be a Cluster, which no client says of itself when it knows one node alone, each goes by itself from then on.
 */
export function joiningReads(command: Command): Command {
  let waiting: Waiting[] = []
  let isCluster = false

  const read = (keys: readonly string[]): Promise<unknown> => command(keys[0] ?? '', 'MGET', ...keys)

  async function flush(): Promise<void> {
    const group = waiting
    waiting = []
    const keys = group.flatMap((one) => one.keys)
    try {
      const values = (await read(keys)) as readonly unknown[]
      let at = 0
      for (const { keys: own, resolve } of group) {
        resolve(values.slice(at, at + own.length))
        at += own.length
      }
    } catch (error) {
      isCluster ||= isCode(error, 'CROSSSLOT')
      for (const { keys: own, resolve, reject } of group) {
        if (isCluster) read(own).then(resolve, reject)
        else reject(error)
      }
    }
  }

  return (firstKey, name, ...keys) => {
    if (name !== 'MGET' || isCluster) return command(firstKey, name, ...keys)
    return new Promise((resolve, reject) => {
      // After the sockets were read, since that is when requests come.
      if (waiting.length === 0) afterThisTick(() => void flush())
      waiting.push({ keys, resolve, reject })
    })
  }
}

/**
 * A client of Redis whose reads of one tick travel as one MGET: measured to know whether the store should do so itself.
 * @module
 */
import type { NodeRedisClient } from '@handstamp/server/stores/redis'

interface Waiting {
  readonly keys: readonly string[]
  readonly resolve: (values: unknown[]) => void
  readonly reject: (error: unknown) => void
}

/** `send` is the client's own way to send one command. */
export function joiningReads(send: (words: string[]) => Promise<unknown>): NodeRedisClient {
  let waiting: Waiting[] = []

  function flush(): void {
    const group = waiting
    waiting = []
    send(['MGET', ...group.flatMap(({ keys }) => keys)]).then(
      (answer) => {
        let at = 0
        for (const { keys, resolve } of group) {
          resolve((answer as unknown[]).slice(at, at + keys.length))
          at += keys.length
        }
      },
      (error: unknown) => {
        for (const { reject } of group) reject(error)
      },
    )
  }

  return {
    sendCommand([name, ...keys]) {
      if (name !== 'MGET') return send([name ?? '', ...keys])
      return new Promise<unknown>((resolve, reject) => {
        if (waiting.length === 0) setImmediate(flush)
        waiting.push({ keys, resolve, reject })
      })
    },
  }
}

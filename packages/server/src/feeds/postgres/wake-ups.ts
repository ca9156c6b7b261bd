/**
 * Being woken by NOTIFY. Only that: a notification says nothing that is not read afterwards, and may be lost.
 * @module
 */
import { type LendingPool, lent } from '../../stores/sql/lent.ts'
import type { PostgresClient } from '../../stores/sql/postgres.ts'

/** pg: `new Pool()`, of which one connection is taken. */
export type PostgresListener = LendingPool<PostgresListeningClient>

export interface PostgresListeningClient extends Pick<PostgresClient, 'query' | 'release'> {
  on(event: 'notification' | 'error' | 'end', listener: () => void): unknown
}

export interface WakeUps {
  /** How many there have been: taken before a read, so that none is missed between that read and the wait. */
  count(): number
  /** Settles once there have been more, or it is time to look by oneself, which is after `ms` at the latest. */
  next(count: number, ms: number): Promise<void>
  close(): void
}

/** Milliseconds between two looks where nobody wakes us. */
const pollEvery = 250
/** Milliseconds before a connection that was lost is opened anew. */
const rest = 1_000

/** Answers wake-ups on the channel, over a connection that is opened anew whenever it breaks. */
export function wakeUps(listener: PostgresListener | undefined, channel: string): WakeUps {
  const waiting = new Set<() => void>()
  let count = 0
  let client: PostgresListeningClient | undefined
  let isConnecting = false
  let isListening = false
  let isClosed = false
  let connectAt = 0

  function wake(): void {
    count += 1
    for (const settle of [...waiting]) settle()
  }

  function lose(one: PostgresListeningClient): void {
    if (client !== one) return
    client = undefined
    isListening = false
    one.release(true)
  }

  function hear(one: PostgresListeningClient): void {
    client = one
    for (const event of ['error', 'end'] as const) one.on(event, () => lose(one))
    one.on('notification', wake)
  }

  async function listen(from: PostgresListener): Promise<void> {
    const one = await lent(from, hear)
    if (client !== one) return
    if (isClosed) return lose(one)
    try {
      await one.query(`LISTEN "${channel}"`, [])
      isListening = client === one
    } catch {
      lose(one)
    }
  }

  function connect(): void {
    if (listener === undefined || isClosed || isConnecting || client !== undefined || performance.now() < connectAt)
      return
    isConnecting = true
    connectAt = performance.now() + rest
    // Without it a look every quarter of a second does.
    listen(listener)
      .catch(() => {})
      .finally(() => {
        isConnecting = false
      })
  }

  return {
    count: () => count,

    next(seen, ms) {
      connect()
      if (seen !== count) return Promise.resolve()
      return new Promise((resolve) => {
        const settle = (): void => {
          clearTimeout(timer)
          waiting.delete(settle)
          resolve()
        }
        const timer = setTimeout(settle, isListening ? ms : Math.min(ms, pollEvery))
        waiting.add(settle)
      })
    },

    close() {
      isClosed = true
      if (client !== undefined) lose(client)
      wake()
    },
  }
}

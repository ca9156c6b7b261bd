/** A process that serves refreshes: all at once with one token, one after another until it is killed, or sign-ins. */

import type { KeyPair } from '../wire/key-pair.ts'
import { fireAuth, refresh, signIn } from './fire-application.ts'
import { sharedStores } from './fire-stores.ts'

export interface Fire {
  readonly work: 'refresh' | 'signIn'
  readonly store: string
  readonly at: string
  readonly keys: readonly KeyPair['jwk'][]
  readonly secrets: readonly string[]
  readonly token: string
  readonly times: number
  readonly sessionsPerUser: number
}

export interface Served {
  readonly answers: readonly string[]
  readonly milliseconds: readonly number[]
  readonly retries: number
  readonly events: readonly string[]
}

process.once('message', async (fire: Fire) => {
  const shared = sharedStores.find(({ name }) => name === fire.store)
  if (shared === undefined) throw new Error('no such store')
  const { store, close } = await shared.open(fire.at)
  const events: string[] = []
  const { keys, secrets, sessionsPerUser } = fire
  const auth = fireAuth({ store, keys, secrets, sessionsPerUser, events: ({ type }) => events.push(type) })
  let retries = 0

  async function one(): Promise<{ answer: string; took: number }> {
    const begun = performance.now()
    for (;;) {
      try {
        const answer =
          fire.work === 'signIn' ? (await signIn(auth, fire.token)).id : describe(await refresh(auth, fire.token))
        return { answer, took: performance.now() - begun }
      } catch (error) {
        // Neither yes nor no: 503, and the client asks again.
        if ((error as { code?: string }).code === undefined || ++retries > 10_000) throw error
        await new Promise((resolve) => setTimeout(resolve, 50 + 100 * Math.random()))
      }
    }
  }

  // Once a connection stands, and every process is here.
  await store.listByUser('A'.repeat(16))
  process.send?.('ready')
  process.once('message', async () => {
    const all = await Promise.all(Array.from({ length: fire.times }, one))
    const served: Served = {
      answers: all.map(({ answer }) => answer),
      milliseconds: all.map(({ took }) => took),
      retries,
      events,
    }
    process.send?.(served)
    await auth.close()
    await close()
    process.disconnect()
  })
})

function describe(answer: Awaited<ReturnType<typeof refresh>>): string {
  return answer.ok ? answer.tokens.refresh_token : `refused: ${answer.reason}`
}

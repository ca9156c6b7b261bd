/** A process that serves refreshes, all at once with one token or of many sessions in turn, or sign-ins. */

import type { KeyPair } from '../wire/key-pair.ts'
import { fireAuth, refresh, signIn } from './fire-application.ts'
import { sharedStores } from './fire-stores.ts'

export interface Fire {
  /** `inTurn`: of another session each, one after the other. */
  readonly work: 'refresh' | 'signIn' | 'inTurn'
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
  /** Milliseconds of this process, from the beginning of the first to the end of the last. */
  readonly cpu: number
  readonly total: number
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

  async function one(token = fire.token): Promise<{ answer: string; took: number }> {
    const begun = performance.now()
    for (;;) {
      try {
        const answer = fire.work === 'signIn' ? (await signIn(auth, token)).id : describe(await refresh(auth, token))
        return { answer, took: performance.now() - begun }
      } catch (error) {
        // Neither yes nor no: 503, and the client asks again.
        if ((error as { code?: string }).code === undefined || ++retries > 10_000) throw error
        await new Promise((resolve) => setTimeout(resolve, 50 + 100 * Math.random()))
      }
    }
  }

  const tokens: string[] = []
  if (fire.work === 'inTurn')
    for (let n = 0; n < fire.times; n += 1) tokens.push((await signIn(auth, `${fire.token}-${n}`)).refresh_token)

  async function inTurn(): Promise<Awaited<ReturnType<typeof one>>[]> {
    const all = []
    for (const token of tokens) all.push(await one(token))
    return all
  }

  // Once a connection stands, and every process is here.
  await store.listByUser('A'.repeat(16))
  process.send?.('ready')
  process.once('message', async () => {
    const [since, begun] = [process.cpuUsage(), performance.now()]
    const all =
      fire.work === 'inTurn' ? await inTurn() : await Promise.all(Array.from({ length: fire.times }, () => one()))
    const total = performance.now() - begun
    const { user, system } = process.cpuUsage(since)
    const served: Served = {
      answers: all.map(({ answer }) => answer),
      milliseconds: all.map(({ took }) => took),
      cpu: (user + system) / 1_000,
      total,
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

/** A process that rotates tokens one after another until it is killed, and says which it was given. */
import { redisStore } from '@handstamp/server/stores/redis'
import { createClient } from 'redis'
import type { KeyPair } from '../wire/key-pair.ts'
import { fireAuth, refresh, signIn } from './fire-application.ts'

export interface Rotating {
  readonly url: string
  readonly key: KeyPair['jwk']
  readonly secret: string
}

/** `passed`: by how much its clock was ahead. */
export interface Given {
  readonly id: string
  readonly token: string
  readonly passed: number
}

process.once('message', async ({ url, key, secret }: Rotating) => {
  const client = await createClient({ url }).connect()
  let passed = 0
  const clock = (): number => Date.now() + passed
  const auth = fireAuth({ store: redisStore({ client, clock }), keys: [key], secrets: [secret], clock })
  const families = await Promise.all(Array.from({ length: 8 }, (_, at) => signIn(auth, `user ${at}`)))
  const tokens = families.map(({ id, refresh_token: token }) => ({ id, token }))
  for (;;) {
    passed += 60_000
    await Promise.all(
      tokens.map(async (one) => {
        const answer = await refresh(auth, one.token)
        if (!answer.ok) throw new Error(answer.reason)
        one.token = answer.tokens.refresh_token
        process.send?.({ ...one, passed } satisfies Given)
      }),
    )
  }
})

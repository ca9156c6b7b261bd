/** A process that rotates tokens one after another, and signs some out, until it is killed; it says what became of each. */
import type { KeyPair } from '../wire/key-pair.ts'
import { fireAuth, refresh, signIn } from './fire-application.ts'
import { sharedStores } from './fire-stores.ts'

export interface Rotating {
  readonly store: string
  readonly at: string
  readonly key: KeyPair['jwk']
  readonly secret: string
}

export interface Told {
  readonly id: string
  readonly userId: string
  readonly token: string
  readonly rotations: number
  /** By how much the clock is ahead when it is rotated next, or is being rotated. */
  readonly ahead: number
  /** `ending`: it is being signed out, and may be already. */
  readonly fate: 'live' | 'ending' | 'ended'
}

/** A token is rotated after that time. */
const step = 60_000

type Family = Pick<Told, 'id' | 'userId' | 'token' | 'rotations'>

process.once('message', async ({ store: name, at, key, secret }: Rotating) => {
  const shared = sharedStores.find((one) => one.name === name)
  if (shared === undefined) throw new Error('no such store')
  let passed = 0
  const clock = (): number => Date.now() + passed
  const { store } = await shared.open(at, clock)
  const auth = fireAuth({ store, keys: [key], secrets: [secret], clock })

  const tell = (family: Family, fate: Told['fate']): void =>
    void process.send?.({ ...family, fate, ahead: fate === 'ending' ? passed : passed + step } satisfies Told)

  async function begin(userId: string): Promise<Family> {
    const { id, refresh_token: token } = await insist(() => signIn(auth, userId))
    const family = { id, userId, token, rotations: 0 }
    tell(family, 'live')
    return family
  }

  async function rotate(family: Family): Promise<Family | undefined> {
    const answer = await insist(() => refresh(auth, family.token))
    if (!answer.ok) return undefined
    const { refresh_token: token } = answer.tokens
    return { ...family, token, rotations: family.rotations + (token === family.token ? 0 : 1) }
  }

  /** Signs out while its token is being rotated, and in again. */
  async function end(family: Family): Promise<Family> {
    tell(family, 'ending')
    const [rotated = family] = await Promise.all([rotate(family), insist(() => auth.sessions.revoke(family.id))])
    tell(rotated, 'ended')
    return begin(family.userId)
  }

  async function keep(family: Family): Promise<Family> {
    const rotated = await rotate(family)
    if (rotated === undefined) throw new Error('a session is lost')
    tell(rotated, 'live')
    return rotated
  }

  let families = await Promise.all(Array.from({ length: 6 }, (_, n) => begin(`user ${process.pid} ${n}`)))
  for (let round = 0; ; round += 1) {
    passed += step
    families = await Promise.all(
      families.map((family, n) => (n === round % families.length ? end(family) : keep(family))),
    )
  }
})

/** Neither yes nor no is asked for again. */
async function insist<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      if ((error as { code?: string }).code === undefined || attempt > 1_000) throw error
      await new Promise((resolve) => setTimeout(resolve, 10 + 40 * Math.random()))
    }
  }
}

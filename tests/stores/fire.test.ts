import { fork } from 'node:child_process'
import { join } from 'node:path'
import { handleOf } from '@handstamp/core/credential'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newKeyPair } from '../wire/key-pair.ts'
import { fireAuth, refresh, signIn, whoIs } from './fire-application.ts'
import type { Fire, Served } from './fire-child.ts'
import { type Opened, sharedStores } from './fire-stores.ts'

/** Refreshes of one token at once, over four processes; by HANDSTAMP_FIRE as many as that, and on every store. */
const storm = Number(process.env.HANDSTAMP_FIRE ?? 200)
const stores = sharedStores.filter(({ name }) => process.env.HANDSTAMP_FIRE || ['Redis', 'SQLite'].includes(name))
const keys = newKeyPair()

describe.each(stores)('four processes on $name', (shared) => {
  const secrets = [keys.secret]
  let opened: Opened
  let at: string
  let stop: () => Promise<void>

  beforeAll(async () => {
    if (!shared.isInstalled) return
    ;({ at, stop } = await shared.start())
    opened = await shared.open(at)
  })
  afterAll(async () => {
    await opened?.close()
    await stop?.()
  })

  const fire = (job: Pick<Fire, 'work' | 'token' | 'times' | 'sessionsPerUser'>) =>
    fireAll(4, { ...job, store: shared.name, at, keys: [keys.jwk], secrets })

  test.skipIf(!shared.isInstalled)(`${storm} refreshes of one token at once rotate once (R7)`, async () => {
    const events: string[] = []
    const auth = fireAuth({ store: opened.store, keys: [keys.jwk], secrets, events: ({ type }) => events.push(type) })
    const warm = await signIn(auth, 'warm')
    const begun = performance.now()
    expect((await refresh(auth, warm.refresh_token)).ok).toBe(true)
    const single = performance.now() - begun

    const { id, refresh_token: token } = await signIn(auth, 'ada')
    const served = await fire({ work: 'refresh', token, times: storm / 4, sessionsPerUser: 100 })
    const answers = served.flatMap((one) => one.answers)
    expect(answers).toHaveLength(storm)
    const [successor = '', ...others] = new Set(answers)
    expect(others).toEqual([])
    expect(successor).not.toBe(token)
    const counted = served.flatMap((one) => one.events)
    expect(counted.filter((type) => type === 'refresh.rotated')).toHaveLength(1)
    expect(counted).not.toContain('refresh.reuse')
    const { sessions } = await opened.store.listByUser(handleOf(id))
    expect(sessions.map(({ record }) => record.rotation?.g)).toEqual([1])
    const next = await refresh(auth, successor)
    expect(next).toMatchObject({ ok: true, tokens: { refresh_token: successor } })
    expect(next.ok && (await whoIs(auth, next.tokens.access_token))).toBe('ada')
    const times = served.flatMap((one) => one.milliseconds).sort((one, other) => one - other)
    const retries = served.reduce((sum, one) => sum + one.retries, 0)
    const p99 = times[Math.floor(times.length * 0.99)] ?? 0
    console.log(`${shared.name}: one ${single.toFixed(1)} ms, p99 of ${storm} ${p99.toFixed(0)} ms, ${retries} retries`)
  })

  test.skipIf(!shared.isInstalled)('40 sign-ins of one user leave as many sessions as the cap', async () => {
    await fire({ work: 'signIn', token: 'grace', times: 10, sessionsPerUser: 5 })
    const { id } = await signIn(
      fireAuth({ store: opened.store, keys: [keys.jwk], secrets, sessionsPerUser: 5 }),
      'grace',
    )
    expect((await opened.store.listByUser(handleOf(id))).sessions).toHaveLength(5)
  })
})

/** Starts that many processes, and lets them go together. */
async function fireAll(count: number, job: Fire): Promise<readonly Served[]> {
  const children = Array.from({ length: count }, () =>
    fork(join(import.meta.dirname, 'fire-child.ts'), {
      execArgv: ['--conditions=handstamp-source'],
      env: { ...process.env, NODE_OPTIONS: '' },
    }),
  )
  try {
    const next = <T>(child: (typeof children)[number]): Promise<T> =>
      new Promise((resolve, reject) => {
        child.once('message', (message) => resolve(message as T)).once('exit', (code) => reject(new Error(`${code}`)))
      })
    await Promise.all(
      children.map((child) => {
        const ready = next(child)
        child.send(job)
        return ready
      }),
    )
    return await Promise.all(
      children.map((child) => {
        const served = next<Served>(child)
        child.send('go')
        return served
      }),
    )
  } finally {
    for (const child of children) child.kill('SIGKILL')
  }
}

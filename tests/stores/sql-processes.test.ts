import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { handleOf } from '@handstamp/core/credential'
import { migrate, type SqlDatabase, sqlStore } from '@handstamp/server/stores/sql'
import { contractRecord } from '@handstamp/server/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Job } from './sql-child.ts'
import { open, type Place, sites } from './sql-places.ts'

const prefix = 'processes_'

describe.each(sites)('four processes on $name', ({ isInstalled, start }) => {
  let place: Place
  let database: SqlDatabase
  let stop: () => Promise<void>
  let close: () => Promise<void>

  beforeAll(async () => {
    if (!isInstalled) return
    ;({ place, stop } = await start())
    ;({ database, close } = await open(place))
    await migrate(database, { prefix })
  })
  afterAll(async () => {
    await close?.()
    await stop?.()
  })

  async function signedIn(user: unknown) {
    const record = contractRecord({ createdAt: Date.now(), user })
    const store = sqlStore({ database, prefix })
    expect(await store.save(record.id, record, { epoch: undefined, cap: 5 })).toBe('saved')
    return { record, store }
  }

  const all = (job: Omit<Job, 'place' | 'prefix'>) =>
    Promise.all(Array.from({ length: 4 }, () => run({ ...job, place, prefix })))

  test.skipIf(!isInstalled)('400 steps each of a counter raised by compare-and-swap are 1,600', async () => {
    const { record, store } = await signedIn({ count: 0 })
    await all({ work: 'count', record, times: 400, cap: 5 })
    expect((await store.find(record.id))?.record.user).toEqual({ count: 1_600 })
  })

  test.skipIf(!isInstalled)('ten sign-ins each of one user leave as many as the cap', async () => {
    const { record, store } = await signedIn({})
    await all({ work: 'signIn', record, times: 10, cap: 5 })
    expect((await store.listByUser(handleOf(record.id))).sessions).toHaveLength(5)
  })

  test.skipIf(!isInstalled)('all may migrate as they start', async () => {
    const job = { work: 'migrate', record: contractRecord(), times: 1, cap: 5, place, prefix: 'fresh_' } as const
    await Promise.all(Array.from({ length: 4 }, () => run(job)))
    expect(await sqlStore({ database, prefix: 'fresh_' }).find(contractRecord().id)).toBeUndefined()
  })
})

function run(job: Job): Promise<void> {
  return new Promise((resolve, reject) => {
    const program = join(import.meta.dirname, 'sql-child.ts')
    const child = spawn(process.execPath, ['--conditions=handstamp-source', program, JSON.stringify(job)], {
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let errors = ''
    child.stderr.on('data', (text: Buffer) => (errors += text))
    child.once('error', reject)
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`ended with ${code}: ${errors}`))))
  })
}

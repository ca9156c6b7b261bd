import { setTimeout as delay } from 'node:timers/promises'
import { handleOf } from '@handstamp/core/credential'
import { isAuthError } from '@handstamp/core/errors'
import type { SessionRecord } from '@handstamp/core/session'
import { fileStore } from '@handstamp/server/stores/file'
import type { SessionStore } from '@handstamp/server/stores/store'
import { contractRecord } from '@handstamp/server/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Child, holderIn, type Job, leftoversIn, newDirectory, startChild, sweepAll } from './file-processes.ts'

let directory: string
let remove: () => void
let store: SessionStore
let children: Child[]

beforeEach(() => {
  ;({ directory, remove } = newDirectory())
  store = fileStore({ directory, fsync: false })
  children = []
})
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  await Promise.all(children.map(({ ended }) => ended))
  remove()
})

function start(job: Pick<Job, 'work' | 'record'> & Partial<Job>): Child {
  const child = startChild({ directory, fsync: false, times: 0, cap: 1_000, ...job })
  children.push(child)
  return child
}

async function signedIn(): Promise<SessionRecord> {
  const record = contractRecord({ createdAt: Date.now(), user: { count: 0 } })
  expect(await store.save(record.id, record, { epoch: undefined, cap: 1_000 })).toBe('saved')
  return record
}

async function countOf(id: string): Promise<number> {
  const { record } = (await store.find(id)) ?? expect.fail('the session is lost')
  return (record.user as { readonly count: number }).count
}

/** What was made, by all children; that nothing was made twice shows that no update was lost. */
function made(): number[] {
  const lines = children.flatMap(({ lines }) => lines.filter((line) => line.startsWith('made ')))
  return lines.map((line) => Number(line.slice('made '.length)))
}

// Seconds as a rule, and minutes where ten other programs want the same disk.
describe.skipIf(process.platform === 'win32')('processes that share a directory', { timeout: 240_000 }, () => {
  test('four that count by compare-and-swap, 400 times each, reach 1,600', async () => {
    const record = await signedIn()
    for (let at = 0; at < 4; at += 1) start({ work: 'count', record, times: 400 })
    for (const { ended } of children) expect(await ended).toEqual({ code: 0, errors: '' })
    expect(await countOf(record.id)).toBe(1_600)
    expect(new Set(made()).size).toBe(1_600)
    expect(leftoversIn(directory)).toEqual([])
  })

  test('holders of the lock that are killed lose no update of the others', async () => {
    const record = await signedIn()
    const counting = Array.from({ length: 3 }, () => start({ work: 'count', record, times: 200, fsync: true }))
    let killed = 0
    for (; killed < 12; killed += 1) {
      const victim = start({ work: 'count', record, times: 1_000_000, fsync: true })
      await victim.said('made ')
      await holds(victim.pid)
      victim.kill('SIGKILL')
      await victim.ended
    }
    for (const { ended } of counting) expect(await ended).toEqual({ code: 0, errors: '' })
    const numbers = made()
    expect(new Set(numbers).size).toBe(numbers.length)
    const count = await countOf(record.id)
    // An update whose maker was killed before it could say so is there or not.
    expect(count).toBeGreaterThanOrEqual(numbers.length)
    expect(count).toBeLessThanOrEqual(numbers.length + killed)
    await sweepAll(store)
    expect(leftoversIn(directory)).toEqual([])
  })

  test('a holder that stands still is waited for, and never robbed', async () => {
    const record = await signedIn()
    const stopped = start({ work: 'count', record, times: 300, fsync: true })
    start({ work: 'count', record, times: 300, fsync: true })
    await stopped.said('made ')
    await stop(stopped)
    const { version, record: kept } = (await store.find(record.id)) ?? expect.fail('the session is lost')
    const failure = await store.replace(record.id, version, kept).catch((error: unknown) => error)
    expect(isAuthError(failure) && failure.code).toBe('ERR_STORE_UNAVAILABLE')
    expect(String(failure)).toContain(`process ${stopped.pid}`)
    expect(holderIn(directory)).toBe(stopped.pid)
    stopped.kill('SIGCONT')
    for (const { ended } of children) expect(await ended).toEqual({ code: 0, errors: '' })
    const numbers = made()
    expect(new Set(numbers).size).toBe(numbers.length)
    expect(await countOf(record.id)).toBe(600)
    expect(leftoversIn(directory)).toEqual([])
  })

  test('a session that is ended while others touch it stays ended', async () => {
    const record = await signedIn()
    for (let at = 0; at < 3; at += 1) start({ work: 'touch', record })
    await Promise.all(children.map((child) => child.said('touched')))
    expect(await store.delete(record.id)).toBe(true)
    for (const { ended } of children) expect(await ended).toEqual({ code: 0, errors: '' })
    for (const { lines } of children) expect(lines.at(-2)).toBe('gone')
    expect(await store.find(record.id)).toBe(undefined)
  })

  test('forty sign-ins of one user in four processes, at most five sessions', async () => {
    const record = await signedIn()
    for (let at = 0; at < 4; at += 1) start({ work: 'signIn', record, times: 10, cap: 5 })
    for (const { ended } of children) expect(await ended).toEqual({ code: 0, errors: '' })
    expect((await store.listByUser(handleOf(record.id))).sessions.length).toBe(5)
  })

  test('one that may open no more files says so, and goes on when it may', async () => {
    const child = start({ work: 'crowded', record: await signedIn() })
    expect(await child.ended).toEqual({ code: 0, errors: '' })
    const failed = `failed${' ERR_STORE_UNAVAILABLE'.repeat(3)}`
    expect(child.lines).toEqual(['ready', failed, 'found true', 'replaced true', 'done'])
  })

  async function holds(pid: number): Promise<void> {
    while (holderIn(directory) !== pid) await delay(0)
  }

  /** Stopped while it holds the lock: where it had just let go, it goes on, and is stopped once more. */
  async function stop(child: Child): Promise<void> {
    for (;;) {
      await holds(child.pid)
      child.kill('SIGSTOP')
      await delay(20)
      if (holderIn(directory) === child.pid) return
      child.kill('SIGCONT')
    }
  }
})

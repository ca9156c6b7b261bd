/**
 * A process that writes to a store of files as it is told on its standard input, until its work is done or it is killed.
 * What is printed was acknowledged, or is about to be asked for: a line is in the pipe before the next call.
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { encodeBase64url } from '@handstamp/core/base64url'
import { handleOf, sessionIdOf } from '@handstamp/core/credential'
import { isAuthError } from '@handstamp/core/errors'
import { randomBytes } from '@handstamp/core/secret'
import type { SessionRecord } from '@handstamp/core/session'
import { fileStore } from '@handstamp/server/stores/file'
import type { SessionStore } from '@handstamp/server/stores/store'
import type { Job } from './file-processes.ts'

say('ready')
const job = JSON.parse(readFileSync(0, 'utf8')) as Job
const { cap, directory, fsync, times } = job
const opened = fileStore({ directory, fsync })
const store = job.work === 'crowded' ? opened : patient(opened)
const work = { count, crowded, kept, signIn, touch }

await work[job.work](job.record)
say('done')

/** Raises the number in the session's user by compare-and-swap, and says each number it made. */
async function count({ id }: SessionRecord): Promise<void> {
  for (let made = 0; made < times; ) {
    const found = await store.find(id)
    if (found === undefined) throw new Error('the session is lost')
    const next = countIn(found.record) + 1
    if (!(await store.replace(id, found.version, withCount(found.record, next)))) continue
    made += 1
    say(`made ${next}`)
  }
}

/** Touches the session until it is gone, and says so. */
async function touch({ id }: SessionRecord): Promise<void> {
  for (let version = 0; ; ) {
    const found = await store.find(id)
    version = found?.version ?? version
    const template = found?.record ?? job.record
    const done = await store.replace(id, version, withCount(template, countIn(template) + 1))
    if (found === undefined) return say(done ? 'revived' : 'gone')
    say('touched')
  }
}

/** Opens files until none can be opened, and asks the store; closes them, and asks again. */
async function crowded({ id }: SessionRecord): Promise<void> {
  const found = await store.find(id)
  if (found === undefined) throw new Error('the session is lost')
  const files: number[] = []
  try {
    for (;;) files.push(openSync('/dev/null', 'r'))
  } catch {}
  const failures = [store.find(id), store.delete(id), store.replace(id, found.version, found.record)].map((answer) =>
    Promise.resolve(answer).then(
      () => 'answered',
      (error: { readonly code?: string }) => error.code,
    ),
  )
  say(`failed ${(await Promise.all(failures)).join(' ')}`)
  for (const file of files) closeSync(file)
  say(`found ${(await store.find(id))?.version === found.version}`)
  say(`replaced ${await store.replace(id, found.version, found.record)}`)
}

async function signIn(template: SessionRecord): Promise<void> {
  for (let saved = 0; saved < times; ) if (await saveOne(template)) saved += 1
}

/** What an application does, until killed: signs in, touches, renews, signs out. */
async function kept(template: SessionRecord): Promise<void> {
  for (;;) {
    const id = await saveOne(template)
    if (id === undefined) continue
    const found = await store.find(id)
    if (found === undefined) throw new Error(`lost ${id}`)
    if (await store.replace(id, found.version, withCount(found.record, 1))) say(`touched ${id}`)
    const kind = Math.random()
    if (kind < 0.4) continue
    say(`ending ${id}`)
    if (kind < 0.8) {
      if (await store.delete(id)) say(`ended ${id}`)
    } else {
      const as = newId(id)
      const seen = await store.find(id)
      if (seen && (await store.replace(id, seen.version, { ...seen.record, id: as }, { as }))) say(`moved ${id} ${as}`)
    }
  }
}

async function saveOne(template: SessionRecord): Promise<string | undefined> {
  const { epoch } = await store.listByUser(handleOf(template.id))
  const record = { ...template, id: newId(template.id), epoch: epoch ?? template.epoch }
  if ((await store.save(record.id, record, { epoch, cap })) !== 'saved') return undefined
  say(`saved ${record.id}`)
  return record.id
}

/** The store, asked again where the lock was not to be had: nothing is written then. */
function patient(impatient: SessionStore): SessionStore {
  async function again<T>(ask: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await ask()
      } catch (error) {
        if (!isAuthError(error) || !error.message.includes('too long')) throw error
        say('refused')
      }
    }
  }
  return {
    ...impatient,
    save: (...args) => again(() => impatient.save(...args)),
    replace: (...args) => again(() => impatient.replace(...args)),
    delete: (...args) => again(() => impatient.delete(...args)),
  }
}

function newId(id: string): string {
  return sessionIdOf(handleOf(id), randomBytes(32))
}

function countIn(record: SessionRecord): number {
  return (record.user as { readonly count?: number }).count ?? 0
}

function withCount(record: SessionRecord, next: number): SessionRecord {
  return { ...record, user: { id: record.userId, count: next, noise: encodeBase64url(randomBytes(64)) } }
}

function say(line: string): void {
  writeSync(1, `${line}\n`)
}

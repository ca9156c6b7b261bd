/** Writers that are killed at random instants, and what must be there afterwards. */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { handleOf } from '@handstamp/core/credential'
import { type FileStoreOptions, fileStore } from '@handstamp/server/stores/file'
import { contractRecord } from '@handstamp/server/testing'
import { leftoversIn, newDirectory, startChild, sweepAll } from './file-processes.ts'

/** What a session must be, by all that its writer could say. `ending`: it may have ended or not. */
type Fate = 'live' | 'ending' | 'ended'

export interface Figures {
  readonly kills: number
  readonly acknowledged: number
  /** Acknowledged, and not there. */
  readonly lost: number
  /** Ended, and there. */
  readonly revived: number
  /** Files and sessions that cannot be read. */
  readonly torn: number
  /** Locks and claims that the killed left. */
  readonly left: number
  /** Locks, claims and temporary files after a sweep. */
  readonly leftAfterSweep: number
  /** Times that a writer waited for a lock in vain, as it would for one that nobody takes over. */
  readonly refused: number
  /** Milliseconds of the longest write afterwards: one that waits for a lock for too long is refused, and fails the test. */
  readonly longestWrite: number
}

/** `kills` of them, or as many as the seconds allow. */
export async function killWriters(
  kills: number,
  writers: number,
  { seconds = Number.POSITIVE_INFINITY, ...options }: Pick<FileStoreOptions, 'fsync'> & { seconds?: number } = {},
): Promise<Figures> {
  const until = performance.now() + seconds * 1_000
  const { directory, remove } = newDirectory()
  try {
    const store = fileStore({ directory, ...options })
    const users = Array.from({ length: Math.ceil(kills / 20) }, () => contractRecord({ createdAt: Date.now() }))
    const fates = new Map<string, Fate>()
    const failures: string[] = []
    let killed = 0
    let torn = 0
    let left = 0
    let refused = 0

    /** One writer after the other; its user is shared with those of other turns. */
    async function turns(): Promise<void> {
      while (killed < kills && failures.length === 0 && performance.now() < until) {
        killed += 1
        const record = users[Math.floor(Math.random() * users.length)] ?? contractRecord()
        const child = startChild({ work: 'kept', directory, fsync: true, record, times: 0, cap: 10_000, ...options })
        await child.said('saved ')
        await delay(Math.random() * 25)
        child.kill('SIGKILL')
        const { errors } = await child.ended
        if (errors !== '') failures.push(errors)
        left += locksOf(child.pid, directory)
        for (const line of child.lines) note(line)
        const { sessions } = await store.listByUser(handleOf(record.id))
        torn += sessions.filter((one) => one.record.v !== 1).length
      }
    }

    function note(line: string): void {
      const [what, id = '', as = ''] = line.split(' ')
      if (what === 'refused') refused += 1
      if (what === 'saved') fates.set(id, 'live')
      if (what === 'ending') fates.set(id, 'ending')
      if (what === 'ended' || what === 'moved') fates.set(id, 'ended')
      if (what === 'moved') fates.set(as, 'live')
    }

    await Promise.all(Array.from({ length: writers }, turns))
    if (failures.length > 0) throw new Error(failures.join('\n'))
    let longestWrite = 0
    for (const { id } of users) {
      const startedAt = performance.now()
      const { epoch } = await store.listByUser(handleOf(id))
      const one = contractRecord({ createdAt: Date.now(), id, ...(epoch === undefined ? {} : { epoch }) })
      if ((await store.save(id, one, { epoch, cap: 10_000 })) !== 'saved') throw new Error('a sign-in was refused')
      longestWrite = Math.max(longestWrite, performance.now() - startedAt)
    }
    let lost = 0
    let revived = 0
    for (const [id, fate] of fates) {
      const found = await store.find(id)
      if (found !== undefined && found.record.v !== 1) torn += 1
      if (found === undefined && fate === 'live') lost += 1
      if (found !== undefined && fate === 'ended') revived += 1
    }
    await sweepAll(store)
    torn += damagedFiles(directory)
    const leftAfterSweep = leftoversIn(directory).length
    return { kills: killed, acknowledged: fates.size, lost, revived, torn, left, leftAfterSweep, refused, longestWrite }
  } finally {
    remove()
  }
}

function locksOf(pid: number, directory: string): number {
  const owners = leftoversIn(directory).map((name) => {
    try {
      return readlinkSync(join(directory, name))
    } catch {
      return ''
    }
  })
  return owners.filter((text) => text.split(':')[2] === String(pid)).length
}

function damagedFiles(directory: string): number {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  const files = names.map((name) => join(directory, name)).filter((path) => lstatSync(path).isFile())
  return files.filter((path) => !/^handstamp\/1 .*\nend\n$/s.test(readFileSync(path, 'utf8'))).length
}

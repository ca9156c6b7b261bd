/** Writers that are killed at random instants, and what must be there afterwards. */
import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { handleOf } from '@handstamp/core/credential'
import type { SessionRecord } from '@handstamp/core/session'
import { type FileStoreOptions, fileStore } from '@handstamp/server/stores/file'
import type { SessionStore } from '@handstamp/server/stores/store'
import { contractRecord } from '@handstamp/server/testing'
import { bundleChild } from './bundle-child.ts'
import { holderOf, leftoversIn, newDirectory, startWaiting, sweepAll, temporariesOf } from './file-processes.ts'

export interface Figures {
  /** Of writers at work: one that waits for the lock of another is killed as well, and does not count. */
  readonly kills: number
  readonly whileWaiting: number
  readonly acknowledged: number
  /** Acknowledged, and not there. */
  readonly lost: number
  /** Ended, and there. */
  readonly revived: number
  /** Files and sessions that cannot be read. */
  readonly torn: number
  /** Locks that the killed left. */
  readonly left: number
  /** Of these, with a new file that was not yet in its place. */
  readonly leftHalfway: number
  /** Locks, claims and temporary files after a sweep. */
  readonly leftAfterSweep: number
  /** Times that a writer waited for a lock in vain. */
  readonly refused: number
  /** Milliseconds, at the most, until the first of many had signed in that met at the lock of a dead writer. */
  readonly longestTakeover: number
}

export interface Kills extends Required<Pick<FileStoreOptions, 'fsync'>> {
  readonly kills: number
  /** Writers at once. */
  readonly writers: number
  /** After so many it ends, however few were killed. */
  readonly seconds: number
}

type Writer = ReturnType<typeof startWaiting>

export async function killWriters({ kills, writers, seconds, fsync }: Kills): Promise<Figures> {
  const until = performance.now() + seconds * 1_000
  const { directory, remove } = newDirectory()
  const alive = new Set<Writer>()
  const endAll = (): void => {
    for (const writer of alive) writer.kill('SIGKILL')
  }
  // A writer that waits for ever writes nothing until then.
  const late = setTimeout(endAll, seconds * 1_000 + 20_000)
  try {
    const bundle = await bundleChild('file-child.ts', dirname(directory))
    const store = fileStore({ directory, fsync })
    const fates = fatesIn(store)
    // As many as it takes for two to be at the same step. They are timed, and the disk is not.
    const heirs = Array.from({ length: 12 }, () => fileStore({ directory, fsync: false }))
    let killed = 0
    let whileWaiting = 0
    let left = 0
    let leftHalfway = 0
    let longestTakeover = 0

    function start(): Writer {
      const writer = startWaiting(bundle)
      alive.add(writer)
      return writer
    }

    /** Kills the writer at a random instant of its work. */
    async function kill(writer: Writer, record: SessionRecord): Promise<void> {
      writer.begin({ work: 'kept', directory, fsync, record, times: 0, cap: 10_000 })
      if ((await writer.said('saved ')) === undefined) throw new Error('a writer ended before it had written')
      await delay(Math.random() * 25)
      writer.kill('SIGKILL')
      const holder = holderOf(directory, record.id)
      const isHalfway = holder === writer.pid && temporariesOf(directory, record.id).length > 0
      const { code, errors } = await writer.ended
      alive.delete(writer)
      if (code !== null || errors !== '') throw new Error(`a writer ended by itself: ${errors}`)
      for (const line of writer.lines) fates.note(line)
      if (holder === undefined || holder === writer.pid) killed += 1
      else whileWaiting += 1
      if (holder === writer.pid) left += 1
      if (isHalfway) leftHalfway += 1
      await fates.read(record.id)
    }

    /** All heirs sign in at once, where the lock of a dead writer stands. */
    async function takeOver(user: SessionRecord): Promise<void> {
      const since = performance.now()
      const signedIn = heirs.map((heir) => signIn(user, heir))
      await Promise.race(signedIn)
      longestTakeover = Math.max(longestTakeover, performance.now() - since)
      await Promise.all(signedIn)
    }

    async function signIn({ id, userId }: SessionRecord, heir: SessionStore): Promise<void> {
      const { epoch } = await heir.listByUser(handleOf(id))
      const record = contractRecord({ createdAt: Date.now(), userId, ...(epoch === undefined ? {} : { epoch }) })
      if ((await heir.save(record.id, record, { epoch, cap: 10_000 })) !== 'saved') throw new Error('not signed in')
      fates.note(`saved ${record.id}`)
    }

    let users: SessionRecord[] = []
    for (let round = 0; killed < kills && performance.now() < until; round += 1) {
      // So few that writers meet, and others from time to time, so that no file grows long.
      if (round % 10 === 0) users = Array.from({ length: 2 * writers }, () => contractRecord({ createdAt: Date.now() }))
      const crew = Array.from({ length: writers }, start)
      await Promise.all(crew.map((writer) => writer.said('ready')))
      await Promise.all(
        crew.map((writer) => kill(writer, users[Math.floor(Math.random() * users.length)] ?? contractRecord())),
      )
      // The other locks are left to the writers of the next rounds, and to the sweep.
      const locked = users.find(({ id }) => holderOf(directory, id) !== undefined)
      if (locked !== undefined) await takeOver(locked)
    }
    const { acknowledged, lost, revived, refused, unreadable } = await fates.count()
    await sweepAll(store)
    const torn = unreadable + damagedFiles(directory)
    const leftAfterSweep = leftoversIn(directory).length
    return {
      kills: killed,
      whileWaiting,
      acknowledged,
      lost,
      revived,
      torn,
      left,
      leftHalfway,
      leftAfterSweep,
      refused,
      longestTakeover,
    }
  } finally {
    clearTimeout(late)
    endAll()
    await Promise.all(Array.from(alive, ({ ended }) => ended))
    remove()
  }
}

/** What each session must be, by all that its writer could say. */
function fatesIn(store: SessionStore) {
  /** `ending`: it may have ended or not. */
  const fates = new Map<string, 'live' | 'ending' | 'ended'>()
  let refused = 0
  let unreadable = 0

  return {
    note(line: string): void {
      const [what, id = '', as = ''] = line.split(' ')
      if (what === 'refused') refused += 1
      if (what === 'saved') fates.set(id, 'live')
      if (what === 'ending') fates.set(id, 'ending')
      if (what === 'ended' || what === 'moved') fates.set(id, 'ended')
      if (what === 'moved') fates.set(as, 'live')
    },

    /** All of one user, amid the writes of others. */
    async read(id: string): Promise<void> {
      const { sessions } = await store.listByUser(handleOf(id))
      unreadable += sessions.filter(({ record }) => record.v !== 1).length
    },

    async count() {
      let lost = 0
      let revived = 0
      for (const [id, fate] of fates) {
        const found = await store.find(id)
        if (found !== undefined && found.record.v !== 1) unreadable += 1
        if (found === undefined && fate === 'live') lost += 1
        if (found !== undefined && fate === 'ended') revived += 1
      }
      return { acknowledged: fates.size, lost, revived, refused, unreadable }
    },
  }
}

function damagedFiles(directory: string): number {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  const files = names.map((name) => join(directory, name)).filter((path) => lstatSync(path).isFile())
  return files.filter((path) => !/^handstamp\/1 .*\nend\n$/s.test(readFileSync(path, 'utf8'))).length
}

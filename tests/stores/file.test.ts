import { execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { handleOf } from '@handstamp/core/credential'
import type { SessionRecord } from '@handstamp/core/session'
import { fileStore } from '@handstamp/server/stores/file'
import type { SessionStore } from '@handstamp/server/stores/store'
import { contractRecord, type FakeClock, fakeClock, fakeClockStart } from '@handstamp/server/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fileOf, leftoversIn, newDirectory } from './file-processes.ts'
import { holdStore } from './hold-store.ts'

const isPosix = process.platform !== 'win32'
const isLinux = process.platform === 'linux'
const isRoot = process.getuid?.() === 0
const unavailable = { code: 'ERR_STORE_UNAVAILABLE' }
const day = 86_400_000

holdStore('files', isPosix, {
  create({ clock }) {
    const { directory, remove } = newDirectory()
    return { store: fileStore({ directory, clock }), close: remove }
  },
})

describe.skipIf(!isPosix)('files', () => {
  let directory: string
  let remove: () => void
  let clock: FakeClock
  let store: SessionStore

  beforeEach(() => {
    ;({ directory, remove } = newDirectory())
    clock = fakeClock(fakeClockStart)
    store = fileStore({ directory, clock })
  })
  afterEach(() => remove())

  async function signIn(changes: Partial<SessionRecord> = {}): Promise<SessionRecord> {
    const record = contractRecord({ createdAt: clock(), ...changes })
    const { epoch } = await store.listByUser(handleOf(record.id))
    const saved = { ...record, epoch: epoch ?? record.epoch }
    expect(await store.save(record.id, saved, { epoch, cap: 100 })).toBe('saved')
    return saved
  }

  test('names that differ in case alone are different files, whatever the file system takes for the same', async () => {
    const record = contractRecord({ createdAt: clock() })
    const other = { ...record, id: `${swapped(handleOf(record.id))}${record.id.slice(16)}` }
    for (const { id } of [record, other]) await store.save(id, { ...record, id }, { epoch: undefined, cap: 9 })
    const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    expect(names.filter((name) => /^..\/[0-9a-f]{24}$/.test(name)).length).toBe(2)
    expect(names.join()).toBe(names.join().toLowerCase())
    await store.delete(other.id)
    expect((await store.find(record.id))?.record.id).toBe(record.id)
  })

  test('what it makes is for its owner alone, whatever the umask', async () => {
    const before = process.umask(0)
    try {
      const made = join(directory, 'made/by/it')
      store = fileStore({ directory: made, clock })
      const file = fileOf(made, (await signIn()).id)
      expect([made, dirname(file), file].map((path) => lstatSync(path).mode & 0o777)).toEqual([0o700, 0o700, 0o600])
    } finally {
      process.umask(before)
    }
  })

  test('a directory that others can write to, or that is none, is refused in words', () => {
    chmodSync(directory, 0o777)
    expect(() => fileStore({ directory })).toThrow(/can be written by others/)
    chmodSync(directory, 0o770)
    expect(() => fileStore({ directory })).toThrow(/can be written by others/)
    const file = join(directory, 'file')
    writeFileSync(file, '')
    for (const none of [file, join(file, 'below')]) {
      expect(() => fileStore({ directory: none })).toThrow(/fileStore\(\{ directory \}\) can be neither/)
    }
    for (const wrong of ['', 'a\0b', 1]) {
      expect(() => fileStore({ directory: wrong as string })).toThrow("write 'data/sessions'")
    }
    expect(() => fileStore({ directory, fsync: 'no' as unknown as boolean })).toThrow(/fsync/)
  })

  test.skipIf(!isRoot)('a directory of another user is refused in words', () => {
    chownSync(directory, 12_345, 12_345)
    expect(() => fileStore({ directory })).toThrow(/belongs to another user/)
  })

  test('a link in the place of a file is not followed, and goes with the next sign-in', async () => {
    const { id, userId } = await signIn()
    const outside = newDirectory()
    const target = join(outside.directory, 'target')
    renameSync(fileOf(directory, id), target)
    const text = readFileSync(target, 'utf8')
    symlinkSync(target, fileOf(directory, id))
    expect((await store.find(id))?.record).toEqual({ id })
    expect((await store.listByUser(handleOf(id))).sessions).toEqual([])
    const next = await signIn({ userId })
    expect((await store.find(next.id))?.record.userId).toBe(userId)
    expect(await store.find(id)).toBe(undefined)
    expect(lstatSync(fileOf(directory, id)).isFile()).toBe(true)
    expect(readFileSync(target, 'utf8')).toBe(text)
    outside.remove()
  })

  test('a link in the place of a folder is not followed', async () => {
    const record = contractRecord({ createdAt: clock() })
    const outside = newDirectory()
    symlinkSync(outside.directory, dirname(fileOf(directory, record.id)))
    await expect(store.find(record.id)).rejects.toMatchObject(unavailable)
    await expect(store.save(record.id, record, { epoch: undefined, cap: 9 })).rejects.toMatchObject(unavailable)
    expect(readdirSync(outside.directory)).toEqual([])
    outside.remove()
  })

  test('a pipe or a folder in the place of a file keeps nobody waiting', async () => {
    const { id, userId } = await signIn()
    rmSync(fileOf(directory, id))
    shell('mkfifo "$0"', fileOf(directory, id))
    expect((await store.find(id))?.record).toEqual({ id })
    await signIn({ userId })
    rmSync(fileOf(directory, id))
    mkdirSync(fileOf(directory, id))
    expect((await store.find(id))?.record).toEqual({ id })
  })

  test('what is no lock in the place of one is neither removed nor waited for without end', async () => {
    const { id } = await signIn()
    const lock = `${fileOf(directory, id)}.lock`
    writeFileSync(lock, 'not ours')
    await expect(store.delete(id)).rejects.toMatchObject(unavailable)
    expect(readFileSync(lock, 'utf8')).toBe('not ours')
    rmSync(lock)
    expect(await store.delete(id)).toBe(true)
  })

  test('a damaged file is shown as unreadable, and the next sign-in begins anew', async () => {
    const damaged = (text: string): Record<string, string | Buffer> => ({
      'of no bytes': '',
      'cut off': text.slice(0, -20),
      'cut off before its last line': text.slice(0, -4),
      'of another version': text.replace('handstamp/1', 'handstamp/2'),
      JSON: '{}',
      null: 'null',
      binary: Buffer.from([0, 255, 254, 10, 0, 128]),
      zeros: Buffer.alloc(text.length),
    })
    const names = Object.keys(damaged(''))
    for (const name of names) {
      const { id, userId, epoch } = await signIn()
      const file = fileOf(directory, id)
      writeFileSync(file, damaged(readFileSync(file, 'utf8'))[name] ?? '')
      expect((await store.find(id))?.record, name).toEqual({ id })
      expect(await store.listByUser(handleOf(id)), name).toEqual({ epoch: undefined, sessions: [] })
      expect(await store.replace(id, 1, contractRecord({ id, userId, epoch })), name).toBe(false)
      expect(await store.delete(id), name).toBe(false)
      clock.advance(1)
      const next = await signIn({ userId })
      expect((await store.find(next.id))?.record.v, name).toBe(1)
      expect(await store.find(id), name).toBe(undefined)
    }
  })

  test('a session that only a later version can read ends with all of its user’s, and a made-up one ends nobody', async () => {
    const [first, second] = [await signIn(), await signIn()]
    for (const { id } of [first, second])
      writeFileSync(
        fileOf(directory, id),
        readFileSync(fileOf(directory, id), 'utf8').replace('handstamp/1', 'handstamp/2'),
      )
    const file = fileOf(directory, first.id)
    const text = readFileSync(file, 'utf8')
    expect(await store.delete(`${handleOf(first.id)}.${'A'.repeat(43)}`)).toBe(false)
    expect(readFileSync(file, 'utf8')).toBe(text)
    expect(await store.delete(first.id)).toBe(false)
    expect(readFileSync(file, 'utf8')).not.toContain(first.id.slice(17))
    expect((await store.listByUser(handleOf(first.id))).epoch).toBeGreaterThanOrEqual(first.epoch)
    expect(readFileSync(fileOf(directory, second.id), 'utf8')).toContain(second.id.slice(17))
  })

  test('a damaged line is one session that cannot be read', async () => {
    const first = await signIn()
    const second = await signIn({ userId: first.userId })
    const file = fileOf(directory, first.id)
    const digest = first.id.slice(17)
    for (const line of ['1 {', '1 null', '1 []', '1 "text"', 'x {}', '', '1 {"v":2}']) {
      const text = readFileSync(file, 'utf8')
      writeFileSync(file, text.replace(new RegExp(`${digest} .*`), `${digest} ${line}`))
      expect((await store.find(first.id))?.record.v, line).not.toBe(1)
      expect((await store.find(second.id))?.record.v, line).toBe(1)
      const { sessions } = await store.listByUser(handleOf(first.id))
      expect(sessions.map(({ id, record }) => [id, record.v === 1])).toEqual([
        [first.id, false],
        [second.id, true],
      ])
    }
    expect(await store.delete(first.id)).toBe(false)
    expect(await store.find(first.id)).toBe(undefined)
    expect((await store.find(second.id))?.record.v).toBe(1)
  })

  test('a directory that is gone or another one is no directory without sessions', async () => {
    const { id } = await signIn()
    const aside = `${directory}-aside`
    renameSync(directory, aside)
    await expect(store.find(id)).rejects.toMatchObject(unavailable)
    mkdirSync(directory, { mode: 0o700 })
    await expect(store.find(id)).rejects.toMatchObject(unavailable)
    rmSync(directory, { recursive: true })
    renameSync(aside, directory)
    expect((await store.find(id))?.record.id).toBe(id)
  })

  test('a full or read-only disk is said, harms no record, and is over when it is over', async ({ skip }) => {
    if (!isLinux || !isRoot || !mounted('size=128k')) return skip('a file system can be mounted by root alone')
    try {
      chmodSync(directory, 0o700)
      store = fileStore({ directory, clock })
      const kept = await signIn()
      const before = await store.find(kept.id)
      const next = contractRecord({ createdAt: clock() })
      const save = (): Promise<unknown> => store.save(next.id, next, { epoch: undefined, cap: 9 })
      const touch = (): Promise<unknown> => store.replace(kept.id, before?.version ?? 0, kept)
      const filling = join(directory, 'filling')
      expect(() => writeFileSync(filling, Buffer.alloc(1_000_000))).toThrow('ENOSPC')
      const full = await Promise.all([save(), touch(), store.delete(kept.id)].map((answer) => answer.catch((e) => e)))
      for (const error of full) {
        expect(error).toMatchObject({ ...unavailable, cause: { code: 'ENOSPC' } })
        expect(String(error)).not.toContain(directory)
      }
      expect(await store.find(kept.id)).toEqual(before)
      expect(leftoversIn(directory)).toEqual([])
      rmSync(filling)
      shell('mount -o remount,ro "$0"', directory)
      await expect(touch()).rejects.toMatchObject({ ...unavailable, cause: { code: 'EROFS' } })
      await expect(save()).rejects.toMatchObject(unavailable)
      expect(await store.find(kept.id)).toEqual(before)
      shell('mount -o remount,rw "$0"', directory)
      const writable = performance.now()
      expect([await save(), await touch(), await store.delete(kept.id)]).toEqual(['saved', true, true])
      const backAfterMs = Math.round((performance.now() - writable) * 100) / 100
      console.log(JSON.stringify({ requirement: 'R23', refusedWhileFull: full.length, backAfterMs }))
    } finally {
      shell('umount "$0"', directory)
    }
  })

  test('a user without sessions is forgotten after a day, and a sign-in meanwhile is not lost', async () => {
    const { id, userId, epoch } = await signIn()
    const handle = handleOf(id)
    clock.advance(3_600_001)
    expect(await sweep()).toBe(1)
    clock.advance(day - 1)
    await sweep()
    expect((await store.listByUser(handle)).epoch).toBe(epoch)
    const late = contractRecord({ userId, createdAt: clock(), epoch })
    const racing = [sweep(), store.save(late.id, late, { epoch, cap: 9 }), sweep()]
    clock.advance(1)
    await Promise.all(racing)
    expect((await store.find(late.id))?.record.id).toBe(late.id)
    clock.advance(2 * day)
    expect(await sweep()).toBe(1)
    expect(existsSync(fileOf(directory, id))).toBe(false)
    const after = contractRecord({ userId, createdAt: clock(), epoch })
    expect(await store.save(after.id, after, { epoch, cap: 9 })).toBe('epoch')
    const anew = await signIn({ userId })
    expect(anew.epoch).toBeGreaterThan(epoch)
    expect((await store.find(anew.id))?.record.id).toBe(anew.id)
  })

  test('a sweep goes on where the last one ended, and leaves what is not its own', async () => {
    const ids: string[] = []
    for (let users = 0; users < 30; users += 1) ids.push((await signIn()).id)
    const strange = ['note.txt', 'zz', '00.lock']
    for (const name of strange) writeFileSync(join(dirname(fileOf(directory, ids[0] ?? '')), name), '')
    clock.advance(3_600_001)
    const batches: number[] = []
    for (let more = true; more; ) {
      const swept = await store.sweep({ before: clock(), limit: 7 })
      batches.push(swept.removed)
      more = swept.more
    }
    expect(batches.slice(0, 4)).toEqual([7, 7, 7, 7])
    expect(batches.reduce((sum, removed) => sum + removed, 0)).toBe(30)
    const names = readdirSync(dirname(fileOf(directory, ids[0] ?? '')))
    expect(names).toEqual(expect.arrayContaining(strange))
  })

  describe.skipIf(!isLinux)('the lock of a process that has ended', () => {
    const boot = isLinux ? readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim() : ''
    const space = isLinux ? readlinkSync('/proc/self/ns/pid').replace(/\D/g, '') : ''
    const nonce = '0123456789abcdef-1'
    const ended = isLinux ? endedPid() : 0

    /** Leaves a lock and a temporary file, as a killed writer does. */
    function leave(id: string, text: string): string {
      const lock = `${fileOf(directory, id)}.lock`
      symlinkSync(text, lock)
      writeFileSync(`${fileOf(directory, id)}.${nonce}.tmp`, 'handstamp/1 ')
      return lock
    }

    test('is taken over, and what it left goes with it', async () => {
      for (const [pid, startedAt] of [
        [ended, 1],
        [process.ppid, 1],
        [process.pid, 1],
      ]) {
        const { id } = await signIn()
        leave(id, `${boot}:${space}:${pid}:${startedAt}:${nonce}`)
        expect(await store.delete(id)).toBe(true)
        expect(leftoversIn(directory)).toEqual([])
      }
    })

    test('is taken over by one of many, whenever each of them comes', async () => {
      const stores = Array.from({ length: 8 }, () => fileStore({ directory, clock, fsync: false }))
      for (let round = 0; round < 60; round += 1) {
        const { id } = await signIn()
        const { record, version } = (await store.find(id)) ?? expect.fail('the session is lost')
        leave(id, `${boot}:${space}:${ended}:1:${nonce}`)
        const rivals = stores.map(async (one) => {
          await delay(Math.random() * 4)
          return one.replace(id, version, record)
        })
        expect((await Promise.all(rivals)).filter(Boolean).length).toBe(1)
        expect(leftoversIn(directory)).toEqual([])
      }
    })

    test('is taken over after one that ended while it took it over', async () => {
      const { id } = await signIn()
      const lock = leave(id, `${boot}:${space}:${ended}:1:${nonce}`)
      const claim = lock.replace('.lock', `.${nonce}.claim`)
      symlinkSync(`${boot}:${space}:${ended}:1:fedcba9876543210-7`, claim)
      expect(await store.delete(id)).toBe(true)
      expect(leftoversIn(directory)).toEqual([])
    })

    test('is taken over while nobody has fetched what is left of the process', async () => {
      const { id } = await signIn()
      const parent = spawn('/bin/sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 60'], {
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      try {
        const pid = await new Promise<number>((resolve) => parent.stdout.once('data', (text) => resolve(Number(text))))
        const fields = (): string[] => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
        await expect.poll(() => fields()[0], { timeout: 30_000 }).toBe('Z')
        leave(id, `${boot}:${space}:${pid}:${fields()[19]}:${nonce}`)
        expect(await store.delete(id)).toBe(true)
      } finally {
        parent.kill('SIGKILL')
      }
    })

    test('and one of our own that could not be released is taken over as well', async () => {
      const { id } = await signIn()
      const lock = `${fileOf(directory, id)}.lock`
      const { record, version } = (await store.find(id)) ?? expect.fail('the session is lost')
      const writing = store.replace(id, version, record)
      let text: string | undefined
      while (text === undefined) {
        text = attempt(() => readlinkSync(lock))
        await delay(0)
      }
      expect(await writing).toBe(true)
      symlinkSync(text, lock)
      expect(await store.delete(id)).toBe(true)
      expect(leftoversIn(directory)).toEqual([])
    })

    test('of another boot or container is taken over when it is a minute old, and not before', async () => {
      for (const host of [`00000000-0000-0000-0000-000000000000:${space}`, `${boot}:1`]) {
        const { id } = await signIn()
        const lock = leave(id, `${host}:1:1:${nonce}`)
        await expect(store.delete(id)).rejects.toMatchObject(unavailable)
        shell('touch -h -d "61 seconds ago" "$0"', lock)
        expect(await store.delete(id)).toBe(true)
        expect(leftoversIn(directory)).toEqual([])
      }
    })

    test('goes with a sweep, as does a claim or a temporary file that nobody holds any more', async () => {
      const { id } = await signIn()
      leave(id, `${boot}:${space}:${ended}:1:${nonce}`)
      const base = fileOf(directory, id)
      writeFileSync(`${base}.fedcba9876543210-1.tmp`, '')
      symlinkSync('gone', `${base}.fedcba9876543210-2.claim`)
      await sweep()
      expect(leftoversIn(directory)).toEqual([])
      expect((await store.find(id))?.record.id).toBe(id)
    })
  })

  async function sweep(): Promise<number> {
    let removed = 0
    for (;;) {
      const swept = await store.sweep({ before: clock(), limit: 100 })
      removed += swept.removed
      if (!swept.more) return removed
    }
  }

  function mounted(options: string): boolean {
    try {
      shell(`mount -t tmpfs -o ${options} tmpfs "$0"`, directory)
      return true
    } catch {
      return false
    }
  }
})

function endedPid(): number {
  return Number(shell('echo $$', ''))
}

function swapped(text: string): string {
  return text.replace(/[a-z]/gi, (letter) => (letter < 'a' ? letter.toLowerCase() : letter.toUpperCase()))
}

function shell(command: string, path: string): string {
  return execFileSync('/bin/sh', ['-c', command, path], { encoding: 'utf8', stdio: 'pipe' })
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

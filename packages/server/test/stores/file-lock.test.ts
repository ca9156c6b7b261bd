import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { userHandle } from '@handstamp/core/secret'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Directory, openDirectory } from '../../src/stores/file/directory.ts'
import type { User } from '../../src/stores/file/value.ts'
import { type Writes, writesTo } from '../../src/stores/file/writes.ts'

/** As a process of another container writes it, which sees of ours no more than how old its lock is. */
const other = '00000000-0000-0000-0000-000000000000:1:1:1:fedcba9876543210-1'
const user: User = { epoch: 1, lastVersion: 1, writtenAt: 0, sessions: new Map() }
const handle = userHandle('ada')
/** Milliseconds after which a holder gives up; who cannot see it waits for twice as long. */
const heldAtMost = 30_000

describe.skipIf(process.platform === 'win32')('a holder of a lock that stands still, and wakes', () => {
  let root: string
  let directory: Directory
  let writes: Writes
  let lock: string
  let before: string

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'handstamp-'))
    directory = openDirectory(root, false)
    writes = writesTo(directory)
    const path = directory.pathOf(handle)
    lock = `${path}.lock`
    await writes.change(handle, () => ({ answer: true, next: user }))
    before = readFileSync(path, 'utf8')
    vi.useFakeTimers({ toFake: ['Date'] })
  })
  afterEach(() => {
    vi.useRealTimers()
    rmSync(root, { recursive: true })
  })

  /** Changes the user, and stands still once it has the lock. */
  function standingStill(milliseconds: number, next: User | 'none', meanwhile = () => {}): Promise<unknown> {
    return writes.change(handle, () => {
      if (readdirSync(dirname(lock)).includes(basename(lock))) {
        vi.setSystemTime(Date.now() + milliseconds)
        meanwhile()
      }
      return { answer: 'written', next }
    })
  }

  function takeOver(): void {
    rmSync(lock)
    symlinkSync(other, lock)
  }

  const name = () => basename(directory.pathOf(handle))
  const names = () => readdirSync(dirname(lock)).sort()
  const unavailable = { code: 'ERR_STORE_UNAVAILABLE', message: expect.stringContaining('stood still') }

  test.each([
    ['replaces', { ...user, lastVersion: 2 }],
    ['removes', 'none'],
  ] as const)(
    '%s nothing, and leaves the lock to the process of another container that took it over',
    async (_, next) => {
      for (const passed of [heldAtMost + 1, 2 * heldAtMost + 1, -heldAtMost - 1]) {
        await expect(standingStill(passed, next, takeOver), `${passed}`).rejects.toMatchObject(unavailable)
        expect(readFileSync(directory.pathOf(handle), 'utf8')).toBe(before)
        expect(names()).toEqual([name(), `${name()}.lock`])
        expect(readlinkSync(lock)).toBe(other)
        rmSync(lock)
      }
    },
  )

  test('gives its lock up where nobody took it over', async () => {
    await expect(standingStill(heldAtMost + 1, 'none')).rejects.toMatchObject(unavailable)
    expect(readFileSync(directory.pathOf(handle), 'utf8')).toBe(before)
    expect(names()).toEqual([name()])
    expect(await standingStill(0, { ...user, lastVersion: 2 })).toBe('written')
  })

  test.each([heldAtMost, -heldAtMost])('writes as ever after %i milliseconds', async (passed) => {
    expect(await standingStill(passed, { ...user, lastVersion: 2 })).toBe('written')
    expect(readFileSync(directory.pathOf(handle), 'utf8')).not.toBe(before)
    expect(await standingStill(passed, 'none')).toBe('written')
    expect(names()).toEqual([])
  })
})

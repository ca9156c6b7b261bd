import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { handleOf } from '@handstamp/core/credential'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openDirectory } from '../../src/stores/file/directory.ts'
import { fileStore } from '../../src/stores/file.ts'
import { contractRecord } from '../../src/testing/index.ts'

describe.skipIf(process.platform === 'win32')('what is written is on the disk before it is acknowledged', () => {
  let root: string
  let synced: string[]

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'handstamp-'))
    synced = []
    const any = await open(root)
    const prototype: FileHandle = Object.getPrototypeOf(any)
    await any.close()
    const sync = prototype.sync
    vi.spyOn(prototype, 'sync').mockImplementation(async function (this: FileHandle) {
      synced.push(nameOf(await this.stat()))
      return sync.call(this)
    })
  })
  afterEach(() => {
    vi.restoreAllMocks()
    rmSync(root, { recursive: true })
  })

  const record = contractRecord({ createdAt: Date.now() })
  const path = () => openDirectory(root, false).pathOf(handleOf(record.id))

  /** What it is at this moment: a file is not yet in its place while it is synced, and is while its folder is. */
  function nameOf({ ino }: { readonly ino: number }): string {
    const folder = existsSync(path()) ? 'folder' : 'folder without the file'
    const places = { root, [folder]: dirname(path()), file: path() }
    const found = Object.entries(places).find(([, place]) => existsSync(place) && statSync(place).ino === ino)
    return found?.[0] ?? 'temporary file'
  }

  test.each([
    { fsync: undefined, whole: ['root', 'temporary file', 'folder'] },
    { fsync: true, whole: ['root', 'temporary file', 'folder'] },
    { fsync: false, whole: [] },
  ])('fsync: $fsync', async ({ fsync, whole }) => {
    const store = fileStore({ directory: root, ...(fsync === undefined ? {} : { fsync }) })
    expect(await store.save(record.id, record, { epoch: undefined, cap: 9 })).toBe('saved')
    expect(synced.splice(0)).toEqual(whole)
    const { version } = (await store.find(record.id)) ?? expect.fail('the session is lost')
    expect(synced.splice(0)).toEqual([])
    expect(await store.replace(record.id, version, record)).toBe(true)
    expect(synced.splice(0)).toEqual(whole.slice(1))
    expect(await store.delete(record.id)).toBe(true)
    expect(synced).toEqual(whole.slice(1))
  })
})

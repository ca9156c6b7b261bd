import type * as Files from 'node:fs/promises'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { userHandle } from '@handstamp/core/secret'
import { afterEach, expect, test, vi } from 'vitest'
import { openDirectory } from '../../src/stores/file/directory.ts'

const opened: unknown[] = []
vi.mock('node:fs/promises', async (original) => {
  const files = await original<typeof Files>()
  const open: typeof files.open = (path, ...rest) => {
    opened.push(path)
    return files.open(path, ...rest)
  }
  return { ...files, open }
})

let root = ''
afterEach(() => rm(root, { recursive: true }))

test.each([
  ['makes', false],
  ['finds, as another process may not yet have synced it', true],
])('the root is synced once for a folder that it %s', async (_, isThere) => {
  root = await mkdtemp(join(tmpdir(), 'handstamp-'))
  const directory = openDirectory(root, true)
  const path = directory.pathOf(userHandle('ada'))
  if (isThere) await mkdir(dirname(path), { mode: 0o700 })
  opened.length = 0
  await directory.prepare(path)
  await directory.prepare(path)
  expect(opened).toEqual([root])
  await rm(dirname(path), { recursive: true })
  await directory.prepare(path)
  expect(opened).toEqual([root, root])
})

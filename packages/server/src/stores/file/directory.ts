/**
 * The directory of the store: what is refused, what is where in it, and how one file is read and written whole.
 * @module
 */
import { constants, lstatSync, mkdirSync, realpathSync, type Stats, statfsSync } from 'node:fs'
import { lstat, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { unavailable } from './errors.ts'
import type { Lock } from './lock.ts'

export interface Directory {
  /** `<directory>/<2 characters>/<handle>`, in lower-case hex: a file system may take letters that differ in case for the same. */
  pathOf(handle: string): string
  /** The text of a user's file, empty where there is something else in its place; undefined where there is none. */
  read(path: string): Promise<string | undefined>
  /** Makes sure of the folder that the user's file is in. */
  prepare(path: string): Promise<void>
  /** The new text in place of the old one, at once or not at all. */
  write(path: string, text: string, lock: Lock): Promise<void>
  remove(path: string): Promise<void>
  /** Names in the folder of this number, 0 to 255, in order. */
  list(folder: number): Promise<{ readonly path: string; readonly names: readonly string[] }>
}

export const folders = 256

/** File systems behind which another machine may write, by the numbers of statfs(2). */
const shared: Readonly<Record<number, string>> = {
  26985: 'NFS',
  20859: 'SMB',
  4266872130: 'SMB',
  4283649346: 'SMB',
  16914839: '9p',
  1702057286: 'FUSE',
  2020557398: 'a folder shared by VirtualBox',
  3133910204: 'a folder shared by VMware',
  12805120: 'Ceph',
  198183888: 'Lustre',
  18225520: 'GFS2',
  1952539503: 'OCFS2',
  1196443219: 'GPFS',
  1397113167: 'AFS',
  1799439955: 'AFS',
  1937076805: 'Coda',
}

// Without O_NONBLOCK a pipe in a file's place would hold one of libuv's few threads for ever.
const reading = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
const making = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW

/** @throws TypeError naming the option, where the directory cannot be one for sessions. */
export function openDirectory(directory: string, fsync: boolean): Directory {
  const root = made(directory)
  const opened = lstatSync(root)
  const known = new Set<string>()
  const synced = new Set<string>()

  async function checkRoot(): Promise<void> {
    const { dev, ino } = await lstat(root)
    // A disk that is not mounted looks like one without sessions, and everybody would be told to be signed out.
    if (dev !== opened.dev || ino !== opened.ino) throw unavailable('its directory is another than it was at the start')
  }

  async function checkFolder(path: string): Promise<void> {
    const folder = folderOf(path)
    if (known.has(folder)) return
    const problem = problemOf(await lstat(folder))
    if (problem !== undefined) throw unavailable(`a folder in its directory ${problem}`)
    known.add(folder)
  }

  return {
    pathOf(handle) {
      const name = Buffer.from(handle, 'base64url').toString('hex')
      return join(root, name.slice(0, 2), name)
    },

    async read(path) {
      try {
        await checkFolder(path)
        return await readFile(path, { encoding: 'utf8', flag: reading })
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (code === 'ELOOP' || code === 'EISDIR') return ''
        if (code !== 'ENOENT') throw error
        await checkRoot()
        return undefined
      }
    },

    async prepare(path) {
      const folder = folderOf(path)
      let isNew = !synced.has(folder)
      try {
        await mkdir(folder, { mode: 0o700 })
        isNew = true
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (code !== 'EEXIST') throw error
      }
      // Also where another process has made it, and may not yet have synced it.
      if (fsync && isNew) await sync(root)
      synced.add(folder)
      await checkFolder(path)
    },

    async write(path, text, lock) {
      try {
        const file = await open(lock.temporary, making, 0o600)
        try {
          await file.writeFile(text)
          if (fsync) await file.sync()
        } finally {
          await file.close()
        }
        lock.check()
        await rename(lock.temporary, path)
      } catch (error) {
        await rm(lock.temporary, { force: true })
        throw error
      }
      if (fsync) await sync(folderOf(path))
    },

    async remove(path) {
      await rm(path, { force: true })
    },

    async list(folder) {
      const path = join(root, folder.toString(16).padStart(2, '0'))
      try {
        await checkFolder(join(path, 'any'))
        return { path, names: (await readdir(path)).sort() }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
        await checkRoot()
        return { path, names: [] }
      }
    },
  }
}

function made(directory: string): string {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    const root = realpathSync(directory)
    const problem = problemOf(lstatSync(root)) ?? sharedBy(root)
    if (problem === undefined) return root
    throw new TypeError(
      `fileStore({ directory }) ${problem}: write a folder of its own on a local disk, which is made if there is none`,
    )
  } catch (error) {
    if (error instanceof TypeError) throw error
    const code = (error as NodeJS.ErrnoException).code ?? 'an error'
    throw new TypeError(`fileStore({ directory }) can be neither opened nor made (${code}): write one that can`)
  }
}

function problemOf(stats: Stats): string | undefined {
  if (!stats.isDirectory()) return 'is no directory'
  if (stats.uid !== process.getuid?.()) return 'belongs to another user'
  if ((stats.mode & 0o022) !== 0) return 'can be written by others'
  return undefined
}

function sharedBy(root: string): string | undefined {
  if (process.platform !== 'linux') return undefined
  const name = shared[statfsSync(root).type >>> 0]
  return name === undefined ? undefined : `lies on a file system that several machines can share (${name})`
}

function folderOf(path: string): string {
  return join(path, '..')
}

async function sync(folder: string): Promise<void> {
  const directory = await open(folder, constants.O_RDONLY)
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

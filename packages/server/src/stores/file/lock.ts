/**
 * The lock of a user: a symbolic link that leads nowhere, whose text says who holds it. Making one fails where one is,
 * and it is there with its whole text or not at all, however its maker ends.
 *
 * A lock of a process that has ended is taken over in turn. Who would have it first makes a claim, a lock named after
 * that acquisition; then looks whether the lock is still the same; then renames the claim to be the lock. An acquisition
 * never comes back once its lock is gone, and a claim goes no sooner than that: so of two who saw the same dead holder,
 * the later one finds the claim taken, or the lock another. A claim of one that has ended is taken over likewise.
 * @module
 */
import { lstat, readlink, rename, rm, symlink } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { unavailable } from './errors.ts'
import { forget, hasEnded, heldAtMost, newOwner, type Owner, read, write } from './owner.ts'

export interface Lock {
  /** Beside the user's file, and of this acquisition alone. */
  readonly temporary: string
  /** Throws where the lock has been held so long that a process of another container may have taken it over. */
  check(): void
  release(): Promise<void>
}

/** A user's files: `<base>`, and beside it while it is written `.lock`, `.<nonce>.claim` and `.<nonce>.tmp`. */
const lockOf = (base: string): string => `${base}.lock`
const claimOf = (base: string, { nonce }: Owner): string => `${base}.${nonce}.claim`
const temporaryOf = (base: string, { nonce }: Owner): string => `${base}.${nonce}.tmp`

/** Waits until a time of `performance.now()` for whoever holds it. One that is alive is never robbed, however long it stands still. */
export async function acquire(base: string, until: number): Promise<Lock> {
  const mine = newOwner()
  try {
    for (;;) {
      const other = await take(lockOf(base), base, mine)
      if (other === undefined) return lockHeldBy(mine, base)
      if (performance.now() >= until) throw unavailable(heldBy(other))
      await delay(1 + Math.random() * 4)
    }
  } catch (error) {
    forget(mine)
    throw error
  }
}

function lockHeldBy(mine: Owner, base: string): Lock {
  const since = Date.now()
  const isOld = (): boolean => Math.abs(Date.now() - since) > heldAtMost
  return {
    temporary: temporaryOf(base, mine),
    check() {
      if (isOld()) throw unavailable('this process stood still while it held a lock, and gave it up')
    },
    async release() {
      try {
        if (!isOld() || (await ownerOf(lockOf(base))) === write(mine)) await rm(lockOf(base), { force: true })
      } finally {
        forget(mine)
      }
    },
  }
}

/** Undefined once `path` is ours; else the text of whoever is in the way, empty where it has just gone. */
async function take(path: string, base: string, mine: Owner): Promise<string | undefined> {
  if (await make(path, mine)) return undefined
  const text = await ownerOf(path)
  const owner = read(text)
  if (owner === undefined || !(await hasEnded(owner, () => changedAt(path)))) return text
  const claim = claimOf(base, owner)
  const other = await take(claim, base, mine)
  if (other !== undefined) return other
  if ((await ownerOf(path)) !== text) {
    await rm(claim, { force: true })
    return ''
  }
  await rm(temporaryOf(base, owner), { force: true })
  return (await moved(claim, path)) ? undefined : ''
}

async function make(path: string, mine: Owner): Promise<boolean> {
  try {
    await symlink(write(mine), path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** False where the claim is gone: whoever holds the lock clears away claims on those before. */
async function moved(claim: string, path: string): Promise<boolean> {
  try {
    await rename(claim, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    await rm(claim, { force: true })
    throw error
  }
}

async function ownerOf(path: string): Promise<string> {
  try {
    return await readlink(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return ''
    // Something else was put there: nobody who could be waited for, and not ours to remove.
    if (code === 'EINVAL') return 'not a lock'
    throw error
  }
}

async function changedAt(path: string): Promise<number> {
  return lstat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => Date.now(),
  )
}

function heldBy(text: string): string {
  const owner = read(text)
  return owner === undefined
    ? 'a lock is held for too long'
    : `process ${owner.pid} holds a lock for too long: it stands still, or its disk does`
}

/**
 * Who holds a lock, and whether that process has ended: told by its id, the moment it started, and the machine's boot.
 * @module
 */
import { randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { readFile } from 'node:fs/promises'

export interface Owner {
  /** The boot of the machine and the name space in which process ids count. */
  readonly host: string
  readonly pid: number
  /** When the process started, in ticks since the boot; 0 where the system does not tell. */
  readonly startedAt: number
  /** Of one acquisition, and no other ever. */
  readonly nonce: string
}

/** Milliseconds after which a lock whose process cannot be seen from here (another boot, another container) counts as left. */
const unseenFor = 60_000
/** Milliseconds after which a holder gives up by itself, well before somebody who cannot see it takes over. */
export const heldAtMost = 30_000

const pattern = /^([\w-]{1,64}:\w{1,32}):(\d{1,10}):(\d{1,20}):([0-9a-f]{16}-\d{1,16})$/
const instance = randomBytes(8).toString('hex')
/** What this very module holds: a lock under its name that is not among these was left by a release that failed. */
const held = new Set<string>()
let acquisitions = 0
let self: Omit<Owner, 'nonce'> | undefined

export function newOwner(): Owner {
  self ??= {
    host: `${tell(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())}:${tell(() =>
      readlinkSync('/proc/self/ns/pid').replace(/\D/g, ''),
    )}`,
    pid: process.pid,
    startedAt: Number(tell(() => String(stateIn(readFileSync('/proc/self/stat', 'utf8')).startedAt))),
  }
  acquisitions += 1
  const nonce = `${instance}-${acquisitions}`
  held.add(nonce)
  return { ...self, nonce }
}

export function forget({ nonce }: Owner): void {
  held.delete(nonce)
}

export function write({ host, pid, startedAt, nonce }: Owner): string {
  return `${host}:${pid}:${startedAt}:${nonce}`
}

/** Undefined for what no holder wrote. */
export function read(text: string): Owner | undefined {
  const [, host = '', pid, startedAt, nonce = ''] = pattern.exec(text) ?? []
  return pid === undefined ? undefined : { host, pid: Number(pid), startedAt: Number(startedAt), nonce }
}

/** True only where it is certain, or where nothing can be seen of the process and its lock is old. */
export async function hasEnded(owner: Owner, lockedAt: () => Promise<number>): Promise<boolean> {
  const mine = newestSelf()
  if (owner.nonce.startsWith(`${instance}-`)) return !held.has(owner.nonce)
  if (owner.host !== mine.host) return Math.abs(Date.now() - (await lockedAt())) > unseenFor
  const state = await readFile(`/proc/${owner.pid}/stat`, 'utf8').then(stateIn, () => undefined)
  if (state === undefined) return !answers(owner.pid)
  // The first thread of a killed process is a zombie while the others may still be at work in the kernel.
  const isGone = /[ZX]/.test(state.letter) && state.threads <= 1
  return isGone || (owner.startedAt !== 0 && state.startedAt !== owner.startedAt)
}

function newestSelf(): Omit<Owner, 'nonce'> {
  if (self === undefined) forget(newOwner())
  return self as Omit<Owner, 'nonce'>
}

/** Of `/proc/<pid>/stat` (proc(5)): the name of the program may hold spaces and brackets. */
function stateIn(stat: string): { readonly letter: string; readonly threads: number; readonly startedAt: number } {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { letter: fields[0] ?? '', threads: Number(fields[17]), startedAt: Number(fields[19]) }
}

function answers(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

function tell(read: () => string): string {
  try {
    return read()
  } catch (error) {
    // Where there is no /proc. Any other error is of the moment, and would be remembered.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '0'
    throw error
  }
}

/**
 * scrypt by Node: native, and outside of the event loop.
 * @module
 */
import { scrypt as derive } from 'node:crypto'
import type { ScryptCost } from './cost.ts'

/**
 * Most that run at once: one of libuv's four threads stays free for files and names. It also works off its whole queue
 * before a process may end, so that a rush of sign-ins would keep one from ending; what waits here does not.
 */
const mostAtOnce = 3
let running = 0
const waiting: (() => void)[] = []

/** Answers `length` bytes of scrypt (RFC 7914 §6). */
export async function scrypt(
  password: Uint8Array,
  salt: Uint8Array,
  cost: ScryptCost,
  length: number,
): Promise<Uint8Array> {
  if (running === mostAtOnce) await new Promise<void>((resolve) => waiting.push(resolve))
  else running += 1
  try {
    return await deriveNow(password, salt, cost, length)
  } finally {
    const next = waiting.shift()
    if (next === undefined) running -= 1
    else next()
  }
}

function deriveNow(password: Uint8Array, salt: Uint8Array, cost: ScryptCost, length: number): Promise<Uint8Array> {
  const { ln, r, p } = cost
  const N = 2 ** ln
  // Node refuses above 32 MiB unless told; what may be asked for was decided by whoever read the cost.
  const maxmem = 128 * r * (N + p + 2)
  return new Promise((resolve, reject) => {
    derive(password, salt, length, { N, r, p, maxmem }, (error, key) => {
      if (error === null) resolve(key)
      else reject(error)
    })
  })
}

/**
 * scrypt by Node: native, and outside of the event loop.
 * @module
 */
import { scrypt as derive } from 'node:crypto'
import type { ScryptCost } from './cost.ts'

/** Answers `length` bytes of scrypt (RFC 7914 §6). */
export function scrypt(password: Uint8Array, salt: Uint8Array, cost: ScryptCost, length: number): Promise<Uint8Array> {
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

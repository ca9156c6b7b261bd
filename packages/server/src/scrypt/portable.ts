/**
 * scrypt for runtimes without a native one: the same bytes, several times slower, in slices that let others run.
 * @module
 */
import { scryptAsync } from '@noble/hashes/scrypt.js'
import type { ScryptCost } from './cost.ts'

/** Answers `length` bytes of scrypt (RFC 7914 §6). */
export function scrypt(password: Uint8Array, salt: Uint8Array, cost: ScryptCost, length: number): Promise<Uint8Array> {
  const { ln, r, p } = cost
  return scryptAsync(password, salt, { N: 2 ** ln, r, p, dkLen: length })
}

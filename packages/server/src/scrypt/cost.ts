/**
 * What scrypt is told about its work (RFC 7914 §2).
 * @module
 */

/** N is 2 to the power of `ln`; a hash takes 128 · N · r bytes of memory, and time for N · r · p blocks. */
export interface ScryptCost {
  readonly ln: number
  readonly r: number
  readonly p: number
}

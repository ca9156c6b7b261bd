/**
 * Owns chance: seeded numbers, and a schedule as rows of them, so that a row can be taken out and the rest still means the same.
 * @module
 */

/** One step of a schedule: what happens, and three numbers that say which, how and by how much. */
export type Row = readonly [what: number, a: number, b: number, c: number]

/** Numbers below 2³² that depend on the seed alone (Mulberry32). */
export function numbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}

/** The rows of one seed. Numbers stay below a thousand, which keeps a printed schedule short. */
export function rowsOf(seed: number, count: number): readonly Row[] {
  const next = numbers(seed)
  return Array.from({ length: count }, () => [next() % 1000, next() % 1000, next() % 1000, next() % 1000] as const)
}

/** Random bytes that depend on the seed alone. */
export function bytesOf(seed: number): (length: number) => Uint8Array {
  const next = numbers(seed ^ 0x5eed)
  return (length) => {
    const bytes = new Uint8Array(length)
    const words = new DataView(bytes.buffer)
    for (let at = 0; at + 4 <= length; at += 4) words.setUint32(at, next())
    for (let at = length - (length % 4); at < length; at += 1) bytes[at] = next()
    return bytes
  }
}

export function pick<T>(list: readonly T[], number: number): T {
  const item = list[number % list.length]
  if (item === undefined) throw new RangeError('nothing to pick from')
  return item
}

/** Picks by weight; the first is the simplest, and what a shrunk schedule falls back to. */
export function weighted<T>(weights: readonly (readonly [weight: number, item: T])[], number: number): T {
  const total = weights.reduce((sum, [weight]) => sum + weight, 0)
  let left = number % total
  for (const [weight, item] of weights) {
    if (left < weight) return item
    left -= weight
  }
  throw new RangeError('nothing to pick from')
}

/** Rows as text for the command line, and back. */
export function writeRows(rows: readonly Row[]): string {
  return rows.map((row) => row.join('.')).join('_')
}

export function readRows(text: string): readonly Row[] {
  return text.split('_').map((row) => {
    const [what = 0, a = 0, b = 0, c = 0] = row.split('.').map(Number)
    return [what, a, b, c] as const
  })
}

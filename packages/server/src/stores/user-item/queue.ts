/**
 * One after another, for each key by itself.
 * @module
 */

/** Runs the work when what was asked for before under this key has settled, and answers what it answers. */
export type Queue = <T>(key: string, work: () => Promise<T>) => Promise<T>

export function createQueue(): Queue {
  const lasts = new Map<string, Promise<unknown>>()
  return (key, work) => {
    const answer = (lasts.get(key) ?? Promise.resolve()).then(work)
    const settled = answer.then(
      () => {},
      () => {},
    )
    lasts.set(key, settled)
    void settled.then(() => {
      if (lasts.get(key) === settled) lasts.delete(key)
    })
    return answer
  }
}

/**
 * What the attacks came to in the present configuration, so that every node shows the same on a page that is loaded anew.
 * @module
 */
import type { StorageName } from '../configuration.ts'
import type { Finding } from './attack.ts'

export interface Found {
  /** Of the attack. */
  readonly id: string
  /** The configuration that was attacked, and where the page kept its credentials. */
  readonly switches: number
  readonly storage: StorageName
  readonly finding: Finding
}

/** The findings with this one among them: an attack has one for each storage, and those of another configuration go. */
export function withFound(all: readonly Found[], found: Found): readonly Found[] {
  const others = all.filter(
    ({ id, storage, switches }) => switches === found.switches && (id !== found.id || storage !== found.storage),
  )
  return [...others, found]
}

/**
 * What one node has to know of all: its name, the store, and the secret that they share.
 * @module
 */
import type { Found } from './attacks/found.ts'
import type { Balance, StoreKind } from './configuration.ts'
import type { EndsWitness } from './ends/ends.ts'
import type { Flags } from './flags.ts'
import { newSeed } from './keys.ts'
import type { Note } from './notes.ts'

export interface Place {
  /** Part of the answers, so that one can see who answered. */
  readonly name: string
  readonly nodes: number
  readonly balance: Balance
  readonly seed: Uint8Array
  readonly store: { readonly kind: StoreKind; readonly address: string }
  /** Told of each note, for the other nodes. */
  readonly noted?: (note: Note) => void
  /** Told of what each attack came to, likewise. */
  readonly found?: (found: Found) => void
  /** Asks all nodes with the credentials of what has ended; a node that is alone asks itself. */
  readonly ends?: EndsWitness
}

/** The first of as many as the flags say. */
export function placeOf({ store, nodes, balance }: Flags): Place {
  const { kind, address = '' } = store
  return { name: nameOf(0), nodes, balance, seed: newSeed(), store: { kind, address } }
}

export function nameOf(index: number): string {
  return `node-${index + 1}`
}

/**
 * The application that is guarded: a board of notes, bounded so that nobody can fill the memory.
 * @module
 */
import { randomUUID } from 'node:crypto'

export interface Note {
  readonly id: string
  readonly text: string
  /** Milliseconds since the epoch. */
  readonly at: number
  /** The id of the user who wrote it. */
  readonly by: string
}

export interface Notes {
  /** Newest first, of everybody. */
  list(): readonly Note[]
  /** Adds one; of more than `notesPerUser` by one user the oldest goes. */
  add(text: string, by: string): Note
}

const notesPerUser = 100
export const longestNote = 2_000

export function createNotes(): Notes {
  const byUser = new Map<string, Note[]>()
  return {
    list: () => [...byUser.values()].flat().sort((a, b) => b.at - a.at),
    add(text, by) {
      const note = { id: randomUUID(), text, at: Date.now(), by }
      const own = [note, ...(byUser.get(by) ?? [])].slice(0, notesPerUser)
      byUser.set(by, own)
      return note
    },
  }
}

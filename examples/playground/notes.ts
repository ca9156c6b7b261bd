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
  /** One that was added on another node. */
  receive(note: Note): void
}

const notesPerUser = 100
export const longestNote = 2_000

/** `added` is told of each, so that it can be passed on. */
export function createNotes(added: (note: Note) => void = () => {}): Notes {
  const byUser = new Map<string, Note[]>()
  function receive(note: Note): void {
    byUser.set(note.by, [note, ...(byUser.get(note.by) ?? [])].slice(0, notesPerUser))
  }
  return {
    list: () => [...byUser.values()].flat().sort((a, b) => b.at - a.at),
    add(text, by) {
      const note = { id: randomUUID(), text, at: Date.now(), by }
      receive(note)
      added(note)
      return note
    },
    receive,
  }
}

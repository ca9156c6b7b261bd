/**
 * One text for each user in a store that can read and write, and no more: one after another within this process.
 * @module
 */
import { decodeBase64url, encodeBase64url } from '@handstamp/core/base64url'
import type { Queue } from './queue.ts'
import type { NextText, UserTexts } from './store.ts'

export interface PlainTexts {
  read(name: string): Promise<string | undefined>
  write(name: string, next: NextText): Promise<void>
}

/** Reads wait for the writes before them as well, since not every store writes a text at once. */
export function oneByOne({ read, write }: PlainTexts, queue: Queue): Pick<UserTexts, 'read' | 'change'> {
  return {
    read: (handle) => queue(handle, () => read(nameOf(handle))),
    change: (handle, make) =>
      queue(handle, async () => {
        const { answer, next } = make(await read(nameOf(handle)))
        if (next !== undefined) await write(nameOf(handle), next)
        return answer
      }),
  }
}

/** A handle in digits and small letters, as some stores keep names where large and small letters are the same. */
function nameOf(handle: string): string {
  return Array.from(decodeBase64url(handle) ?? [], (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** The handle that a name was made of. */
export function handleOfName(name: string): string {
  return encodeBase64url(Uint8Array.from(name.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16)))
}

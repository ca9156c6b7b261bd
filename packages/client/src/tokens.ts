/**
 * The tokens that the client holds: one versioned JSON value in a storage, with memory behind it where the storage fails.
 * @module
 */
import type { TokenStorage } from './storages/storage.ts'

/**
 * What is kept, in the order in which it is written; the names are those of RFC 6749 §5.1. `session_id` is public and tells
 * whose the tokens are: it is the session's when they were signed in to, and stays with each refresh.
 */
export interface Tokens {
  readonly access_token: string
  readonly refresh_token?: string | undefined
  readonly session_id: string
}

/** No method ever rejects, whatever the storage does. */
export interface HeldTokens {
  /** What is held now, by whichever tab it was written. */
  read(): Promise<Tokens | undefined>
  write(tokens: Tokens): Promise<void>
  /** Removes what is held and answers it; with `only`, not what somebody else has put in its place. */
  clear(only?: Tokens): Promise<Tokens | undefined>
}

/**
 * The one form in which they are kept, byte for byte. Whatever is not that, tampered with, huge or of another version, is
 * not ours. The characters of a token are those of RFC 6750 §2.1: no other could travel in a header.
 */
const kept =
  /^\{"v":1,"access_token":"[\w.~+/-]{1,9999}=*",("refresh_token":"[\w.~+/-]{1,9999}=*",)?"session_id":"[^"\\]{1,999}"\}$/

function asText(tokens: Tokens): string {
  return JSON.stringify({ v: 1, ...tokens })
}

/** True for tokens that could be kept and sent: an answer with others is none. */
export function areTokens(tokens: Readonly<Partial<Record<keyof Tokens, unknown>>>): boolean {
  return kept.test(asText(tokens as Tokens))
}

/** The tokens in a storage. */
export function holdTokens(storage: TokenStorage): HeldTokens {
  // A storage may be slow: what is read waits for what was written before, and a removal never overtakes a write.
  let written: Promise<unknown> = Promise.resolve()
  /** What the storage should hold where it did not obey. */
  let instead: string | null | undefined

  async function read(): Promise<Tokens | undefined> {
    let text = instead
    try {
      text ??= instead === null ? null : await storage.get()
    } catch {
      // Nobody is signed in then.
    }
    if (typeof text !== 'string') return undefined
    if (kept.test(text)) return JSON.parse(text)
    await put(null)
    return undefined
  }

  async function put(text: string | null): Promise<void> {
    instead = undefined
    try {
      await (text === null ? storage.remove() : storage.set(text))
    } catch {
      // The spent tokens must not stay for the next page to find.
      if (text !== null) await put(null)
      instead = text
    }
  }

  function inOrder<T>(task: () => Promise<T>): Promise<T> {
    const result = written.then(task)
    written = result
    return result
  }

  return {
    read: () => written.then(read),
    write: (tokens) => inOrder(() => put(asText(tokens))),
    clear: (only) =>
      inOrder(async () => {
        const tokens = await read()
        if (!tokens || (only && only.access_token !== tokens.access_token)) return undefined
        await put(null)
        return tokens
      }),
  }
}

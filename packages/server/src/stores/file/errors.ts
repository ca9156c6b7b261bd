/**
 * Makes what the file system answers an error of the store, which names no path.
 * @module
 */
import { AuthError, safeCause } from '@handstamp/core/errors'

export function unavailable(what: string, cause?: unknown): AuthError {
  return new AuthError(
    'ERR_STORE_UNAVAILABLE',
    `the session store: ${what}`,
    cause === undefined ? {} : { cause: safeCause(cause) },
  )
}

/** Runs the work; an error of the file system (ENOSPC, EACCES, EMFILE, EROFS …) comes out as one of the store. */
export async function answering<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException
    if (typeof code !== 'string' || typeof syscall !== 'string') throw error
    throw unavailable(`its file system answered ${code}`, error)
  }
}

/**
 * One client for what is picked, and the way from one pick to the next.
 * @module
 */
import { type AuthClient, createAuthClient, interceptFetch, type ShapeOf } from '@handstamp/client'
import type { Session } from '@handstamp/core/session'
import type { User } from '../accounts.ts'
import type { PlaygroundAuth } from '../auth.ts'
import type { Configuration, StorageName } from '../configuration.ts'

export type Client = AuthClient<ShapeOf<PlaygroundAuth>>

export interface OpenClient {
  readonly client: Client
  /** Leaves nothing of this client behind in the page. */
  close(): void
}

/** The `fetch` of the browser, for what is asked about the playground itself and needs no credential. */
export const plainFetch: typeof fetch = globalThis.fetch.bind(globalThis)

/** A client for the configuration, which `fetch` goes through until it is closed. */
export function openClient(
  { transport }: Pick<Configuration, 'transport'>,
  storage: StorageName,
  initial: Session<User> | null | undefined,
): OpenClient {
  const common = { baseURL: location.origin, ...(initial === undefined ? {} : { initial }) }
  const client =
    storage === 'cookie'
      ? createAuthClient<PlaygroundAuth>({ ...common, storage })
      : transport === 'split'
        ? createAuthClient<PlaygroundAuth>({ ...common, storage: 'memory', transport })
        : createAuthClient<PlaygroundAuth>({ ...common, storage })
  return { client, close: interceptFetch(client) }
}

/** A client of the fake server, with the storage that a transport starts with. */
import type { Transport } from '@handstamp/core/session'
import { type AuthClient, createAuthClient } from '../src/client.ts'
import type { CommonOptions, ShapeOf } from '../src/options.ts'
import type { TokenStorage } from '../src/storages/storage.ts'
import { type FakeServer, origin, type Shape, type User } from './fake-server.ts'

export type Client = AuthClient<ShapeOf<Shape>>

export const transports: readonly Transport[] = ['cookie', 'bearer', 'split']

export function clientOf(
  server: FakeServer,
  transport: Transport,
  options: Partial<CommonOptions<User>> & { readonly storage?: TokenStorage } = {},
): Client {
  const { storage = 'memory', ...rest } = options
  const common = { baseURL: origin, fetch: server.fetch, ...rest }
  if (transport === 'cookie') return createAuthClient<Shape>({ ...common, storage: 'cookie' })
  if (transport === 'split') return createAuthClient<Shape>({ ...common, storage: 'memory', transport })
  return createAuthClient<Shape>({ ...common, storage })
}

/** A storage whose text can be seen and set, as another tab would. */
export function openStorage(): TokenStorage & { text: string | null } {
  const storage = {
    text: null as string | null,
    get: async () => storage.text,
    set: async (value: string) => {
      storage.text = value
    },
    remove: async () => {
      storage.text = null
    },
  }
  return storage
}

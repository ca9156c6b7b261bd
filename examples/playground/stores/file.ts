/**
 * `--store file:DIR`: one file for each user.
 * @module
 */
import { fileStore } from '@handstamp/server/stores/file'
import { countedStore } from './counted.ts'
import type { OpenStore, StoreSetting } from './stores.ts'

export async function open({ address, told }: StoreSetting): Promise<OpenStore> {
  return { store: countedStore(fileStore({ directory: address }), told), close: async () => {} }
}

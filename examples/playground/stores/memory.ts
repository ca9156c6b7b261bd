/**
 * `--store memory`: each process has its own.
 * @module
 */
import { memoryStore } from '@handstamp/server'
import { countedStore } from './counted.ts'
import type { OpenStore, StoreSetting } from './stores.ts'

export async function open({ told }: StoreSetting): Promise<OpenStore> {
  return { store: countedStore(memoryStore(), told), close: async () => {} }
}

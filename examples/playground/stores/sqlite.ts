/**
 * `--store sqlite:FILE`: tables in one file, by the SQLite of Node itself.
 * @module
 */
import { DatabaseSync } from 'node:sqlite'
import { migrate, sqlite, sqlStore } from '@handstamp/server/stores/sql'
import { countedDatabase } from './counted.ts'
import type { OpenStore, StoreSetting } from './stores.ts'

export async function prepare(address: string): Promise<void> {
  const file = new DatabaseSync(address)
  await migrate(sqlite(file))
  file.close()
}

export async function open({ address, told }: StoreSetting): Promise<OpenStore> {
  const file = new DatabaseSync(address)
  return { store: sqlStore({ database: countedDatabase(sqlite(file), told) }), close: async () => file.close() }
}

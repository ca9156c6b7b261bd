/**
 * `--store mysql://…`: MySQL or MariaDB over mysql2.
 * @module
 */
import { mariadbIsInstalled, mariadbUrl, startMariadb } from '@handstamp/local-servers/mariadb'
import { migrate, mysql, sqlStore } from '@handstamp/server/stores/sql'
import { createPool } from 'mysql2/promise'
import { countedDatabase } from './counted.ts'
import type { LocalStore, OpenStore, StoreSetting } from './stores.ts'

export const local: LocalStore = {
  isInstalled: mariadbIsInstalled,
  async start() {
    const server = await startMariadb()
    return { address: mariadbUrl(server), stop: server.stop }
  },
  install: 'apt-get install mariadb-server',
}

export async function prepare(address: string): Promise<void> {
  const pool = createPool({ uri: address })
  await migrate(mysql(pool)).finally(() => pool.end())
}

export async function open({ address, told }: StoreSetting): Promise<OpenStore> {
  const pool = createPool({ uri: address })
  return { store: sqlStore({ database: countedDatabase(mysql(pool), told) }), close: () => pool.end() }
}

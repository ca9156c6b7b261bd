/**
 * A PostgreSQL server whose user `handstamp` owns all of it.
 * @module
 */
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileOf, type LocalServer, startServer } from './server.ts'

const files = ['postgres']

/** Where Debian keeps them, the newest first. */
function folders(): readonly string[] {
  const root = '/usr/lib/postgresql'
  try {
    return readdirSync(root)
      .sort((one, other) => Number(other) - Number(one))
      .map((version) => join(root, version, 'bin'))
  } catch {
    return []
  }
}

const place = () => ({ files: ['initdb'], folders: folders() })

export const postgresIsInstalled = (): boolean => fileOf(place()) !== undefined

/** What was acknowledged survives a crash of the server's process, and not of the machine (fsync is off). */
export function startPostgres(): Promise<LocalServer> {
  const initdb = fileOf(place()) ?? 'initdb'
  return startServer({
    name: 'postgres',
    files,
    folders: [dirname(initdb)],
    user: 'postgres',
    prepare({ folder }, run) {
      run(
        initdb,
        '-D',
        join(folder, 'data'),
        '-U',
        'handstamp',
        '--auth=trust',
        '--no-sync',
        '-E',
        'UTF8',
        '--locale=C',
      )
    },
    args: ({ port, folder }) => [
      ...['-D', join(folder, 'data'), '-p', String(port), '-k', folder],
      ...['-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off', '-c', 'max_connections=200'],
    ],
    ready: /database system is ready to accept connections/,
  })
}

/** For a driver: the database `postgres` of the user `handstamp`, without a password. */
export function postgresUrl({ port }: Pick<LocalServer, 'port'>): string {
  return `postgres://handstamp@127.0.0.1:${port}/postgres`
}

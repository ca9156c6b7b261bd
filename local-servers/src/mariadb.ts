/**
 * A MariaDB server with one user and one empty database, both named `handstamp`.
 * @module
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileOf, type LocalServer, startServer } from './server.ts'

const files = ['mariadbd', 'mysqld']
const installers = ['mariadb-install-db', 'mysql_install_db']

export const mariadbIsInstalled = (): boolean =>
  fileOf({ files }) !== undefined && fileOf({ files: installers }) !== undefined

export function startMariadb(): Promise<LocalServer> {
  return startServer({
    name: 'mariadb',
    files,
    user: 'mysql',
    prepare({ folder }, run) {
      run(
        fileOf({ files: installers }) ?? 'mariadb-install-db',
        ...['--no-defaults', `--datadir=${join(folder, 'data')}`, '--auth-root-authentication-method=normal'],
        ...['--skip-test-db', '--skip-name-resolve'],
      )
      const statements = [
        'CREATE DATABASE handstamp;',
        "CREATE USER handstamp@'127.0.0.1';",
        "GRANT ALL ON handstamp.* TO handstamp@'127.0.0.1';",
      ]
      writeFileSync(join(folder, 'init.sql'), statements.join('\n'), { mode: 0o644 })
    },
    args: ({ port, folder }) => [
      ...['--no-defaults', `--datadir=${join(folder, 'data')}`, `--socket=${join(folder, 'socket')}`],
      ...[
        `--port=${port}`,
        '--bind-address=127.0.0.1',
        '--skip-name-resolve',
        `--init-file=${join(folder, 'init.sql')}`,
      ],
      ...[`--pid-file=${join(folder, 'pid')}`, '--innodb-flush-log-at-trx-commit=2', '--max-connections=200'],
    ],
    ready: /ready for connections/,
  })
}

/** For a driver. */
export function mariadbUrl({ port }: Pick<LocalServer, 'port'>): string {
  return `mysql://handstamp@127.0.0.1:${port}/handstamp`
}

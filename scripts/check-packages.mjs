// Packs each package and has publint and attw judge what would be published: the tarball, not the folder.
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const folder = join(root, 'node_modules', '.cache', 'handstamp', 'tarballs')
mkdirSync(folder, { recursive: true })

for (const name of ['core', 'server', 'client']) {
  const tarball = join(folder, `${name}.tgz`)
  const steps = [
    ['pnpm', ['pack', '--out', tarball]],
    ['publint', ['--strict', tarball]],
    ['attw', [tarball, '--profile', 'esm-only', '--format', 'ascii']],
  ]
  for (const [command, args] of steps) {
    const { status, stdout, stderr } = spawnSync(command, args, {
      cwd: join(root, 'packages', name),
      env: process.env,
      encoding: 'utf8',
    })
    if (status === 0) continue
    console.error(`@handstamp/${name}: ${command}\n${stdout ?? ''}${stderr ?? ''}`)
    process.exitCode = 1
    break
  }
}

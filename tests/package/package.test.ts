import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const names = ['core', 'server', 'client'] as const

interface Manifest {
  readonly name: string
  readonly version: string
  readonly exports: Readonly<Record<string, unknown>>
  readonly bin?: Readonly<Record<string, string>>
}

function manifest(name: string): Manifest {
  return JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'))
}

function subpaths(name: string): string[] {
  const { name: specifier, exports } = manifest(name)
  return Object.keys(exports)
    .filter((subpath) => subpath !== './package.json')
    .map((subpath) => specifier + subpath.slice(1))
}

/** A bare environment: what npm and Vitest tell their children must not reach the project of a stranger. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(([key]) => !/^(npm_(?!config_(registry|cache|userconfig))|NODE_|VITE)/.test(key)),
)

function run(command: string, args: readonly string[], cwd: string): string {
  return execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

let folder: string

/** An empty project into which the packed packages are installed, as a stranger would have them. */
function project(name: string, tarballs: readonly string[]): string {
  const path = join(folder, name)
  mkdirSync(path)
  const dependencies = Object.fromEntries(tarballs.map((part) => [`@handstamp/${part}`, `file:../${part}.tgz`]))
  // Where a package asks for another by its version, the packed one is meant, since neither is published.
  const overrides = Object.fromEntries(names.map((part) => [`@handstamp/${part}`, `file:../${part}.tgz`]))
  writeFileSync(join(path, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies, overrides }))
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'], path)
  return path
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'handstamp-package-'))
  for (const name of names) {
    expect(existsSync(join(root, 'packages', name, 'dist')), `packages/${name} is built: pnpm build`).toBe(true)
    run('pnpm', ['pack', '--out', join(folder, `${name}.tgz`)], join(root, 'packages', name))
  }
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('an empty project', () => {
  let path: string

  beforeAll(() => {
    path = project('all', names)
  })

  test.each(names)('imports every subpath of %s under plain Node', (name) => {
    const imports = subpaths(name).map((subpath) => `await import('${subpath}')`)
    expect(run(process.execPath, ['--input-type=module', '-e', `${imports.join('\n')}\nconsole.log('ok')`], path)).toBe(
      'ok\n',
    )
  })

  test('type-checks against the declarations, and needs no condition of ours', () => {
    const lines = names
      .flatMap((name) => subpaths(name))
      .map((subpath, index) => `import * as m${index} from '${subpath}'`)
    writeFileSync(join(path, 'all.ts'), `${lines.join('\n')}\nexport const all = [${lines.map((_, i) => `m${i}`)}]\n`)
    for (const moduleResolution of ['nodenext', 'bundler']) {
      const module = moduleResolution === 'bundler' ? 'esnext' : 'nodenext'
      const compilerOptions = {
        ...{ strict: true, noEmit: true, target: 'es2022', lib: ['ES2023', 'DOM', 'DOM.Iterable'] },
        ...{ module, moduleResolution, types: ['node'], typeRoots: [join(root, 'node_modules/@types')] },
        // Our own declarations are to be checked too.
        skipLibCheck: false,
      }
      writeFileSync(join(path, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['all.ts'] }))
      expect(run(join(root, 'node_modules/.bin/tsc'), ['-p', path, '--pretty', 'false'], path)).toBe('')
    }
  })

  test('has every command', () => {
    const commands = names.flatMap((name) => Object.keys(manifest(name).bin ?? {}))
    expect(commands).toEqual(['handstamp-server'])
    for (const command of commands) expect(existsSync(join(path, 'node_modules/.bin', command))).toBe(true)
    expect(run('npx', ['--no-install', '@handstamp/server', 'keys'], path)).toContain('HANDSTAMP')
  })

  test('gets no path of this repository and no test', () => {
    const files = globSync('node_modules/@handstamp/**/*', { cwd: path }).filter((file) =>
      statSync(join(path, file)).isFile(),
    )
    expect(files.filter((file) => /\.test\.|tsconfig|tsup\.config/.test(file))).toEqual([])
    expect(files.filter((file) => readFileSync(join(path, file), 'utf8').includes(root))).toEqual([])
  })
})

describe('the size of an installation', () => {
  const limits = { server: { packages: 5, mebibytes: 1.5 }, client: { packages: 5, mebibytes: 1.5 } }

  test.each(Object.entries(limits))('of %s', (name, { packages, mebibytes }) => {
    const path = project(name, [name])
    const manifests = globSync(['node_modules/*/package.json', 'node_modules/@*/*/package.json'], { cwd: path })
    expect(manifests.length).toBeLessThanOrEqual(packages)
    const sizes = globSync('node_modules/**/*', { cwd: path }).map((file) => statSync(join(path, file)))
    const bytes = sizes.reduce((sum, entry) => sum + (entry.isFile() ? entry.size : 0), 0)
    expect(bytes / 2 ** 20).toBeLessThanOrEqual(mebibytes)
  })
})

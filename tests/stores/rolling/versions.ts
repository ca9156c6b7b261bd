/**
 * Versions of the library that are really different: this source, and what later releases of it could be, made of it by a
 * few changes of which each is known to have been made.
 * @module
 */
import { readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/**
 * `N`: this one. `N+1` adds a field to records, claims to tokens and a kind of fact, and reads a second format of
 * records, and of what Redis, files and items of users hold. `N+2` writes such records, and `N+2 anew` all of it.
 */
export type Version = 'N' | 'N+1' | 'N+2' | 'N+2 anew'

interface Change {
  /** Of a package's `src`. */
  readonly file: string
  readonly from: string | RegExp
  readonly to: string
}

const reads: readonly Change[] = [
  { file: 'core/src/jwt/claims.ts', from: 'v === 1 &&', to: '(v === 1 || v === 2) &&' },
  ...['open-store', 'stores/redis', 'stores/sql', 'stores/file', 'stores/file/value', 'stores/user-item/item'].map(
    (name) => ({
      file: `server/src/${name}.ts`,
      from: /\b([\w.?]+\.v) ([!=])== 1\b/g,
      to: '([1, 2].includes($1) $2== true)',
    }),
  ),
  { file: 'server/src/stores/redis/value.ts', from: '/^1:', to: '/^[12]:' },
  { file: 'server/src/stores/redis/scripts.ts', from: "'^1:", to: "'^[12]:" },
  { file: 'server/src/stores/file/value.ts', from: '/^handstamp\\/1 ', to: '/^handstamp\\/[12] ' },
  { file: 'server/src/stores/user-item/item.ts', from: '!text.startsWith(beginning)', to: '!/^hs[12]:/.test(text)' },
  { file: 'server/src/feeds/feed.ts', from: "case 'key':", to: "case 'later':\n      return true\n    case 'key':" },
]

/** Records of the format, and whatever is new in format 1. */
const writes = (format: 1 | 2): readonly Change[] => [
  { file: 'server/src/records.ts', from: /\bv: 1,\n {4}id,/, to: `v: ${format},\n    later: ['kept'],\n    id,` },
  {
    file: 'server/src/records.ts',
    from: /\.\.\.record,\n {4}lastSeenAt:/,
    to: `...record,\n    v: ${format},\n    later: ['kept'],\n    lastSeenAt:`,
  },
  { file: 'server/src/access-tokens.ts', from: /\bv: 1,\n/, to: "v: 1,\n          later: 'hs',\n" },
  { file: 'server/src/access-tokens.ts', from: 'iss: issuer,\n        sub:', to: "iss: issuer, later: 'top',\n sub:" },
  {
    file: 'server/src/feeds/redis.ts',
    from: 'const id = (await append.run(',
    to: "if (fact.kind === 'user') await append.run(command, [key], [kept, JSON.stringify({ ...fact, kind: 'later' })])\nconst id = (await append.run(",
  },
]

const layouts: readonly Change[] = [
  { file: 'server/src/stores/redis/scripts.ts', from: /\{ '1', version/g, to: "{ '2', version" },
  { file: 'server/src/stores/file/value.ts', from: 'return `handstamp/1 ', to: 'return `handstamp/2 ' },
  { file: 'server/src/stores/user-item/item.ts', from: 'return beginning + ', to: "return 'hs2:' + " },
]

const changes: Readonly<Record<Version, readonly Change[]>> = {
  N: [],
  'N+1': [...reads, ...writes(1)],
  'N+2': [...reads, ...writes(2)],
  'N+2 anew': [...reads, ...writes(2), ...layouts],
}

const program = fileURLToPath(import.meta.resolve('./server.ts'))
const packages = fileURLToPath(new URL('../../../packages/', import.meta.url))

/**
 * Makes a program of a server with that version in the folder, beside a link to the drivers.
 *
 * @throws Error for a change that found nothing to change, or whose file is no part of the program.
 */
export async function makeVersion(version: Version, folder: string): Promise<string> {
  const outfile = join(folder, `${version.replaceAll(/\W+/g, '-')}.mjs`)
  const left = new Set(changes[version])
  await build({
    entryPoints: [program],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['handstamp-source'],
    plugins: [
      {
        name: 'versions',
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /^[@\w]/ }, ({ kind, path }) =>
            kind === 'entry-point' || path.startsWith('@handstamp/') ? undefined : { path, external: true },
          )
          onLoad({ filter: /\.ts$/ }, ({ path }) => {
            let contents = readFileSync(path, 'utf8')
            for (const change of changes[version]) {
              if (path !== join(packages, change.file)) continue
              const changed = contents.replaceAll(globally(change.from), change.to)
              if (changed === contents) throw new Error(`${change.file} has no ${change.from} to make ${version} of`)
              contents = changed
              left.delete(change)
            }
            return { contents, loader: 'ts' }
          })
        },
      },
    ],
  })
  if (left.size > 0) throw new Error(`${[...left].map(({ file }) => file)} is no part of ${version}`)
  return outfile
}

/** A folder in which programs find the drivers of the tests. */
export function linkDrivers(folder: string): void {
  symlinkSync(fileURLToPath(new URL('../../node_modules', import.meta.url)), join(folder, 'node_modules'))
}

function globally(from: string | RegExp): string | RegExp {
  return typeof from === 'string' || from.global ? from : new RegExp(from.source, `${from.flags}g`)
}

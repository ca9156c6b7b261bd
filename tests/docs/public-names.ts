/** What the packages export, by name and by subpath, read from their sources. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

export const root: string = join(import.meta.dirname, '../..')
const packageNames = ['core', 'server', 'client'] as const

export interface Entry {
  /** As an application imports it: `@handstamp/core/jwt/sign`. */
  readonly specifier: string
  /** Its source, from the root: `packages/core/src/jwt/sign.ts`. */
  readonly file: string
}

/** Every public subpath. */
export const entries: readonly Entry[] = packageNames.flatMap((name) => {
  const { exports } = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'))
  return Object.entries<Record<string, string>>(exports).flatMap(([subpath, { 'handstamp-source': source }]) =>
    source === undefined
      ? []
      : [{ specifier: `@handstamp/${name}${subpath.slice(1)}`, file: join('packages', name, source) }],
  )
})

export interface Exported {
  readonly name: string
  /** Where it is declared. */
  readonly file: string
  readonly line: number
  readonly kind: string
  readonly documented: boolean
}

const declaration = /^export (?:declare )?(?:async )?(function\*?|const|class|interface|type) (\w+)/
const list = /^export (?:type )?\{([^}]*)\} from '([^']+)'/gm

/** What a source file exports: declared there, or handed on from another file of the packages. */
export function exportsOf(file: string): Exported[] {
  const source = readFileSync(join(root, file), 'utf8')
  const lines = source.split('\n')
  const declared = lines.flatMap((line, at) => {
    const [, kind, name] = declaration.exec(line) ?? []
    const documented = lines[at - 1]?.trimEnd().endsWith('*/') === true
    // Of overloads the first speaks for all.
    const isFirst = !lines.slice(0, at).some((before) => declaration.exec(before)?.[2] === name)
    return kind && name && isFirst ? [{ name, file, line: at + 1, kind, documented }] : []
  })
  const handedOn = [...source.matchAll(list)].flatMap(([, names = '', from = '']) => {
    const there = sourceOf(file, from)
    const known = there === undefined ? [] : exportsOf(there)
    return names
      .split(',')
      .flatMap((item) => known.find(({ name }) => name === item.trim().replace(/^type /, '')) ?? [])
  })
  return [...declared, ...handedOn]
}

function sourceOf(file: string, from: string): string | undefined {
  if (from.startsWith('.')) return join(dirname(file), from)
  return entries.find(({ specifier }) => specifier === from)?.file
}

/** Where an application finds each public name; the shortest subpath that has it. */
const homes: ReadonlyMap<string, string> = new Map(
  [...entries]
    .sort((a, b) => b.specifier.length - a.specifier.length)
    .flatMap(({ specifier, file }) => exportsOf(file).map(({ name }) => [name, specifier] as const)),
)

/**
 * The imports that an example in a file's comments leaves out: of names of its own file first, then of the scene, then of any subpath.
 * `from` is the folder of the example, for the files that no subpath leads to.
 */
export function missingImports(code: string, file: string, from: string, scene: string): string {
  const own = new Set(exportsOf(file).map(({ name }) => name))
  const staged = new Set(exportsOf(scene).map(({ name }) => name))
  const taken = declaredIn(code)
  const used = new Set(code.match(/(?<![\w$]|(?<!\.\.)\.)[A-Za-z_$][\w$]*/g))
  const imports = [...used].flatMap((name) => {
    if (taken.has(name)) return []
    const home = own.has(name)
      ? homeOf(file, from)
      : staged.has(name)
        ? relative(from, join(root, scene))
        : homes.get(name)
    return home === undefined ? [] : `import { ${name} } from '${home}'`
  })
  return imports.join('; ')
}

function homeOf(file: string, from: string): string {
  const built = join(root, file.replace('/src/', '/dist/').replace(/\.ts$/, '.js'))
  const specifier = entries.find((entry) => entry.file === file)?.specifier
  return specifier ?? (existsSync(built) ? relative(from, built) : file)
}

/** The names that the code declares or imports itself. */
function declaredIn(code: string): Set<string> {
  const single = [...code.matchAll(/\b(?:const|let|function|class|type|interface) (\w+)/g)].map(
    ([, name]) => name ?? '',
  )
  const braced = [...code.matchAll(/\b(?:const|let|import|import type) \{([^}]*)\}/g)].flatMap(([, names = '']) =>
    names.split(',').map((item) => item.trim().replace(/^type /, '')),
  )
  return new Set([...single, ...braced])
}

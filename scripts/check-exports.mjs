// The public file is the public subpath. Holds each package's exports, its sources and what the docs import together.
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const problems = []
/** Wraps any store for the strategies, and is no store of its own. */
const inner = new Set(['src/stores/bounded.ts'])
const subpaths = new Map()

for (const name of readdirSync(join(root, 'packages'))) {
  const folder = join(root, 'packages', name)
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const say = (text) => problems.push(`${manifest.name}: ${text}`)

  for (const [subpath, target] of Object.entries(manifest.exports)) {
    if (subpath === './package.json') continue
    subpaths.set(subpath === '.' ? manifest.name : `${manifest.name}${subpath.slice(1)}`, folder)
    const stem = subpath === '.' ? 'index' : subpath.slice(2)
    const source = [`./src/${stem}.ts`, `./src/${stem}/index.ts`].find((file) => existsSync(join(folder, file)))
    if (source === undefined) {
      say(`"${subpath}" is exported, but there is no src/${stem}.ts and no src/${stem}/index.ts`)
      continue
    }
    const built = source.replace('./src/', './dist/').replace(/\.ts$/, '')
    const expected = { 'handstamp-source': source, types: `${built}.d.ts`, default: `${built}.js` }
    // The order counts: the first condition that fits wins.
    if (JSON.stringify(target) !== JSON.stringify(expected)) say(`"${subpath}" must be ${JSON.stringify(expected)}`)
  }

  // Every folder of leaves is public as a whole: a leaf that nobody can import is forgotten, not private.
  for (const leaves of ['stores', 'feeds', 'adapters', 'storages', 'interceptors']) {
    for (const file of globSync(`src/${leaves}/*.ts`, { cwd: folder })) {
      if (inner.has(file)) continue
      const subpath = `.${file.slice('src'.length, -'.ts'.length)}`
      if (manifest.exports[subpath] === undefined) say(`${file} is not exported as "${subpath}"`)
    }
  }

  for (const [command, target] of Object.entries(manifest.bin ?? {})) {
    const source = join(folder, target.replace('./dist/', 'src/').replace(/\.js$/, '.ts'))
    if (!existsSync(source)) say(`the command ${command} has no source ${source.slice(folder.length + 1)}`)
    else if (!readFileSync(source, 'utf8').startsWith('#!/usr/bin/env node\n')) say(`${command} needs its #! line`)
  }
}

const specifier = /\b(?:from|import)\s*\(?\s*['"](@handstamp\/[^'"]+)['"]/g
for (const file of globSync(['*.md', 'docs/**/*.md', 'packages/*/README.md'], { cwd: root })) {
  for (const [, path] of readFileSync(join(root, file), 'utf8').matchAll(specifier)) {
    if (!subpaths.has(path)) problems.push(`${file}: imports ${path}, which is no public subpath`)
  }
}

for (const problem of problems) console.error(problem)
if (problems.length === 0) console.log(`${subpaths.size} subpaths, each with its source`)
process.exitCode = problems.length === 0 ? 0 : 1

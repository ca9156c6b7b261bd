// Makes the declarations of the package it is run in fit for others. It writes `./x.js` for `./x.ts`: the compiler
// rewrites specifiers in JavaScript but leaves them in declarations, and a specifier that ends in `.ts` is refused or misread
// by other tools. And it takes the comments out of those that no public subpath leads to, which no editor shows.
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const relativeSource = /(\bfrom\s+|\bimport\(\s*|\bimport\s+)(['"])(\.{1,2}\/[^'"]+)\.ts\2/g
const relative = /(?:\bfrom\s+|\bimport\(\s*|\bimport\s+)['"](\.{1,2}\/[^'"]+)\.js['"]/g

for (const file of globSync('dist/**/*.d.ts')) {
  const before = readFileSync(file, 'utf8')
  const after = before
    .replace(relativeSource, '$1$2$3.js$2')
    // The compiler indents by four, which is a tenth of the file.
    .replace(/^( {4})+/gm, (spaces) => spaces.slice(spaces.length / 2))
  if (after !== before) writeFileSync(file, after)
}

/** Every `types` of `exports` and `imports`, however deep its conditions nest. */
function typesIn(targets) {
  if (typeof targets !== 'object' || targets === null) return []
  return Object.entries(targets).flatMap(([name, target]) => (name === 'types' ? [join(target)] : typesIn(target)))
}

const { exports, imports = {} } = JSON.parse(readFileSync('package.json', 'utf8'))
const waiting = typesIn({ ...exports, ...imports })
const reached = new Set()
for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
  // A comment may show an import that is not there.
  if (reached.has(file) || !existsSync(file)) continue
  reached.add(file)
  for (const [, path] of readFileSync(file, 'utf8').matchAll(relative))
    waiting.push(join(dirname(file), `${path}.d.ts`))
}
for (const file of globSync('dist/**/*.d.ts')) {
  if (!reached.has(join(file))) writeFileSync(file, readFileSync(file, 'utf8').replace(/^ *\/\*\*[\s\S]*?\*\/\n/gm, ''))
}

// Writes `./x.js` for `./x.ts` in the declarations of the package it is run in: the compiler rewrites specifiers in
// JavaScript but leaves them in declarations, and a specifier that ends in `.ts` is refused or misread by other tools.
import { globSync, readFileSync, writeFileSync } from 'node:fs'

const relativeSource = /(\bfrom\s+|\bimport\(\s*|\bimport\s+)(['"])(\.{1,2}\/[^'"]+)\.ts\2/g

for (const file of globSync('dist/**/*.d.ts')) {
  const before = readFileSync(file, 'utf8')
  const after = before.replace(relativeSource, '$1$2$3.js$2')
  if (after !== before) writeFileSync(file, after)
}

// Prints the public subpaths as a Markdown table: each with the sentence by which its file says what it owns.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const packages = join(import.meta.dirname, '..', 'packages')

console.log('| Import | What it owns |\n|---|---|')
for (const name of ['core', 'server', 'client']) {
  const manifest = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8'))
  for (const [subpath, target] of Object.entries(manifest.exports)) {
    if (subpath === './package.json') continue
    const source = readFileSync(join(packages, name, target['handstamp-source']), 'utf8')
    const [, header = ''] = /^(?:#!.*\n)?\/\*\*([\s\S]*?)\*\//.exec(source) ?? []
    const text = header
      .replace(/^\s*\* ?/gm, '')
      .replace(/@module.*/s, '')
      .replace(/\s+/g, ' ')
      .trim()
    const [sentence = ''] = /^.*?[.:](?= |$)/.exec(text) ?? [text]
    console.log(`| \`${manifest.name}${subpath.slice(1)}\` | ${sentence.replaceAll('|', '\\|').replace(/:$/, '.')} |`)
  }
}

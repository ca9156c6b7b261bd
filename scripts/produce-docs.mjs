// Writes what programs produce into the pages that show it. Between `<!-- produced by: node <script> <args> -->` and
// `<!-- end -->` stands what that command prints. With --check nothing is written: a page that is out of date fails.
import { execFileSync } from 'node:child_process'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const check = process.argv.includes('--check')
const region = /(<!-- produced by: node ([\w./ -]+) -->\n)[\s\S]*?(<!-- end -->)/g
let stale = 0

for (const page of globSync(['*.md', 'docs/**/*.md', 'packages/*/*.md'], { cwd: root })) {
  const before = readFileSync(join(root, page), 'utf8')
  const after = before.replace(region, (_, begin, command, end) => {
    const output = execFileSync(process.execPath, command.split(' '), { cwd: root, encoding: 'utf8' })
    return `${begin}\n${output.trim()}\n\n${end}`
  })
  if (after === before) continue
  stale += 1
  if (check) console.error(`${page} is out of date: pnpm docs:produce`)
  else writeFileSync(join(root, page), after)
}

if (check && stale > 0) process.exitCode = 1

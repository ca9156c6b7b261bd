/**
 * Regions of pages that a program writes, as scripts/produce-docs.mjs knows them.
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..')

/** Puts the text between `<!-- produced by: node <command> -->` and `<!-- end -->`. */
export function writeRegion(page: string, command: string, text: string): void {
  const file = join(root, page)
  const begin = `<!-- produced by: node ${command} -->\n`
  const before = readFileSync(file, 'utf8')
  const from = before.indexOf(begin)
  const to = before.indexOf('<!-- end -->', from)
  if (from < 0 || to < 0) throw new Error(`${page} has no region for node ${command}`)
  writeFileSync(file, `${before.slice(0, from)}${begin}\n${text}\n\n${before.slice(to)}`)
}

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')

interface Report {
  readonly summary: {
    readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[]
  }
}

/** Files, and the rules that each breaks. */
const planted: Readonly<Record<string, readonly [code: string, ...rules: string[]]>> = {
  'core/src/clock.ts': [
    "import type * as wire from './wire.ts'\nexport const clock = 1 as unknown as typeof wire",
    'no-cycles',
  ],
  'core/src/wire.ts': ["export { clock } from './clock.ts'"],
  'core/src/up.ts': [
    "export { auth } from '../../server/src/auth.ts'",
    'core-depends-on-jose-and-noble-hashes',
    'core-knows-nobody',
  ],
  'core/src/driver.ts': ["export * from 'no-such-driver'", 'core-depends-on-jose-and-noble-hashes', 'resolvable'],
  'core/src/session.ts': ["export { createHash } from 'node:crypto'", 'core-depends-on-jose-and-noble-hashes'],
  'core/src/secret.ts': ['export const secret = 1'],
  'server/src/auth.ts': ["export { memory as auth } from './stores/memory.ts'", 'stores-are-leaves'],
  'server/src/index.ts': ["export { memory } from './stores/memory.ts'"],
  'server/src/verifier.ts': ["export type { client } from '../../client/src/client.ts'", 'server-never-client'],
  'server/src/stores/memory.ts': ['export const memory = 1'],
  'client/src/client.ts': [
    "export { auth as client } from '../../server/src/auth.ts'",
    'client-stays-tiny',
    'client-takes-types-of-the-server-alone',
  ],
  'client/src/tokens.ts': ["export * from '../../core/src/secret.ts'", 'client-stays-tiny'],
  'client/src/types.ts': ["export type { auth } from '../../server/src/auth.ts'"],
}

// A parser that is missing would find no import at all, and nothing wrong with them.
test('the check of the import direction finds what breaks it, and nothing else', () => {
  const folder = mkdtempSync(join(tmpdir(), 'handstamp-imports-'))
  try {
    for (const [file, [code]] of Object.entries(planted)) {
      const path = join(folder, 'packages', file)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, `${code}\n`)
    }
    const args = ['--config', join(root, '.dependency-cruiser.mjs'), '--output-type', 'json', 'packages']
    const { stdout } = spawnSync(join(root, 'node_modules/.bin/depcruise'), args, { cwd: folder, encoding: 'utf8' })
    const { violations } = (JSON.parse(stdout) as Report).summary
    const found = Object.keys(planted).map((file) => {
      const rules = violations.filter(({ from }) => from === `packages/${file}`).map(({ rule }) => rule.name)
      return [file, rules.sort()]
    })
    expect(found).toEqual(Object.entries(planted).map(([file, [, ...rules]]) => [file, rules]))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

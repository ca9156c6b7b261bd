import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'

const here = import.meta.dirname
const root = join(here, '../..')
const tsc = join(root, 'node_modules/.bin/tsc')

function compile(project: string): string {
  try {
    execFileSync(tsc, ['-p', project], { cwd: root, encoding: 'utf8', stdio: 'pipe' })
    return ''
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}

describe('types against the built declarations, across packages', () => {
  beforeAll(() => {
    for (const name of ['core', 'server', 'client']) {
      expect(existsSync(join(root, 'packages', name, 'dist/index.d.ts')), `packages/${name} is built: pnpm build`).toBe(
        true,
      )
    }
  })

  test('what must compile does, and every @ts-expect-error is an error', () => {
    expect(compile(join(here, 'fixture'))).toBe('')
  })

  test('who asks for split without hybrid reads why not', () => {
    const folder = join(here, '.cache/refused')
    mkdirSync(folder, { recursive: true })
    writeFileSync(
      join(folder, 'tsconfig.json'),
      '{ "extends": "../../fixture/tsconfig.json", "files": ["split.ts"], "include": [] }',
    )
    const ask = (transport: string) =>
      `createAuth({ strategy, user, origin: 'https://a.example', transport: ${transport} })`
    writeFileSync(
      join(folder, 'split.ts'),
      `import { createAuth, memoryStore, type StandardSchema, session } from '@handstamp/server'
declare const user: StandardSchema<{ id: string }>
const strategy = session({ store: memoryStore() })
${ask("'split'")}
${ask("['cookie', 'split']")}
`,
    )
    expect(compile(folder).match(/Property ''split needs hybrid\(\)/g)).toHaveLength(2)
  })

  test('the inferred auths can be named in declarations of another package (TS4023)', () => {
    const declared = readFileSync(join(here, '.cache/auth.d.ts'), 'utf8')
    // The compiler keeps the quotes of a type that was written, and picks its own for one that it inferred.
    expect(declared).toMatch(/strategy: (['"])hybrid\1/)
    expect(declared).toMatch(/(['"])admin\1 \| (['"])member\2/)
  })
})

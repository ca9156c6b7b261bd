import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { blocks, modules } from './blocks.ts'

const root = join(import.meta.dirname, '../..')
const cache = join(import.meta.dirname, '.cache')

/** What the compiler says about pages of Markdown, with the page's own line numbers. */
function compile(pages: ReadonlyMap<string, string>): string[] {
  rmSync(cache, { recursive: true, force: true })
  mkdirSync(cache)
  for (const [page, markdown] of pages) {
    const name = page.replace(/\W+/g, '-')
    for (const [index, code] of modules(markdown).entries()) writeFileSync(join(cache, `${name}.${index}.ts`), code)
  }
  // The compiler refuses a folder without any file.
  writeFileSync(join(cache, 'empty.ts'), 'export {}\n')
  // As an application would compile it: without the condition that leads to our sources.
  const config = {
    extends: '../../../tsconfig.base.json',
    compilerOptions: {
      customConditions: [],
      types: ['node'],
      typeRoots: ['../../node_modules/@types'],
      isolatedDeclarations: false,
      declaration: false,
      noUnusedLocals: false,
      noUnusedParameters: false,
      verbatimModuleSyntax: false,
    },
    include: ['*.ts'],
  }
  writeFileSync(join(cache, 'tsconfig.json'), JSON.stringify(config))
  try {
    execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', cache, '--pretty', 'false'], { encoding: 'utf8' })
    return []
  } catch (error) {
    const { stdout } = error as { stdout: string }
    return stdout.trim().split('\n')
  }
}

describe('the extractor', () => {
  test('takes TypeScript alone, keeps line numbers and joins what continues', () => {
    const page = ['# A', '```ts', 'const a = 1', '```', '```sh', 'ls', '```', '', '```ts continued', 'a + 1', '```']
    expect(blocks(page.join('\n'))).toEqual([
      { line: 3, code: 'const a = 1', continued: false },
      { line: 10, code: 'a + 1', continued: true },
    ])
    const [code = ''] = modules(page.join('\n'))
    expect(code.split('\n')[2]).toBe('const a = 1')
    expect(code.split('\n')[9]).toBe('a + 1')
  })

  test('finds what does not compile', () => {
    const complaints = compile(new Map([['wrong.md', '# A\n```ts\nconst a: string = 1\n```\n']]))
    expect(complaints).toHaveLength(1)
    expect(complaints[0]).toMatch(/wrong-md\.0\.ts\(3,7\): error TS2322/)
  })
})

test('every TypeScript block of the README and the docs compiles against the built declarations', () => {
  for (const name of ['core', 'server', 'client']) {
    expect(existsSync(join(root, 'packages', name, 'dist')), `packages/${name} is built: pnpm build`).toBe(true)
  }
  const files = globSync(['*.md', 'docs/**/*.md', 'packages/*/*.md', 'examples/*/*.md'], { cwd: root })
  const pages = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]))
  expect(compile(pages)).toEqual([])
})

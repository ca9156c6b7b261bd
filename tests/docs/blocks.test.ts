import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { blocks, docComments, modules } from './blocks.ts'
import { missingImports, root } from './public-names.ts'

const cache = join(import.meta.dirname, '.cache')
const folder = join(cache, 'blocks')
const scene = 'tests/docs/scene.ts'

/** What the compiler says about pages of Markdown and sources, with each one's own line numbers. */
function compile(pages: ReadonlyMap<string, string>): string[] {
  rmSync(cache, { recursive: true, force: true })
  for (const made of [folder, join(cache, 'server')]) mkdirSync(made, { recursive: true })
  // What a client's example imports of its server.
  writeFileSync(join(cache, 'server/auth.ts'), "export { auth } from '../../scene.ts'\n")
  const origins = new Map<string, string>()
  for (const [page, text] of pages) {
    const isSource = page.endsWith('.ts')
    for (const [index, code] of modules(isSource ? docComments(text) : text).entries()) {
      const name = `${page.replace(/\W+/g, '-')}.${index}.ts`
      origins.set(name, page)
      // The first line is free: a block begins below its fence.
      writeFileSync(join(folder, name), (isSource ? missingImports(code, page, folder, scene) : '') + code)
    }
  }
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
    include: ['**/*.ts'],
  }
  writeFileSync(join(cache, 'tsconfig.json'), JSON.stringify(config))
  try {
    execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', cache, '--pretty', 'false'], { encoding: 'utf8' })
    return []
  } catch (error) {
    const { stdout } = error as { stdout: string }
    const place = /^\S*?([^\s/]+\.ts)\((\d+),\d+\)/
    return stdout
      .trim()
      .split('\n')
      .map((line) => line.replace(place, (all, name, at) => (origins.has(name) ? `${origins.get(name)}:${at}` : all)))
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

  test('reads doc comments, and nothing else of a source', () => {
    const source = [
      '/** One line. */',
      'const text = "```ts"',
      '  /**',
      '   * @example',
      '   * ```ts',
      '   * if (a) {',
      '   *   b() // * 2',
      '   * }',
      '   * ```',
      '   */',
      '// ```ts',
      '/* ```ts */',
    ]
    expect(blocks(docComments(source.join('\n')))).toEqual([
      { line: 6, code: 'if (a) {\n  b() // * 2\n}', continued: false },
    ])
  })

  test('finds what does not compile, and says where', () => {
    const wrong = ['/**', ' * ```ts', ' * parseDuration(15)', ' * parseDuration()', ' * absent()', ' * ```', ' */']
    const complaints = compile(
      new Map([
        ['wrong.md', '# A\n```ts\nconst a: string = 1\n```\n'],
        ['packages/core/src/duration.ts', wrong.join('\n')],
      ]),
    )
    expect(complaints.sort()).toEqual([
      expect.stringMatching(/^packages\/core\/src\/duration\.ts:3: error TS2554/),
      expect.stringMatching(/^packages\/core\/src\/duration\.ts:4: error TS2554/),
      expect.stringMatching(/^packages\/core\/src\/duration\.ts:5: error TS2304/),
      expect.stringMatching(/^wrong\.md:3: error TS2322/),
    ])
  })
})

test('every TypeScript block of the README, the docs and the doc comments compiles against the built declarations', () => {
  for (const name of ['core', 'server', 'client']) {
    expect(existsSync(join(root, 'packages', name, 'dist')), `packages/${name} is built: pnpm build`).toBe(true)
  }
  const pages = ['*.md', 'docs/**/*.md', 'packages/*/*.md', 'packages/*/src/**/*.ts', 'examples/*/*.md']
  const files = globSync(pages, { cwd: root })
  expect(compile(new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')])))).toEqual([])
})

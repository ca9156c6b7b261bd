/** Takes the TypeScript blocks out of a Markdown page, or of the doc comments of a source file, so that a compiler can read them. */

export interface Block {
  /** The line of the page on which the code begins, counted from 1. */
  readonly line: number
  readonly code: string
  /** Written as ```ts continued: the block goes on where the one before it ended. */
  readonly continued: boolean
}

const fence = /^( *)(`{3,}|~{3,})(.*)$/

export function blocks(markdown: string): Block[] {
  const found: Block[] = []
  const lines = markdown.split('\n')
  for (let at = 0; at < lines.length; at++) {
    const [, indent = '', marks, info = ''] = fence.exec(lines[at] ?? '') ?? []
    if (marks === undefined) continue
    const start = at + 1
    do at++
    while (at < lines.length && lines[at]?.trim() !== marks)
    const [language, ...words] = info.trim().split(/\s+/)
    if (language !== 'ts' && language !== 'typescript') continue
    const code = lines.slice(start, at).map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line))
    found.push({ line: start + 1, code: code.join('\n'), continued: words.includes('continued') })
  }
  return found
}

/** The doc comments of a source file as a page of Markdown, each line at its own number and all else left blank. */
export function docComments(source: string): string {
  let inside = false
  const lines = source.split('\n').map((line) => {
    if (/^\s*\/\*\*/.test(line)) inside = true
    const text = inside ? line.replace(/^\s*(\/\*\*|\*(?!\/)) ?/, '').replace(/\s*\*\/.*$/, '') : ''
    if (line.includes('*/')) inside = false
    return text
  })
  return lines.join('\n')
}

/**
 * The modules that a page's blocks make up. Each block stands alone unless it continues the one before. Every line of
 * code has the number that it has on the page, so that the compiler's complaint points there.
 */
export function modules(markdown: string): string[] {
  const made: string[] = []
  for (const { line, code, continued } of blocks(markdown)) {
    const before = continued ? (made.pop() ?? '') : ''
    made.push(before + '\n'.repeat(Math.max(0, line - before.split('\n').length)) + code)
  }
  // Without an import or export a file is a script, and its names would clash with those of other blocks.
  return made.map((code) => `${code}\nexport {}\n`)
}

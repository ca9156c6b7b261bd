/**
 * The page's files: its script, bundled once at the start, its style and its fonts.
 * @module
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build, stop } from 'esbuild'
import { pageHeaders } from './page-headers.ts'

export interface Assets {
  /** The file under this path; undefined: there is none. */
  answer(pathname: string): Promise<Response | undefined>
}

/** Under which name each is served. */
const styles = [
  ['page', 'style'],
  ['servers', 'servers'],
  ['attacks', 'attacks'],
] as const
const fonts = ['bricolage-grotesque', 'instrument-sans', 'jetbrains-mono']

let bundled: Promise<Uint8Array> | undefined

/** Begins to bundle at once and lets the first request wait for it. */
export function openAssets(): Assets {
  bundled ??= bundle()
  const script = bundled
  const files = new Map<string, { readonly type: string; readonly read: () => Promise<Uint8Array> | Uint8Array }>([
    ['/assets/page.js', { type: 'text/javascript; charset=utf-8', read: () => script }],
    ...styles.map(
      ([name, file]) =>
        [
          `/assets/${name}.css`,
          { type: 'text/css; charset=utf-8', read: () => readFileSync(new URL(`page/${file}.css`, import.meta.url)) },
        ] as const,
    ),
    ...fonts.map(
      (name) =>
        [
          `/assets/${name}.woff2`,
          { type: 'font/woff2', read: () => readFileSync(fileURLToPath(import.meta.resolve(fontFile(name)))) },
        ] as const,
    ),
  ])
  return {
    async answer(pathname) {
      const file = files.get(pathname)
      if (file === undefined) return undefined
      const cache = file.type === 'font/woff2' ? 'max-age=86400' : 'no-cache'
      const body = Buffer.from(await file.read())
      return new Response(body, { headers: { ...pageHeaders(file.type), 'cache-control': cache } })
    },
  }
}

function fontFile(name: string): string {
  return `@fontsource-variable/${name}/files/${name}-latin-wght-normal.woff2`
}

async function bundle(): Promise<Uint8Array> {
  try {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL('page/main.ts', import.meta.url))],
      bundle: true,
      write: false,
      format: 'esm',
      target: 'es2023',
      conditions: ['handstamp-source'],
      minify: true,
      logLevel: 'silent',
    })
    return outputFiles[0]?.contents ?? new Uint8Array()
  } catch (error) {
    console.error(`the page's script cannot be bundled: ${error instanceof Error ? error.message : error}`)
    return new TextEncoder().encode('document.body.dataset.broken = ""')
  } finally {
    // Its process would wait for more.
    await stop()
  }
}

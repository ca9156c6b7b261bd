/** The program of a child as one plain file, which starts in a fraction of the time. */
import { basename, join } from 'node:path'
import { build, stop } from 'esbuild'

/** `program` lies beside this file. Answers where the file in the folder is. */
export async function bundleChild(program: string, folder: string): Promise<string> {
  const outfile = join(folder, `${basename(program, '.ts')}.mjs`)
  await build({
    entryPoints: [join(import.meta.dirname, program)],
    outfile,
    conditions: ['handstamp-source'],
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)" },
    external: ['pg-native'],
  })
  await stop()
  return outfile
}

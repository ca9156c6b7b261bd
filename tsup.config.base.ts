import type { Options } from 'tsup'

/**
 * One file of dist for each file of src: the public folder stays the public subpath, an application pays for what it
 * imports alone, and a stack trace names the source. `#crypto` stays as it is, so that the consumer's runtime picks.
 * Statements are written in fewer words, and keep their names: that is a hundredth of an installation.
 */
export const library: Options = {
  entry: ['src/**/*.ts'],
  outDir: 'dist',
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  dts: false,
  clean: true,
  minifySyntax: true,
  splitting: false,
  treeshake: false,
  silent: true,
  esbuildPlugins: [
    {
      name: 'relative-imports-stay',
      setup(build) {
        build.onResolve({ filter: /^\.{1,2}\/.*\.ts$/ }, ({ kind, path }) =>
          kind === 'entry-point' ? undefined : { path: path.replace(/\.ts$/, '.js'), external: true },
        )
        build.onResolve({ filter: /^#/ }, ({ path }) => ({ path, external: true }))
      },
    },
  ],
}

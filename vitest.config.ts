import { basename, join } from 'node:path'
import { defaultClientConditions, defaultServerConditions } from 'vite'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'

const source = 'handstamp-source'

/** Both engines on the same hostile tokens; HANDSTAMP_DIFFERENTIAL says how many, ..._SECONDS for how long at most. */
const differential: TestProjectInlineConfiguration = {
  extends: true,
  test: {
    name: 'differential',
    root: 'packages/core',
    include: ['test/differential/*.differential.ts'],
    testTimeout: 590_000,
  },
}

/** The tests of a package: one worker a core, which keeps what it has compiled while each file begins anew. */
function unit(name: string): TestProjectInlineConfiguration {
  return {
    extends: true,
    test: {
      name,
      root: `packages/${name}`,
      include: ['test/**/*.test.ts'],
      setupFiles: [join(import.meta.dirname, 'packages/core/test/begin-anew.ts')],
      isolate: false,
      maxWorkers: '100%',
      sequence: { groupOrder: 1 },
      // A bound on what hangs, and no judgement of a busy machine.
      testTimeout: 30_000,
      hookTimeout: 30_000,
    },
  }
}

function beside(root: string, seconds = 5): TestProjectInlineConfiguration {
  const name = basename(root)
  return { extends: true, test: { name, root, include: ['test/**/*.test.ts'], testTimeout: seconds * 1_000 } }
}

/** An area of tests/. `serial`: it starts browsers, servers or package managers, which would fight for two cores. */
function area(name: string, { seconds = 10, serial = false } = {}): TestProjectInlineConfiguration {
  return {
    extends: true,
    test: {
      name,
      root: 'tests',
      include: [`${name}/**/*.test.ts`],
      testTimeout: seconds * 1_000,
      hookTimeout: seconds * 1_000,
      fileParallelism: !serial,
    },
  }
}

export default defineConfig({
  resolve: { conditions: [source, ...defaultClientConditions] },
  ssr: { resolve: { conditions: [source, ...defaultServerConditions] } },
  test: {
    projects: [
      unit('core'),
      differential,
      unit('server'),
      unit('client'),
      beside('examples/playground'),
      beside('bench'),
      beside('local-servers', 60),
      area('contract'),
      area('wire', { seconds: 30 }),
      area('rotation', { seconds: 120 }),
      area('security', { seconds: 30 }),
      area('stores', { seconds: 60, serial: true }),
      area('feeds', { seconds: 60, serial: true }),
      area('types', { seconds: 60 }),
      area('docs', { seconds: 60 }),
      area('package', { seconds: 180, serial: true }),
      area('browser', { seconds: 60, serial: true }),
      area('matrix', { seconds: 180, serial: true }),
    ],
  },
})

/** A leaf is known to index.ts and the exports map alone, and knows of its siblings no more than the interface. */
const leaves = (folder, owner, { builtOn = [owner], pickedBy = [] } = {}) => ({
  name: `${folder.split('/').at(-1)}-are-leaves`,
  severity: 'error',
  from: {
    path: '^packages/[^/]+/src/',
    pathNot: ['/src/index\\.ts$', '/src/testing/', ...pickedBy.map((file) => `/src/${file}\\.ts$`)],
  },
  to: { path: `^packages/${folder}/[^/]+$`, pathNot: `/(${builtOn.join('|')})\\.ts$` },
})

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-cycles',
      comment:
        'A type-only import is no cycle at run time, but two files that need each other to be read are one file.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      comment: 'What cannot be resolved cannot be checked.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'core-knows-nobody',
      comment: 'client → core ← server',
      severity: 'error',
      from: { path: '^packages/core/src/' },
      to: { path: '^packages/(?!core/)' },
    },
    {
      name: 'core-depends-on-jose-and-noble-hashes',
      severity: 'error',
      from: { path: '^packages/core/src/', pathNot: '^packages/core/src/crypto/node(/|\\.ts$)' },
      to: { pathNot: ['^packages/core/src/', 'node_modules/(jose|@noble/hashes)/'] },
    },
    {
      name: 'node-crypto-in-one-engine',
      comment: 'core runs everywhere: what is of Node stands behind #crypto.',
      severity: 'error',
      from: { path: '^packages/core/src/crypto/node(/|\\.ts$)' },
      to: { dependencyTypes: ['core'], path: '^(?!(node:)?(crypto|v8)$)' },
    },
    {
      name: 'server-imports-core-alone',
      comment: 'A driver is injected by the application, never imported by us.',
      severity: 'error',
      from: { path: '^packages/server/src/' },
      to: {
        dependencyTypesNot: ['core', 'type-only'],
        pathNot: ['^packages/(server|core)/src/', 'node_modules/@noble/hashes/scrypt\\.js$'],
      },
    },
    {
      name: 'server-never-client',
      severity: 'error',
      from: { path: '^packages/server/src/' },
      to: { path: '^packages/client/' },
    },
    {
      name: 'client-takes-types-of-the-server-alone',
      severity: 'error',
      from: { path: '^packages/client/src/' },
      to: { path: '^packages/server/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'client-stays-tiny',
      comment: "The client's size is core's wire and session files and what they stand on, and no more.",
      severity: 'error',
      from: { path: '^packages/client/src/' },
      to: {
        dependencyTypesNot: ['type-only'],
        pathNot: [
          '^packages/client/src/',
          '^packages/core/src/(wire|session|auth-result|authorization|base64url|schema|errors|duration|clock|rejection|unsafe)\\.ts$',
        ],
      },
    },
    // bounded.ts puts limits around any store and is none itself.
    leaves('server/src/stores', 'store', { builtOn: ['store', 'bounded'] }),
    leaves('server/src/feeds', 'feed'),
    leaves('server/src/adapters', 'adapter', { builtOn: ['adapter', 'node'] }),
    leaves('client/src/storages', 'storage', { pickedBy: ['options'] }),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^packages/[^/]+/(dist|test)/' },
    tsPreCompilationDeps: 'specify',
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['handstamp-source', 'import', 'types', 'node', 'default'],
      extensions: ['.ts', '.js', '.d.ts'],
    },
  },
}

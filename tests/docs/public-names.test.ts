import { expect, test } from 'vitest'
import { entries, exportsOf } from './public-names.ts'

test('the public names are found, through every hand that passes them on', () => {
  const server = entries.find(({ specifier }) => specifier === '@handstamp/server')?.file ?? ''
  const names = exportsOf(server).map(({ name, file }) => `${name} ${file}`)
  expect(names).toContain('createAuth packages/server/src/auth.ts')
  expect(names).toContain('createKeyRing packages/core/src/jwt/key-ring.ts')
  expect(names).toContain('AuthErrorCode packages/core/src/errors.ts')
})

test('every function and class that a subpath exports has a doc comment', () => {
  const all = entries.flatMap(({ file }) => exportsOf(file))
  const bare = all.filter(({ kind, documented }) => !documented && /function|class|const/.test(kind))
  expect([...new Set(bare.map(({ name, file, line }) => `${file}:${line} ${name}`))]).toEqual([])
})

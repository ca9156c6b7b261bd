import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'

/** What a process has loaded after importing all that signs, verifies and makes secrets. */
function loaded(conditions: readonly string[]): string[] {
  const code = `
    import { registerHooks } from 'node:module'
    const urls = []
    registerHooks({ load(url, context, next) { urls.push(url); return next(url, context) } })
    for (const name of ['index', 'secret', 'jwt/sign', 'jwt/verify', 'jwt/key-ring', 'jwt/remote-jwks'])
      await import(new URL(name + '.ts', ${JSON.stringify(new URL('../../src/', import.meta.url).href)}))
    console.log(JSON.stringify(urls))`
  const flags = ['handstamp-source', ...conditions].flatMap((condition) => ['--conditions', condition])
  const output = execFileSync(process.execPath, [...flags, '--input-type=module', '-e', code], { encoding: 'utf8' })
  return JSON.parse(output) as string[]
}

test('Node loads its own engine, and no package at all', () => {
  const urls = loaded([])
  expect(urls.some((url) => url.endsWith('/crypto/node.ts'))).toBe(true)
  expect(urls.filter((url) => url.includes('/node_modules/') || /\/crypto\/(?:jose|web)\.ts$/.test(url))).toEqual([])
})

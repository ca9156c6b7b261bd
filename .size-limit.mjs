import { readFileSync } from 'node:fs'

/** Bytes of each public subpath with all it imports, minified and compressed by brotli. Every subpath has its limit. */
const limits = JSON.parse(readFileSync(new URL('size-limits.json', import.meta.url), 'utf8'))

const entries = []
for (const name of ['core', 'server', 'client']) {
  const folder = new URL(`packages/${name}/`, import.meta.url)
  const { exports } = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8'))
  for (const [subpath, target] of Object.entries(exports)) {
    if (subpath === './package.json') continue
    const specifier = `@handstamp/${name}${subpath.slice(1)}`
    const limit = limits[specifier]
    if (limit === undefined) throw new Error(`size-limits.json has no limit for ${specifier}`)
    entries.push({
      name: specifier,
      path: new URL(target.default, folder).pathname,
      limit: `${limit} B`,
      modifyEsbuildConfig: (config) => ({ ...config, platform: name === 'client' ? 'browser' : 'node' }),
    })
  }
}

export default entries

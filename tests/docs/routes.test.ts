import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { routePaths } from '@handstamp/core/wire'
import { createAuth, hybrid, memoryFeed, memoryStore } from '@handstamp/server'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { newKeyPair } from '../wire/key-pair.ts'
import { root } from './public-names.ts'

const origin = 'https://app.example'

const keys = newKeyPair()

/** An auth that has every route. */
const auth = createAuth({
  origin,
  strategy: hybrid({ store: memoryStore(), keys: [keys.jwk], secrets: [keys.secret] }),
  transport: 'cookie',
  user: z.object({ id: z.string() }),
  credentials: z.object({}),
  verifyCredentials: async () => null,
  feed: memoryFeed(),
  publishRevocations: true,
})

/** What the README's table says: `POST /sign-in`. */
const written = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/^\| `([A-Z]+) (\/\S+)` \|/gm)].map(
  ([, method, path]) => `${method} ${path}`,
)

async function methodsOf(path: string): Promise<string[]> {
  const response = await auth.handler(new Request(`${origin}/auth${path}`, { method: 'OPTIONS' }))
  const allow = response?.headers.get('allow')?.split(', ') ?? []
  return allow.filter((method) => method !== 'OPTIONS' && method !== 'HEAD').map((method) => `${method} ${path}`)
}

test('the README lists every route with its methods, and no other', async () => {
  const served = await Promise.all([...Object.values(routePaths), `${routePaths.sessions}/:id`].map(methodsOf))
  expect(served.flat().length).toBeGreaterThan(8)
  expect(written.sort()).toEqual(served.flat().sort())
})

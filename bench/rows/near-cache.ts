/**
 * A session that this process has read from its store a moment ago: what a hit of the near-cache costs.
 * @module
 */
import { hash } from 'node:crypto'
import { parseSessionCredential } from '@handstamp/core/credential'
import { memoryStore } from '@handstamp/server'
import { nodeRequest } from '@handstamp/server/adapters/node'
import { memoryFeed } from '@handstamp/server/feeds/memory'
import { cached } from '@handstamp/server/stores/cached'
import type { Contender } from '../harness/measure.ts'
import { processRow, type RowSource } from '../harness/row.ts'
import { sessionApplication, signedIn } from './applications.ts'
import { betterAuthSession, email } from './better-auth.ts'
import { incoming } from './incoming.ts'
import { anew, user } from './subject.ts'

const sessions = 1_000

export const nearCacheRow: RowSource = processRow(
  { name: 'Near-cache hit', group: 'Sessions', base: 'crypto.hash + Map', subject: 'Handstamp', goal: 4, unit: 'µs' },
  contenders,
)

async function contenders(): Promise<readonly Contender[]> {
  const store = cached(memoryStore(), { feed: memoryFeed() })
  const auth = sessionApplication(store)
  const headers: (readonly [string, string])[] = []
  for (let made = 0; made < sessions; made += 1) headers.push(await signedIn(auth, { ...user, id: `u_${made}` }))
  const credentials = headers.map(([, value]) => value.slice(value.indexOf('=') + 1))
  const records = new Map(credentials.map((text) => [digest(text), { user, expiresAt: Date.now() + 600_000 }]))
  const texts = cycled(credentials, anew)
  const { cookie, getSession } = await betterAuthSession({ cookieCache: true })
  const rows: readonly [
    Contender<string>,
    Contender<string>,
    Contender<ReturnType<typeof incoming>>,
    Contender<Headers>,
  ] = [
    {
      name: 'crypto.hash + Map',
      prepare: texts,
      run(text) {
        const record = records.get(digest(text))
        return record !== undefined && record.expiresAt > Date.now() ? record.user : undefined
      },
      check: (found) => found === user,
    },
    {
      // From the credential as text to its record.
      name: 'Handstamp',
      prepare: texts,
      run: (text) => store.find(parseSessionCredential(text)?.id ?? '', { cached: true }),
      check: (found) => found !== undefined,
    },
    {
      name: 'Handstamp, authenticate',
      prepare: cycled(headers, ([name, value]) => incoming(name, value)),
      run: (request) => auth.authenticate(nodeRequest(request, auth.origin)),
      check: (result) => (result as { ok?: boolean }).ok === true,
    },
    {
      name: 'better-auth, cookie cache',
      prepare: cycled([cookie], (value) => new Headers({ cookie: value })),
      run: getSession,
      check: (found) => (found as { user: { email: string } } | null)?.user.email === email,
    },
  ]
  return rows
}

function cycled<T, U>(items: readonly T[], make: (item: T) => U): (count: number) => readonly U[] {
  return (count) => Array.from({ length: count }, (_, at) => make(items[(at * 7) % items.length] as T))
}

function digest(text: string): string {
  return hash('sha256', text, 'base64url')
}

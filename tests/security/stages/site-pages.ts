/**
 * Servers whose credentials are cookies, a user with a page of the application open, and what other pages can send.
 * @module
 */
import type { Transport } from '@handstamp/core/session'
import { expect } from 'vitest'
import type { Answer, Header } from '../../wire/exchange.ts'
import { expectRefusal } from '../../wire/expectations.ts'
import { type Served, type Setting, type StrategyName, serveAuth, servedOrigin } from '../../wire/served-auth.ts'
import { signedIn, type Visitor } from '../../wire/visitor.ts'
import type { Closable, Inputs } from '../attack.ts'

/** One server. */
export interface Site {
  readonly strategy: StrategyName
  readonly transport: Transport
}

export const withCookies: readonly Site[] = [
  { strategy: 'session', transport: 'cookie' },
  { strategy: 'token', transport: 'cookie' },
  { strategy: 'token+store', transport: 'cookie' },
  { strategy: 'hybrid', transport: 'cookie' },
]

export interface Sites extends Closable {
  at(site: Site): Served
}

/** A page of the application's own sibling is listed; all others are foreign. */
export const listed = 'https://spa.app.example'

export function openSites(of: readonly Site[] = withCookies, setting: Partial<Setting> = {}): () => Promise<Sites> {
  return async () => {
    const served = await Promise.all(of.map((site) => serveAuth({ origins: [listed], ...setting, ...site })))
    return {
      at(site) {
        const found = served[of.indexOf(site)]
        if (found === undefined) throw new Error(`${site.strategy} is not served here`)
        return found
      },
      close: () => Promise.all(served.map((one) => one.stop())),
    }
  }
}

/** The same input at each, for a user who has just signed in. */
export function onSites(
  name: string,
  attempt: (visitor: Visitor, served: Served, site: Site) => unknown,
  of: readonly Site[] = withCookies,
): Inputs<Sites> {
  return Object.fromEntries(
    of.map((site) => [
      `${name}, ${site.strategy} by ${site.transport}`,
      async (sites: Sites) => attempt(await signedIn(sites.at(site).wire, site.transport), sites.at(site), site),
    ]),
  )
}

export function joined(inputs: readonly Inputs<Sites>[]): Inputs<Sites> {
  return Object.assign({}, ...inputs)
}

/** Requests that change something, as a page sends them; each is done where the page is the application's own. */
export const changes: Readonly<Record<string, readonly [method: string, target: string, json?: unknown]>> = {
  'a route of the application': ['POST', '/api/notes', { text: 'a note' }],
  'a sign-out': ['POST', '/auth/sign-out'],
  'a refresh': ['POST', '/auth/refresh'],
}

export type Change = (typeof changes)[string]

/** Sends a change with the cookies that a browser adds, and the headers given. */
export function send(visitor: Visitor, [method, target, json]: Change, headers: readonly Header[]): Promise<Answer> {
  return visitor.ask(method, target, { headers, ...(json === undefined ? {} : { json }) })
}

/** Refused as from another site: nothing is asked of the store, no cookie is touched, and the user is signed in as before. */
export async function expectForeign(visitor: Visitor, { store }: Served, ask: () => Promise<Answer>): Promise<void> {
  const held = visitor.held()
  store.reset()
  expectRefusal(await ask(), { status: 403, code: 'cross_site' })
  expect([store.counts.all, visitor.held()]).toEqual([0, held])
  await expectIn(visitor)
}

/** Not done, whatever the answer: no cookie is touched, nothing is written, and the user is signed in as before. */
export async function expectUndone(visitor: Visitor, { store }: Served, ask: () => Promise<Answer>): Promise<Answer> {
  const held = visitor.held()
  store.reset()
  const answer = await ask()
  expect(answer.status).toBeGreaterThanOrEqual(400)
  expect([answer.setCookies, store.counts.writes, visitor.held()]).toEqual([[], 0, held])
  await expectIn(visitor)
  return answer
}

export async function expectIn(visitor: Visitor): Promise<void> {
  expect((await visitor.ask('GET', '/api/me')).status).toBe(200)
}

/** Who sends it, as a browser says. */
export const from = {
  own: [['Sec-Fetch-Site', 'same-origin'], ['Origin', servedOrigin]],
  evil: [['Sec-Fetch-Site', 'cross-site'], ['Origin', 'https://evil.example']],
} as const satisfies Record<string, readonly Header[]> // biome-ignore format: a table

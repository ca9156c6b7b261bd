/**
 * What the page asks about the playground itself: its configuration, the last requests, the cookies as the server sees them.
 * @module
 */
import { readCookie } from '@handstamp/core/cookie/parse'
import type { Transport } from '@handstamp/core/session'
import type { StrategyKind } from '@handstamp/core/shape'
import { readJson } from './body.ts'
import { type Balance, balances, type Configuration } from './configuration.ts'
import type { End } from './ends/ends.ts'
import type { NodeFeed } from './feed-log.ts'
import { maskCredential } from './mask.ts'
import { problem } from './problem.ts'
import type { RequestLog } from './request-log.ts'
import type { CookieNames } from './seen.ts'

/** What the nodes know of what has ended, and how they answer to it. */
export interface News {
  readonly nodes: readonly NodeFeed[]
  readonly ends: readonly End[]
}

export interface Internals {
  readonly origin: string
  readonly names: CookieNames
  readonly log: RequestLog
  readonly configuration: () => Configuration
  /** Makes another pair the active one. */
  readonly configure: (strategy: StrategyKind, transport: Transport) => Promise<void>
  readonly setBalance: (balance: Balance) => void
  readonly feed: () => NodeFeed
  /** Empty where another process asks about them. */
  readonly ends: () => readonly End[]
}

/** A cookie as the server received it; the value is masked. */
export interface SeenCookie {
  readonly name: string
  readonly value: string
  /** As it was set last; undefined where that was before the start. */
  readonly attributes?: string
}

/** Answers a path under `/playground`, for the playground's own page alone. */
export async function answerInternals(request: Request, internals: Internals): Promise<Response> {
  if (!isOwn(request, internals.origin)) return problem(403, 'forbidden')
  const { configuration, log, names } = internals
  const { pathname } = new URL(request.url)
  const { method } = request
  if (pathname === '/playground/configuration' && method === 'POST') return switchTo(request, internals)
  if (pathname === '/playground/balance' && method === 'POST') return balance(request, internals)
  if (method !== 'GET') return problem(405, 'method_not_allowed', { allow: 'GET' })
  switch (pathname) {
    case '/playground/configuration':
      return answer(configuration())
    case '/playground/requests':
      return answer({ requests: log.recent(), switches: configuration().switches })
    case '/playground/cookies':
      return answer({ cookies: seenCookies(request, names, log) })
    case '/playground/feed':
      return answer({ nodes: [internals.feed()], ends: internals.ends() } satisfies News)
    default:
      return problem(404, 'not_found')
  }
}

function answer(body: unknown): Response {
  return Response.json(body, { headers: { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } })
}

/**
 * The server listens on loopback alone; that is not enough, since every page that this browser shows could ask. The Host
 * keeps out a foreign name that resolves to this machine, Fetch Metadata and Origin keep out pages of other origins.
 */
export function isOwn({ method, headers }: Request, origin: string): boolean {
  const { host, port } = new URL(origin)
  if (![host, `127.0.0.1:${port}`, `[::1]:${port}`].includes(headers.get('host') ?? '')) return false
  const site = headers.get('sec-fetch-site')
  const from = headers.get('origin')
  if (from !== null && from !== origin) return false
  if (site !== null) return site === 'same-origin' || (site === 'none' && method === 'GET')
  return method === 'GET' || from === origin
}

async function switchTo(request: Request, { configuration, configure }: Internals): Promise<Response> {
  const body = await readJson(request)
  if (body instanceof Response) return body
  const pair = configuration().pairs.find(
    ({ strategy, transport }) => strategy === body.strategy && transport === body.transport,
  )
  if (pair === undefined) return problem(400, 'invalid_request')
  if (pair.problem !== undefined) return problem(409, 'illegal_pair')
  await configure(pair.strategy, pair.transport)
  return answer(configuration())
}

async function balance(request: Request, { configuration, setBalance }: Internals): Promise<Response> {
  const body = await readJson(request)
  if (body instanceof Response) return body
  const asked = balances.find((name) => name === body.balance)
  if (asked === undefined) return problem(400, 'invalid_request')
  setBalance(asked)
  return answer(configuration())
}

function seenCookies(request: Request, names: CookieNames, log: RequestLog): readonly SeenCookie[] {
  const jar = request.headers.get('cookie')
  return [names.access, names.refresh].flatMap((name) =>
    readCookie(jar, name).map((value) => {
      const attributes = log.attributesOf(name)
      return { name, value: maskCredential(value), ...(attributes === undefined ? {} : { attributes }) }
    }),
  )
}

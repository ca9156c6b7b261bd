/**
 * A visitor of the application, without a network: a cookie jar, a bearer token, and a record of every credential given.
 * @module
 */
import type { Transport } from '@handstamp/core/session'
import { type Accounts, createAccounts, type User } from '../accounts.ts'
import { type App, createApp } from '../app.ts'
import { readCommand } from '../flags.ts'

const origin = 'http://localhost:4600'

let accounts: Promise<Accounts> | undefined

/** The real accounts, which hash each password once: a hash is slow on purpose, and the tests sign in a hundred times. */
async function rememberingAccounts(): Promise<Accounts> {
  const real = createAccounts()
  const verified = new Map<string, Promise<User | null>>()
  return {
    verify({ email, password }) {
      const key = JSON.stringify([email, password])
      const answer = verified.get(key) ?? real.verify({ email, password })
      verified.set(key, answer)
      return answer
    },
  }
}

/** The application as these flags make it. */
export async function openApp(...args: string[]): Promise<App> {
  accounts ??= rememberingAccounts()
  const command = readCommand(args)
  if (command.kind !== 'serve') throw new Error(command.kind === 'problem' ? command.message : command.kind)
  return createApp(origin, command.flags, await accounts)
}

export interface Visit {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface Visitor {
  /** Sends a request of the page's own, with what a browser sends along. */
  visit(method: string, path: string, visit?: Visit): Promise<Response>
  signIn(email?: string, password?: string): Promise<{ readonly status: number; readonly user?: User }>
  /** Refreshes with whatever this visitor holds. */
  refresh(): Promise<Response>
  /** Every credential that was ever given to this visitor. */
  readonly given: readonly string[]
  forget(): void
}

export function visitorOf(app: App, transport: Transport): Visitor {
  const jar = new Map<string, string>()
  const given: string[] = []
  let access: string | undefined
  let refreshToken: string | undefined

  async function visit(method: string, path: string, { body, headers = {} }: Visit = {}): Promise<Response> {
    const sent = new Headers({ host: 'localhost:4600', 'sec-fetch-site': 'same-origin' })
    if (method !== 'GET') sent.set('origin', origin)
    if (jar.size > 0) sent.set('cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '))
    if (access !== undefined) sent.set('authorization', `Bearer ${access}`)
    if (body !== undefined) sent.set('content-type', 'application/json')
    for (const [name, value] of Object.entries(headers)) sent.set(name, value)
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
    const response = await app.fetch(
      new Request(origin + path, { method, headers: sent, ...(text === undefined ? {} : { body: text }) }),
    )
    keep(response)
    return response
  }

  function keep(response: Response): void {
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') jar.delete(name)
      else jar.set(name, value)
      if (value !== '') given.push(value)
    }
  }

  async function keepBody(response: Response): Promise<{ session?: { user: User } }> {
    const body = (await response.json()) as {
      access_token?: string
      refresh_token?: string
      session?: { user: User }
    }
    access = body.access_token ?? access
    refreshToken = body.refresh_token ?? refreshToken
    given.push(...[body.access_token, body.refresh_token].filter((token) => token !== undefined))
    return body
  }

  return {
    visit,
    given,
    async signIn(email = 'ada@example.com', password = 'analytical-engine') {
      const headers = { 'handstamp-transport': transport }
      const response = await visit('POST', '/auth/sign-in', { body: { email, password }, headers })
      const { session } = await keepBody(response.clone())
      return { status: response.status, ...(session === undefined ? {} : { user: session.user }) }
    },
    async refresh() {
      const response = await visit(
        'POST',
        '/auth/refresh',
        refreshToken === undefined ? {} : { body: { refresh_token: refreshToken } },
      )
      if (response.ok) await keepBody(response.clone())
      return response
    },
    forget() {
      jar.clear()
      access = undefined
    },
  }
}

/** Every legal configuration, as flags. */
export const legal: readonly {
  readonly strategy: string
  readonly transport: Transport
  readonly more: readonly string[]
}[] = [
  { strategy: 'session', transport: 'cookie', more: [] },
  { strategy: 'session', transport: 'bearer', more: [] },
  { strategy: 'token', transport: 'cookie', more: [] },
  { strategy: 'token', transport: 'bearer', more: [] },
  { strategy: 'token', transport: 'cookie', more: ['--store', 'memory'] },
  { strategy: 'token', transport: 'bearer', more: ['--store', 'memory'] },
  { strategy: 'hybrid', transport: 'cookie', more: [] },
  { strategy: 'hybrid', transport: 'bearer', more: [] },
  { strategy: 'hybrid', transport: 'split', more: [] },
]

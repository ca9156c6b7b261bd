/**
 * Somebody who talks to a server over one transport, and holds what it gave.
 * @module
 */
import type { Transport } from '@handstamp/core/session'
import { readCookieLine, removes } from './cookie-line.ts'
import type { Answer, Header } from './exchange.ts'
import type { Wire } from './wire.ts'

export interface Account {
  readonly email: string
  readonly password: string
}

/** The two accounts of every server here. */
export const ada: Account = { email: 'ada@example.com', password: 'analytical-engine' }
export const grace: Account = { email: 'grace@example.com', password: 'nanoseconds' }

/** What a page of the server's own origin sends by itself. */
export const ownPage: readonly Header[] = [['Sec-Fetch-Site', 'same-origin']]

export interface Asked {
  /** After the credentials; in place of those of the own page. */
  readonly headers?: readonly Header[]
  readonly json?: unknown
}

export interface Visitor {
  readonly wire: Wire
  readonly transport: Transport
  /** By name. */
  readonly cookies: Map<string, string>
  readonly tokens: { access?: string; refresh?: string }
  /** The headers that present what is held. */
  credentials(): readonly Header[]
  ask(method: string, target: string, asked?: Asked): Promise<Answer>
  /** Keeps what an answer gives or takes. */
  keep(answer: Answer): Answer
  /** By the way of the transport, and keeps what comes. */
  signIn(account?: Account): Promise<Answer>
  refresh(headers?: readonly Header[]): Promise<Answer>
  /** Everything held, as text. */
  held(): readonly string[]
  /** Somebody with the same credentials. */
  copy(): Visitor
}

export function newVisitor(wire: Wire, transport: Transport, from?: Pick<Visitor, 'cookies' | 'tokens'>): Visitor {
  const cookies = new Map(from?.cookies)
  const tokens = { ...from?.tokens }

  const visitor: Visitor = {
    wire,
    transport,
    cookies,
    tokens,
    credentials() {
      const jar = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      return [
        ...(jar === '' ? [] : [['Cookie', jar] as const]),
        ...(tokens.access === undefined ? [] : [['Authorization', `Bearer ${tokens.access}`] as const]),
      ]
    },
    async ask(method, target, { headers = ownPage, json } = {}) {
      const body = json === undefined ? {} : { body: JSON.stringify(json) }
      const type: readonly Header[] = json === undefined ? [] : [['Content-Type', 'application/json']]
      return visitor.keep(
        await wire.ask({ method, target, headers: [...visitor.credentials(), ...type, ...headers], ...body }),
      )
    },
    keep(answer) {
      for (const line of answer.setCookies) {
        const cookie = readCookieLine(line)
        if (removes(cookie)) cookies.delete(cookie.name)
        else cookies.set(cookie.name, cookie.value)
      }
      const body = answer.json as { readonly access_token?: string; readonly refresh_token?: string } | undefined
      if (body?.access_token !== undefined) tokens.access = body.access_token
      if (body?.refresh_token !== undefined) tokens.refresh = body.refresh_token
      return answer
    },
    signIn(account = ada) {
      return visitor.ask('POST', '/auth/sign-in', {
        headers: [...ownPage, ['Handstamp-Transport', transport]],
        json: account,
      })
    },
    refresh(headers = ownPage) {
      const { refresh } = tokens
      return visitor.ask('POST', '/auth/refresh', {
        headers,
        ...(refresh === undefined ? {} : { json: { refresh_token: refresh } }),
      })
    },
    held: () => [...cookies.values(), ...Object.values(tokens)],
    copy: () => newVisitor(wire, transport, visitor),
  }
  return visitor
}

/** Somebody who has just signed in. */
export async function signedIn(wire: Wire, transport: Transport, account: Account = ada): Promise<Visitor> {
  const visitor = newVisitor(wire, transport)
  const { status, text } = await visitor.signIn(account)
  if (status !== 200) throw new Error(`signing in answers ${status}: ${text}`)
  return visitor
}

/** Who is there, as `GET /auth/session` says; null: nobody. */
export async function whoIs(visitor: Visitor): Promise<string | null> {
  const { json } = await visitor.ask('GET', '/auth/session')
  return (json as { session?: { user: { id: string } } | null }).session?.user.id ?? null
}

/**
 * Somebody who is signed in, and asks whichever server has its turn.
 * @module
 */
import { readCookieLine, removes } from '../../wire/cookie-line.ts'
import type { Fleet, Server } from './fleet.ts'
import { origin, type StrategyName } from './job.ts'

export interface Answer {
  readonly status: number
  readonly body: { readonly code?: string; readonly id?: string; readonly role?: string } & Partial<Tokens>
  readonly cookies: readonly string[]
  readonly by: Server
}

interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
}

export interface Visitor {
  readonly strategy: StrategyName
  readonly name: string
  readonly transport: 'bearer' | 'cookie'
  /** The refresh token, or where there is none the access credential. */
  readonly held: string
  /** Presents what is held and keeps what comes, where it is not told to let that be. */
  ask(method: string, path: string, options?: AskOptions): Promise<Answer>
  refresh(options?: AskOptions): Promise<Answer>
  /** Somebody with the same credentials. */
  copy(): Visitor
}

export interface AskOptions {
  readonly json?: unknown
  /** Asked instead of the one whose turn it is. */
  readonly at?: Server
  readonly keep?: boolean
}

export interface VisitorOptions extends Pick<Visitor, 'strategy' | 'name' | 'transport'> {
  readonly fleet: Pick<Fleet, 'next'>
}

type Held = { readonly cookies: Map<string, string>; access?: string; refresh?: string }

function newVisitor(options: VisitorOptions, from?: Held): Visitor {
  const { strategy, name, transport, fleet } = options
  const held: Held = { ...from, cookies: new Map(from?.cookies) }

  function keep({ cookies, body }: Answer): void {
    for (const line of cookies) {
      const cookie = readCookieLine(line)
      if (removes(cookie)) held.cookies.delete(cookie.name)
      else held.cookies.set(cookie.name, cookie.value)
    }
    if (body.access_token !== undefined) held.access = body.access_token
    if (body.refresh_token !== undefined) held.refresh = body.refresh_token
  }

  const visitor: Visitor = {
    strategy,
    name,
    transport,

    get held() {
      return [...held.cookies.values()].at(-1) ?? held.refresh ?? held.access ?? ''
    },

    async ask(method, path, { json, at = fleet.next(), keep: isKept = true } = {}) {
      const jar = Array.from(held.cookies, ([cookie, value]) => `${cookie}=${value}`).join('; ')
      const response = await fetch(`${at.url}/${strategy}/${path}`, {
        method,
        headers: {
          origin,
          'sec-fetch-site': 'same-origin',
          'handstamp-transport': transport,
          ...(jar === '' ? {} : { cookie: jar }),
          ...(held.access === undefined ? {} : { authorization: `Bearer ${held.access}` }),
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      })
      const text = await response.text()
      const answer = {
        status: response.status,
        body: text === '' ? {} : (JSON.parse(text) as Answer['body']),
        cookies: response.headers.getSetCookie(),
        by: at,
      }
      if (isKept) keep(answer)
      return answer
    },

    refresh(given = {}) {
      const json = held.refresh === undefined ? undefined : { refresh_token: held.refresh }
      return visitor.ask('POST', 'refresh', { json, ...given })
    },

    copy: () => newVisitor(options, held),
  }
  return visitor
}

/** Signed in by that server, or whose turn it is. */
export async function signedIn(options: VisitorOptions, at?: Server): Promise<Visitor> {
  const visitor = newVisitor(options)
  const { status, body } = await visitor.ask('POST', 'sign-in', {
    json: { name: options.name },
    ...(at ? { at } : {}),
  })
  if (status !== 200) throw new Error(`signing in answers ${status} ${JSON.stringify(body)}`)
  return visitor
}

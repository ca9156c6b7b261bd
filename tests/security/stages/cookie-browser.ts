/**
 * A server and browsers that hold its cookies by the rules of RFC 6265bis: tough-cookie is their jar.
 * @module
 */
import { CookieJar } from 'tough-cookie'
import type { Answer, Header } from '../../wire/exchange.ts'
import { type Served, type Setting, serveAuth } from '../../wire/served-auth.ts'
import { newVisitor, ownPage } from '../../wire/visitor.ts'
import type { Closable } from '../attack.ts'

export interface BrowserStage extends Closable {
  readonly served: Served
}

export interface Browser {
  readonly jar: CookieJar
  /** What the jar sends to a path of the application. */
  cookie(path: string): string
  /** Takes a line of Set-Cookie as an answer of the application would bring it. */
  keep(lines: readonly string[]): void
  get(path: string): Promise<Answer>
  post(path: string): Promise<Answer>
}

export function browserStage(setting: Setting): () => Promise<BrowserStage> {
  return async () => {
    const served = await serveAuth(setting)
    return { served, close: () => served.stop() }
  }
}

/** A browser with nothing in its jar. */
export function newBrowser({ served: { wire } }: BrowserStage): Browser {
  const jar = new CookieJar(undefined, { prefixSecurity: 'strict', looseMode: true })
  const cookie = (path: string): string => jar.getCookieStringSync(wire.origin + path)
  async function ask(method: string, path: string): Promise<Answer> {
    const held = cookie(path)
    const headers: readonly Header[] = [...(held === '' ? [] : [['Cookie', held] as const]), ...ownPage]
    const answer = await wire.ask({ method, target: path, headers })
    keep(answer.setCookies)
    return answer
  }
  function keep(lines: readonly string[]): void {
    for (const line of lines) jar.setCookieSync(line, `${wire.origin}/auth/sign-in`, { ignoreError: true })
  }
  return { jar, cookie, keep, get: (path) => ask('GET', path), post: (path) => ask('POST', path) }
}

/** A browser in which ada has signed in. */
export async function browserOf(stage: BrowserStage): Promise<Browser> {
  const browser = newBrowser(stage)
  browser.keep((await newVisitor(stage.served.wire, 'cookie').signIn()).setCookies)
  return browser
}

/** What a page of a sibling host writes for the domain that both share; false where the browser does not take it. */
export function tossInto({ jar }: Browser, pair: string, attributes = ''): boolean {
  const line = `${pair}; Domain=app.example; Secure${attributes === '' ? '; Path=/' : attributes}`
  try {
    return jar.setCookieSync(line, 'https://evil.app.example/') !== undefined
  } catch {
    return false
  }
}

/** Asks with a Cookie header written by hand. */
export function askWithCookie(
  { served }: BrowserStage,
  cookie: string,
  method = 'GET',
  target = '/api/me',
): Promise<Answer> {
  return served.wire.ask({ method, target, headers: [['Cookie', cookie], ...ownPage] })
}

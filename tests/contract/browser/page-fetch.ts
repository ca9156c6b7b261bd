/**
 * `fetch` as a page has it: the browser adds who asks and the cookies, and keeps from the page what is not its own to see
 * (Fetch Standard; Fetch Metadata).
 * @module
 */
import { getPublicSuffix } from 'tough-cookie'
import type { Jar } from './cookie-jar.ts'
import type { Network } from './network.ts'

/** Who asks. */
export interface Asker {
  readonly origin: string
  readonly userAgent: string
  readonly jar: Jar
  readonly network: Network
  /** Told of each body that a script of the page could read. */
  readonly received: (body: string) => void
}

/** Headers that a script cannot set (Fetch §2.2.2). */
const forbidden = /^(?:cookie|origin|referer|host|user-agent|sec-.*|access-control-request-.*)$/
const simpleMethods = new Set(['GET', 'HEAD', 'POST'])
const simpleTypes = new Set(['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain'])
const simpleHeaders = new Set(['accept', 'accept-language', 'content-language'])
const readable = new Set([
  ...['cache-control', 'content-language', 'content-length', 'content-type'],
  ...['expires', 'last-modified', 'pragma'],
])

export async function pageFetch(asker: Asker, input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const { origin, jar, network, userAgent } = asker
  const asked = new Request(input, init)
  const { url, method, mode } = asked
  asked.signal.throwIfAborted()
  const target = new URL(url).origin
  const site = relation(origin, target)
  const own = site === 'same-origin'
  const withCookies = asked.credentials === 'include' || (asked.credentials === 'same-origin' && own)
  const context = site === 'cross-site' ? 'none' : 'strict'

  const headers = new Headers([...asked.headers].filter(([name]) => !forbidden.test(name)))
  const custom = [...headers].flatMap(([name, value]) => (isSimple(name, value) ? [] : [name])).sort()
  if (!own && mode === 'no-cors') for (const name of custom) headers.delete(name)
  headers.set('user-agent', userAgent)
  headers.set('sec-fetch-site', site)
  headers.set('sec-fetch-mode', mode)
  headers.set('sec-fetch-dest', 'empty')
  if (!own || !['GET', 'HEAD'].includes(method)) headers.set('origin', origin)

  const checked = !own && mode !== 'no-cors'
  if (checked && (!simpleMethods.has(method) || custom.length > 0)) {
    const preflight = await network.send(
      new Request(url, {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': method,
          ...(custom.length > 0 && { 'access-control-request-headers': custom.join(',') }),
        },
      }),
    )
    if (!(preflight.ok && sharedWith(preflight, origin, withCookies) && permits(preflight, method, custom))) refuse()
  }

  // Read once the preflight is answered, as a browser does.
  const cookies = withCookies ? jar.header(url, context) : ''
  if (cookies !== '') headers.set('cookie', cookies)
  const body = await asked.text()
  const response = await network.send(new Request(url, { method, headers, ...(body === '' ? {} : { body }) }))
  if (withCookies) for (const line of response.headers.getSetCookie()) jar.set(line, url, context)
  if (!own && mode === 'no-cors') return Response.error()
  if (checked && !sharedWith(response, origin, withCookies)) refuse()
  if (response.status >= 300 && response.status < 400) return Response.error()

  const text = await response.text()
  asker.received(text)
  const exposed = new Set([...readable, ...list(response, 'access-control-expose-headers')])
  const seen = [...response.headers].filter(([name]) => name !== 'set-cookie' && (own || exposed.has(name)))
  const { status, statusText } = response
  return new Response([204, 205, 304].includes(status) ? null : text, { status, statusText, headers: seen })
}

/** `Sec-Fetch-Site` of a request from one origin to another. */
function relation(from: string, to: string): 'same-origin' | 'same-site' | 'cross-site' {
  if (from === to) return 'same-origin'
  const [a, b] = [from, to].map((origin) => {
    const { protocol, hostname } = new URL(origin)
    return `${protocol}//${getPublicSuffix(hostname, { allowSpecialUseDomain: true })}`
  })
  return a === b ? 'same-site' : 'cross-site'
}

function isSimple(name: string, value: string): boolean {
  if (name === 'content-type') return simpleTypes.has(value.split(';', 1)[0]?.trim().toLowerCase() ?? '')
  return simpleHeaders.has(name)
}

function sharedWith({ headers }: Response, origin: string, withCookies: boolean): boolean {
  const allowed = headers.get('access-control-allow-origin')
  if (withCookies) return allowed === origin && headers.get('access-control-allow-credentials') === 'true'
  return allowed === origin || allowed === '*'
}

function permits(response: Response, method: string, custom: readonly string[]): boolean {
  const [methods, names] = ['access-control-allow-methods', 'access-control-allow-headers'].map((name) =>
    list(response, name),
  )
  return (
    (simpleMethods.has(method) || methods?.includes(method.toLowerCase()) === true) &&
    custom.every((name) => names?.includes(name))
  )
}

function list({ headers }: Response, name: string): string[] {
  return (headers.get(name) ?? '').split(',').map((entry) => entry.trim().toLowerCase())
}

function refuse(): never {
  throw new TypeError('Failed to fetch')
}

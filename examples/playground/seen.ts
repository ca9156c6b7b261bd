/**
 * What is kept of a request for the page: its five steps, masked before they are kept.
 * @module
 */
import { readBearer } from '@handstamp/core/authorization'
import { readCookie } from '@handstamp/core/cookie/parse'
import { credentialShape } from '@handstamp/core/credential'
import { transportHeader } from '@handstamp/core/wire'
import type { Transport } from '@handstamp/server'
import { maskCredential, maskPath, maskSetCookie, maskText } from './mask.ts'

export interface SeenCredential {
  readonly kind: 'session id' | 'access token' | 'refresh token' | 'password' | 'unknown'
  readonly via: 'cookie' | 'authorization' | 'body'
  /** The cookie's or the field's name. */
  readonly name: string
  /** Masked. */
  readonly value: string
  /** False: present, but not read in this configuration. */
  readonly read: boolean
}

export interface SeenHeader {
  readonly name: string
  /** Masked. */
  readonly value: string
}

/** What became of the question who is there. */
export interface Verdict {
  readonly outcome: 'recognised' | 'granted' | 'ended' | 'refused' | 'nobody' | 'unasked' | 'failed'
  readonly text: string
  /** The reason inside, which the wire does not tell. */
  readonly reason?: string
}

/** What the question cost. */
export interface SeenStore {
  /** The commands that went to the store, in order. */
  readonly commands: readonly string[]
  /** Whether the near-cache knew, where there is one and it was asked. */
  readonly cache?: 'hit' | 'miss'
}

export interface SeenRequest {
  /** Of its node: `node-2 7`. */
  readonly id: string
  /** The node that answered. */
  readonly node: string
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly took: number
  readonly request: {
    readonly method: string
    readonly path: string
    readonly transport: Transport
    /** `Sec-Fetch-Site`, where the browser sent it. */
    readonly site?: string
    /** `Sec-Fetch-Mode`, likewise. */
    readonly mode?: string
    /** The origin of the page that caused it, where that is another one. */
    readonly from?: string
  }
  readonly credentials: readonly SeenCredential[]
  readonly session: Verdict
  readonly store: SeenStore
  readonly result: { readonly status: number; readonly code?: string; readonly body: readonly SeenCredential[] }
  readonly headers: readonly SeenHeader[]
}

/** The names of our two cookies. */
export interface CookieNames {
  readonly access: string
  readonly refresh: string
}

export function seenRequest(request: Request, configured: Transport): SeenRequest['request'] {
  const asked = request.headers.get(transportHeader)
  const site = request.headers.get('sec-fetch-site')
  const mode = request.headers.get('sec-fetch-mode')
  const { origin } = new URL(request.url)
  const from = request.headers.get('origin') ?? originOf(request.headers.get('referer')) ?? origin
  return {
    method: request.method,
    path: maskPath(new URL(request.url)),
    transport: asked === 'cookie' || asked === 'bearer' || asked === 'split' ? asked : configured,
    ...(site === null ? {} : { site: maskText(site, 20) }),
    ...(mode === null ? {} : { mode: maskText(mode, 20) }),
    ...(from === origin ? {} : { from: maskText(from, 100) }),
  }
}

function originOf(url: string | null): string | undefined {
  return url !== null && URL.canParse(url) ? new URL(url).origin : undefined
}

/** The credentials of a request, whether or not this configuration reads them. */
export async function seenCredentials(
  request: Request,
  transport: Transport,
  names: CookieNames,
): Promise<readonly SeenCredential[]> {
  const { pathname } = new URL(request.url)
  if (pathname === '/auth/sign-in')
    return [{ kind: 'password', via: 'body', name: 'password', value: '•••', read: true }, ...inHeaders()]
  return [
    ...inHeaders(),
    ...(pathname === '/auth/refresh' && request.method === 'POST' ? await inBody(request.clone(), transport) : []),
  ]

  function inHeaders(): SeenCredential[] {
    const bearer = readBearer(request.headers.get('authorization'))
    const jar = request.headers.get('cookie')
    const cookies = [
      ...readCookie(jar, names.access).map((text) =>
        seen(text, 'cookie', names.access, transport === 'cookie' && bearer.kind === 'absent'),
      ),
      ...readCookie(jar, names.refresh).map((text) => seen(text, 'cookie', names.refresh, transport !== 'bearer')),
    ]
    if (bearer.kind === 'absent') return cookies
    const text = bearer.kind === 'token' ? bearer.token : ''
    return [seen(text, 'authorization', 'Bearer', transport !== 'cookie'), ...cookies]
  }
}

async function inBody(request: Request, transport: Transport): Promise<SeenCredential[]> {
  // Without a length it could be endless.
  if (!(Number(request.headers.get('content-length') ?? Number.NaN) <= 16_384)) return []
  const body: unknown = await request.json().catch(() => undefined)
  const token = (body as { refresh_token?: unknown } | undefined)?.refresh_token
  return typeof token === 'string' ? [seen(token, 'body', 'refresh_token', transport === 'bearer')] : []
}

function seen(text: string, via: SeenCredential['via'], name: string, read: boolean): SeenCredential {
  const shape = credentialShape(text)
  const kinds = { session: 'session id', refresh: 'refresh token', token: 'access token' } as const
  const kind = shape === 'token' && !text.startsWith('eyJ') ? 'unknown' : kinds[shape]
  return { kind, via, name, value: maskCredential(text), read }
}

/** Status, code, and the credentials that the body hands out. */
export async function seenResult(response: Response): Promise<SeenRequest['result']> {
  const { status } = response
  if (!/json/.test(response.headers.get('content-type') ?? '')) return { status, body: [] }
  const body = (await response
    .clone()
    .json()
    .catch(() => ({}))) as Record<string, unknown>
  const granted = ['access_token', 'refresh_token'].flatMap((name) => {
    const token = body[name]
    return typeof token === 'string' ? [seen(token, 'body', name, true)] : []
  })
  const code = body.code
  return { status, body: granted, ...(typeof code === 'string' ? { code: maskText(code, 40) } : {}) }
}

/** The headers that answer the question; those that every page has are left out. */
export function seenHeaders(headers: Headers): readonly SeenHeader[] {
  const told = ['www-authenticate', 'location', 'retry-after', 'allow', 'cache-control', 'vary', 'content-type']
  const cookies = headers.getSetCookie().map((line) => {
    const { name, value, rest } = maskSetCookie(line)
    return { name: 'Set-Cookie', value: `${name}=${value}; ${rest}` }
  })
  const others = told.flatMap((name) => {
    const value = headers.get(name)
    const title = name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase()).replace('Www', 'WWW')
    return value === null ? [] : [{ name: title, value: maskText(value) }]
  })
  return [...cookies, ...others]
}

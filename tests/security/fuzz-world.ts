/**
 * A server of one configuration with two people signed in, and what a drawn request may do there: by rules read from the
 * protocol, not from the library.
 * @module
 */
import { userHandle } from '@handstamp/core/secret'
import type { Transport } from '@handstamp/core/session'
import { type Agent, createAgent } from '@handstamp/server/testing'
import { type Served, type StrategyName, serveAuth, servedOrigin, type User } from '../wire/served-auth.ts'
import { ada } from '../wire/visitor.ts'
import { changed, type Draw, type Drawn, type Way } from './fuzz-draws.ts'

/** What a request is rendered to. Header values may be any text. */
export interface Rendered {
  readonly method: string
  readonly url: string
  readonly headers: ReadonlyMap<string, string>
  readonly body: string | undefined
  /** The refresh token that is given to `auth.refresh` beside the request. */
  readonly refreshToken: string | undefined
}

/** Somebody who is signed in, and by what. */
export interface Live {
  readonly user: User
  readonly transport: Transport
  readonly access: string
  readonly refresh: string
}

/** What a rendered request may do: `access` and `refresh` name whose live credential it carries, whole and in its place. */
export interface Allowed {
  readonly access: User | undefined
  readonly refresh: User | undefined
  /** It carries what tells by itself which session is meant: a whole credential over any way, or the secret of a family. */
  readonly end: boolean
}

export interface World {
  readonly name: string
  readonly served: Served
  /** How often the right password was given. */
  readonly proofs: { count: number }
  live(): readonly Live[]
  /** Signs both in, anew. */
  reopen(): Promise<void>
  /** What the store holds of both, and what it held when that was last noted. */
  kept(): Promise<string>
  noted(): string
  note(): Promise<void>
  render(draw: Draw): Rendered
  /** `trusted`: the application has judged where the request comes from. */
  allowed(rendered: Rendered, trusted?: boolean): Allowed
}

const people: readonly User[] = [
  { id: 'ada', role: 'admin' },
  { id: 'grace', role: 'member' },
]

export async function openWorld(strategy: StrategyName, transport: Transport | readonly Transport[]): Promise<World> {
  const transports: readonly Transport[] = typeof transport === 'string' ? [transport] : transport
  const proofs = { count: 0 }
  const served = await serveAuth({
    strategy,
    transport,
    async verifyCredentials(credentials) {
      const { email, password } = credentials as typeof ada
      if (email !== ada.email || password !== ada.password) return null
      proofs.count += 1
      return people[0] as User
    },
  })
  const names = { access: served.wire.access, refresh: served.wire.refresh }
  let live: readonly Live[] = []
  let noted = ''

  async function kept(): Promise<string> {
    const all = await Promise.all(people.map(({ id }) => served.store.listByUser(userHandle(id))))
    return JSON.stringify(all)
  }

  async function note(): Promise<void> {
    noted = await kept()
  }

  async function reopen(): Promise<void> {
    for (const { id } of people) await served.auth.sessions?.revokeAll(id)
    live = await Promise.all(
      transports.flatMap((each) => people.map(async (user) => liveOf(user, each, await enter(user, each)))),
    )
    await note()
  }

  async function enter(user: User, each: Transport): Promise<Agent> {
    const agent = createAgent(served.auth, each)
    const result = await served.auth.signIn(user, agent.request('POST', '/'))
    await agent.keep(served.auth.apply(result, Response.json(result.body)))
    return agent
  }

  function liveOf(user: User, each: Transport, { cookies, tokens }: Agent): Live {
    const access = tokens.access ?? cookies.get(names.access) ?? ''
    return { user, transport: each, access, refresh: tokens.refresh ?? cookies.get(names.refresh) ?? '' }
  }

  function textOf({ from, change }: Drawn): string {
    const [who, what] = from.split(' ') as ['ada' | 'grace', 'access' | 'refresh']
    const mine = live.filter(({ user }) => user.id === who)
    const one = mine[change.at % mine.length] as Live
    const other = live.find(({ user, transport: each }) => user.id !== who && each === one.transport) as Live
    return changed(one[what] === '' ? one.access : one[what], other[what] === '' ? other.access : other[what], change)
  }

  function render({ method, path, cookies, bearer, body, headers }: Draw): Rendered {
    const placed = new Map(Object.entries(headers).filter(([, value]) => value !== ''))
    const jar = cookies.map(({ drawn, name, way }) => cookieText(names[name], textOf(drawn), way)).join('; ')
    if (cookies.length > 0) placed.set('cookie', jar)
    if (bearer !== undefined) placed.set('authorization', bearerText(textOf(bearer.drawn), bearer.way))
    const text = body && textOf(body.drawn)
    const inPath = encodeURIComponent((text ?? bearer?.drawn.change.text ?? 'x').toWellFormed())
    return {
      method,
      url: servedOrigin + path.replace('{}', inPath),
      headers: placed,
      body: body && bodyText(body.kind, text ?? '', body.text),
      refreshToken: body?.kind === 'refresh' ? text : undefined,
    }
  }

  function allowed({ headers, body, refreshToken, method }: Rendered, trusted = false): Allowed {
    const header = transports.some((each) => each !== 'cookie') ? (headers.get('authorization') ?? '') : ''
    const jar = headers.get('cookie') ?? ''
    const values = { access: valuesOf(jar, names.access), refresh: valuesOf(jar, names.refresh) }
    const forged = !trusted && isForeign(headers, method)
    const bearer = /^[ \t]*bearer +(\S+)[ \t]*$/i.exec(header)?.[1]
    const byHeader = live.find((one) => one.transport !== 'cookie' && one.access === bearer)
    const byCookie = live.find((one) => one.transport === 'cookie' && [...values.access].join() === one.access)
    const access = /^[ \t]*bearer/i.test(header) ? byHeader : forged ? undefined : byCookie

    const inBody = refreshToken ?? tokenIn(body)
    const byBody = live.find((one) => one.transport === 'bearer' && one.refresh !== '' && one.refresh === inBody)
    const only = [...values.refresh]
    const inJar = live.find((one) => one.transport !== 'bearer' && one.refresh !== '' && only.join() === one.refresh)
    const refresh = strategy === 'hybrid' ? (byBody ?? (forged ? undefined : inJar)) : access
    const inAnyPlace = [bearer, ...(forged ? [] : [[...values.access].join()])]
    const family = forged ? undefined : only.find((text) => text.startsWith('hsr1.'))?.slice(0, 64)
    const end = live.some(
      (one) => inAnyPlace.includes(one.access) || (family !== undefined && one.refresh.startsWith(family)),
    )
    return { access: access?.user, refresh: refresh?.user, end }
  }

  await reopen()
  const name = `${strategy} over ${transports.join(' and ')}`
  return { name, served, proofs, live: () => live, reopen, kept, noted: () => noted, note, render, allowed }
}

/** Two of what another page would make a browser say, of a method that may change something. */
function isForeign(headers: ReadonlyMap<string, string>, method: string): boolean {
  const upgrade = headers.get('upgrade') === 'websocket'
  if (['GET', 'HEAD', 'OPTIONS'].includes(method) && !upgrade) return false
  const [site, from] = [headers.get('sec-fetch-site'), headers.get('origin')]
  return site !== undefined && site !== 'same-origin' && from !== servedOrigin
}

/** The distinct values under a name that could be ours (RFC 6265bis §4.1.1). */
function valuesOf(jar: string, name: string): ReadonlySet<string> {
  const pairs = jar.split(';').map((pair) => {
    const equals = pair.indexOf('=')
    return equals === -1 ? ['', ''] : [bare(pair.slice(0, equals)), bare(pair.slice(equals + 1))]
  })
  const octets = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+$/
  return new Set(pairs.filter(([left, right]) => left === name && octets.test(right ?? '')).map(([, right]) => right ?? '')) // biome-ignore format: one row
}

function bare(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '')
}

function tokenIn(body: string | undefined): unknown {
  try {
    return (JSON.parse(body ?? '') as { readonly refresh_token?: unknown } | null)?.refresh_token
  } catch {
    return undefined
  }
}

function cookieText(name: string, text: string, way: Way): string {
  const half = text.length >> 1
  const forms: Readonly<Record<Way, string>> = {
    plain: `${name}=${text}`,
    spaced: ` \t${name} =  ${text}\t`,
    doubled: `${name}=${text}; ${name}=${text}`,
    'beside another': `theme=dark; ${name}=${text}; lang=de`,
    'before another': `${name}=${text}; ${name}=hss1.other`,
    'in another case': `${name.toUpperCase()}=${text}`,
    'named otherwise': `${name}2=${text}`,
    split: `${name}=${text.slice(0, half)}; ${text.slice(half)}`,
    long: `${'a=b; '.repeat(1_600)}${name}=${text}`,
    none: text,
  }
  return forms[way]
}

function bearerText(text: string, way: Way): string {
  const half = text.length >> 1
  const forms: Readonly<Record<Way, string>> = {
    plain: `Bearer ${text}`,
    spaced: `  bearer   ${text}\t`,
    doubled: `Bearer ${text}, Bearer ${text}`,
    'beside another': `Basic eDp5, Bearer ${text}`,
    'before another': `Bearer ${text}, Basic eDp5`,
    'in another case': `BEARER ${text}`,
    'named otherwise': `Token ${text}`,
    split: `Bearer ${text.slice(0, half)} ${text.slice(half)}`,
    long: `Bearer ${'A'.repeat(8_200)}${text}`,
    none: text,
  }
  return forms[way]
}

function bodyText(kind: string, token: string, text: string): string {
  const wrong = { ...ada, password: text }
  const forms: Readonly<Record<string, () => string>> = {
    refresh: () => JSON.stringify({ refresh_token: token }),
    'refresh twice': () => `{"refresh_token":${JSON.stringify(token)},"refresh_token":${JSON.stringify(text)}}`,
    'refresh in a list': () => JSON.stringify({ refresh_token: [token] }),
    'refresh in an object': () => JSON.stringify({ refresh_token: { toString: token }, userId: 'ada', sub: 'ada' }),
    account: () => JSON.stringify(ada),
    'wrong account': () => JSON.stringify(wrong),
    'account as a form': () => new URLSearchParams({ ...ada, redirect: text }).toString(),
    'odd object': () => `{"__proto__":{"email":"${ada.email}"},"constructor":1,"email":["${ada.email}"]}`,
    text: () => text,
    long: () => JSON.stringify({ refresh_token: token, more: 'a'.repeat(20_000) }),
    deep: () => '['.repeat(15_000),
  }
  return forms[kind]?.() ?? text
}

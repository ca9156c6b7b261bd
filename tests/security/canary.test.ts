import { generateKeyPairSync, hkdfSync, randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { createAuthClient } from '@handstamp/client'
import type { StandardSchema } from '@handstamp/core/schema'
import type { Transport } from '@handstamp/core/session'
import {
  type AuthEvent,
  createAuth,
  createKeyRing,
  createVerifier,
  hybrid,
  type KeyRingJwk,
  memoryStore,
  type SessionStore,
  type Strategy,
  session,
  token,
} from '@handstamp/server'
import { hashPassword, verifyPassword } from '@handstamp/server/password'
import { type Agent, createAgent, fakeClock, faultStore } from '@handstamp/server/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { readOptions } from '../../packages/server/src/options.ts'
import { type Playground, patience, startPlayground } from '../wire/playground.ts'
import { ada as adasAccount, newVisitor, ownPage } from '../wire/visitor.ts'
import { formsOf, Needles, written } from './canary-needles.ts'

const origin = 'https://app.example'

interface User {
  readonly id: string
  readonly role: string
}

/** Its issues repeat the value, as those of some schemas do. */
function schemaOf<T>(...fields: readonly string[]): StandardSchema<T> {
  return {
    '~standard': {
      version: 1,
      vendor: 'canary',
      validate(value) {
        const wrong = fields.find((field) => typeof (value as Record<string, unknown> | null)?.[field] !== 'string')
        if (wrong === undefined) return { value: value as T }
        return { issues: [{ message: `${wrong} is wrong in ${JSON.stringify(value)}`, path: [wrong] }] }
      },
    },
  }
}

/** A store whose driver, once it is broken, names its connection in what it throws: in message, properties and cause. */
function brokenDriver(store: SessionStore, password: string) {
  const driver = { broken: false, password, store }
  const url = `redis://app:${password}@10.0.0.1:6379`
  const methods = Object.entries(store).map(([name, method]: [string, unknown]) => {
    if (typeof method !== 'function') return [name, method]
    const call = async (...args: unknown[]): Promise<unknown> => {
      if (!driver.broken) return method(...args) as unknown
      const cause = Object.assign(new Error(`AUTH ${password}`), { args: [password] })
      throw Object.assign(new Error(`connect ECONNREFUSED ${url}`, { cause }), { code: 'ECONNREFUSED', url })
    }
    return [name, call]
  })
  driver.store = Object.fromEntries(methods) as SessionStore
  return driver
}

/** Everything secret that one application knows, and what it says while it is used and misused. */
function openStage(kind: 'session' | 'token' | 'token+store' | 'hybrid', transport: Transport) {
  const needles = new Needles()
  const events: AuthEvent[] = []
  const clock = fakeClock()
  const driver = brokenDriver(memoryStore({ clock }), `canary-${randomBytes(12).toString('hex')}`)
  const store = faultStore(driver.store)
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = { ...privateKey.export({ format: 'jwk' }), alg: 'ES256', kid: 'canary' } as KeyRingJwk & { d: string }
  const secrets = [randomBytes(32).toString('base64url'), randomBytes(40)]
  const password = `canary-${randomBytes(12).toString('hex')}`
  needles.add('the private key', jwk.d)
  needles.add('the private key, as bytes', Buffer.from(jwk.d, 'base64url'))
  needles.add('the password', password)
  needles.add('the password of the store', driver.password)
  for (const [at, secret] of secrets.entries()) {
    needles.add(`rotation secret ${at}`, secret)
    const derived = hkdfSync('sha256', Buffer.from(secret as string), '', 'handstamp/rotate/1', 32)
    needles.add(`rotation key ${at}`, new Uint8Array(derived))
  }

  const ring = createKeyRing([jwk])
  const times = { idleTimeout: '1h', lifetime: '8h' } as const
  const signed = { keys: ring, accessLifetime: '5m', lifetime: '8h' } as const
  const strategies = {
    session: () => session({ store, ...times, touchAfter: 0 }),
    token: () => token(signed),
    'token+store': () => token({ ...signed, store }),
    hybrid: () => hybrid({ ...signed, ...times, store, secrets }),
  } satisfies Record<string, () => Strategy>
  const strategy = strategies[kind]()
  let verify = async (credentials: { name: string; password: string }): Promise<User | null> =>
    credentials.password === password ? { id: credentials.name, role: 'member' } : null
  const options = {
    origin,
    strategy: strategy as Strategy<'hybrid'>,
    transport,
    user: schemaOf<User>('id', 'role'),
    credentials: schemaOf<{ name: string; password: string }>('name', 'password'),
    verifyCredentials: (credentials: { name: string; password: string }) => verify(credentials),
    limits: { signIn: { identifier: 3 } },
    binding: { ip: 'event', userAgent: 'event' },
    events: (event: AuthEvent) => events.push(event),
    clock,
  } as const
  const auth = createAuth(options)

  return {
    needles, events, clock, store, driver, ring, strategy, auth, password, privateKey,
    settings: readOptions(options as never),
    verifyBy(next: typeof verify) {
      verify = next
    },
    /** Remembers what an agent holds now. */
    note(agent: Agent) {
      for (const [name, value] of agent.cookies) needles.addCredential(`the cookie ${name}`, value)
      needles.addCredential('the access token', agent.tokens.access)
      needles.addCredential('the refresh token', agent.tokens.refresh)
    },
  } // biome-ignore format: a list
}

const pairs = [
  ['session', 'cookie'], ['session', 'bearer'], ['token', 'cookie'], ['token', 'bearer'], ['token+store', 'cookie'],
  ['token+store', 'bearer'], ['hybrid', 'cookie'], ['hybrid', 'bearer'], ['hybrid', 'split'],
] as const // biome-ignore format: a list

/** What must have happened, or the run was too tame: events, and the codes of errors. */
const always = ['session.created', 'sign_in.refused', 'session.refused', 'ERR_VERIFY_CREDENTIALS_FAILED']
const stored = [...always, 'session.ended', 'session.renewed', 'ERR_STORE_UNAVAILABLE']
const happened = {
  session: [...stored, 'binding.mismatch'],
  token: always,
  'token+store': [...stored, 'binding.mismatch'],
  hybrid: [...stored, 'refresh.rotated', 'refresh.reuse'],
} as const

/** What is printed while a test runs, on the console or past it. */
let printed: string[] = []
beforeEach(() => {
  printed = []
  const hear = (...args: unknown[]): true => {
    printed.push(...args.map((argument) => (typeof argument === 'string' ? argument : written(argument))))
    return true
  }
  for (const method of ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir'] as const) vi.spyOn(console, method).mockImplementation(hear) // biome-ignore format: one row
  for (const stream of [process.stdout, process.stderr]) vi.spyOn(stream, 'write').mockImplementation(hear as never)
})
afterEach(() => {
  vi.restoreAllMocks()
})

describe.each(pairs)('R21: %s over %s tells no secret', (kind, transport) => {
  test('in events, on the console, in results, errors and objects, in good times and bad', async () => {
    const stage = openStage(kind, transport)
    const { needles, auth, clock, store, driver, password } = stage
    const known = needles.size
    const said: (readonly [where: string, text: string])[] = []
    const say = (where: string, value: unknown, options?: { readonly showHidden?: boolean }): void => {
      said.push([where, written(value, options)])
    }
    /** What was answered or thrown. A grant carries its credentials to `apply`, and shows them to whoever asks for what is hidden. */
    const attempt = async (where: string, work: () => Promise<unknown>): Promise<unknown> => {
      try {
        const result = await work()
        say(where, result, { showHidden: !isGrant(result) })
        return result
      } catch (error) {
        say(`${where}, thrown`, error)
        return undefined
      }
    }
    const sayResponse = async (where: string, response: Response | undefined): Promise<void> => {
      if (response === undefined || response.status === 200) return
      said.push([
        where,
        `${[...response.headers].filter(([name]) => name !== 'set-cookie')} ${await response.clone().text()}`,
      ])
    }

    for (const [
      name,
      value,
    ] of Object.entries({ auth, strategy: stage.strategy, 'key ring': stage.ring, settings: stage.settings, signer: stage.ring.signer(clock()), 'published keys': stage.ring.jwks(clock(), 0), phases: stage.ring.phases(clock(), 0) })) // biome-ignore format: a list
      say(name, value)

    const agent = createAgent(auth, transport)
    const post = async (path: string, json: unknown, headers = {}) => {
      const response = await agent.send('POST', path, { json, headers })
      stage.note(agent)
      await sayResponse(`POST ${path}`, response)
      return response
    }
    const refresh = (who: Agent = agent) =>
      who.send(
        'POST',
        '/auth/refresh',
        who.tokens.refresh === undefined ? {} : { json: { refresh_token: who.tokens.refresh } },
      )

    // Refused, malformed, and then right.
    await post('/auth/sign-in', { name: 'ada', password: `${password}x` })
    await post('/auth/sign-in', { name: password, password: { password } })
    await post('/auth/sign-in', password)
    await post(
      '/auth/sign-in',
      { name: 'ada', password },
      { 'sec-fetch-site': 'cross-site', origin: `https://${password}` },
    )
    await post('/auth/sign-in', { name: 'ada', password }, { 'content-type': `text/${password}` })
    await post('/auth/sign-in', { name: 'ada', password }, { 'handstamp-transport': password })
    const browser = { 'user-agent': 'Canary/1.0' }
    expect((await post('/auth/sign-in', { name: 'ada', password }, browser)).status).toBe(200)
    for (let times = 0; times < 5; times += 1) await post('/auth/sign-in', { name: 'grace', password: `${password}x` }) // biome-ignore format: one row
    expect(agent.cookies.size + Object.keys(agent.tokens).length).toBeGreaterThan(0)

    const request = () => agent.request('GET', '/')
    const before = agent.copy()
    await attempt('authenticate', () => auth.authenticate(request()))
    await attempt('authenticate, fresh', () => auth.authenticate(request(), { fresh: 1 }))
    await attempt('authenticate, another client', () =>
      auth.authenticate(agent.request('GET', '/', { headers: { 'user-agent': 'another' } })),
    )

    // Refresh, replay within the grace, reuse after it.
    clock.advance('1m')
    await refresh()
    stage.note(agent)
    await sayResponse('replay', await refresh(before.copy()))
    clock.advance('1m')
    await refresh()
    stage.note(agent)
    await sayResponse('reuse', await refresh(before.copy()))
    await sayResponse('after reuse', await refresh())

    // Again, for what needs a live session.
    const own = () => agent.request('POST', '/', { headers: browser })
    await attempt('signIn', async () => keep(await auth.signIn({ id: 'ada', role: 'admin' }, own())))
    await attempt('another client', () => auth.authenticate(request()))
    await attempt('renew', async () => keep(await auth.renew({ id: 'ada', role: 'owner' }, own())))
    await attempt('renew, of another', () => auth.renew({ id: 'grace', role: 'owner' }, own()))
    await attempt('refresh', async () => keep(await auth.refresh(own(), refreshToken(agent))))
    const elsewhere = () => new Request(origin, { headers: { 'handstamp-transport': transport } })
    await attempt('signIn, too large', () => auth.signIn({ id: 'ada', role: 'r'.repeat(9_000) }, elsewhere()))
    await attempt('signIn, of no shape', () => auth.signIn({ id: 'ada' } as never, elsewhere()))

    // Credentials where they do not belong, and broken ones.
    for (const text of [...agent.cookies.values(), ...Object.values(agent.tokens)]) {
      const broken = [`${text}x`, text.slice(0, -1), text.toLowerCase(), `"${text}"`]
      for (const each of [text, ...broken]) {
        for (const headers of [
          { authorization: `Bearer ${each}` },
          { authorization: each },
          { cookie: `__Host-handstamp=${each}; __Host-handstamp-refresh=${each}` },
          { referer: `${origin}/?${each}`, 'sec-fetch-site': each },
        ] as const) {
          // biome-ignore format: a list
          const asked = new Request(`${origin}/auth/session?access_token=${encodeURIComponent(each)}`, { headers })
          await attempt('misplaced', () => auth.authenticate(asked))
          await sayResponse('misplaced', await auth.handler(asked))
        }
        await sayResponse('as an id', await agent.copy().send('DELETE', `/auth/sessions/${encodeURIComponent(each)}`))
        await sayResponse(
          'as a refresh token',
          await createAgent(auth, transport).send('POST', '/auth/refresh', { json: { refresh_token: each } }),
        )
        await attempt('as a refresh token', () => auth.refresh(new Request(origin), { refreshToken: `${each}x` }))
      }
    }

    // A store whose errors repeat their arguments, and a hook that does.
    for (const method of ['find', 'save', 'replace', 'delete', 'listByUser', 'deleteByUser'] as const) {
      for (const fault of ['reject', 'throw', 'garbage', 'apply-then-reject', 'broken'] as const) {
        await keep(await auth.signIn({ id: 'ada', role: 'admin' }, own()))
        clock.advance('1m')
        if (fault === 'broken') driver.broken = true
        else store.plan((call) => (call.method === method ? fault : undefined))
        await attempt('authenticate', () => auth.authenticate(request()))
        await attempt('refresh', () => auth.refresh(own(), refreshToken(agent)))
        await attempt('renew', () => auth.renew({ id: 'ada', role: 'admin' }, own()))
        await attempt('signIn', () => auth.signIn({ id: 'ada', role: 'admin' }, own()))
        if (auth.sessions !== undefined) {
          await attempt('list', () => auth.sessions.list('ada'))
          await attempt('update', () => auth.sessions.update({ id: 'ada', role: 'admin' }))
          await attempt('revokeAll', () => auth.sessions.revokeAll('ada'))
        }
        await attempt('signOut', () => auth.signOut(own()))
        await sayResponse('refresh', await refresh(agent.copy()))
        await sayResponse('sign-out', await agent.copy().send('POST', '/auth/sign-out'))
        store.plan()
        driver.broken = false
      }
    }
    await keep(await auth.signIn({ id: 'ada', role: 'admin' }, own()))
    await sayResponse('sign-out', await agent.copy().send('POST', '/auth/sign-out'))
    stage.verifyBy(async (credentials) => {
      throw Object.assign(
        new Error(`no row for ${JSON.stringify(credentials)}`, { cause: new Error(credentials.password) }),
        { credentials },
      )
    })
    await post('/auth/sign-in', { name: 'hook', password })
    stage.verifyBy(async (credentials) => ({ id: 'ada', role: { credentials } }) as never)
    await post('/auth/sign-in', { name: 'hook', password })
    clock.advance('1d')
    await sayResponse('expired', await agent.copy().send('GET', '/auth/session'))
    await sayResponse('sign-out', await agent.send('POST', '/auth/sign-out'))
    await auth.close()

    for (const event of stage.events) say(`event ${event.type}`, event)
    for (const text of printed) said.push(['printed', text])

    expect(needles.size - known).toBeGreaterThan(20)
    const told = new Set(stage.events.map((event) => (event.type === 'error' ? event.code : event.type)))
    expect([...told]).toEqual(expect.arrayContaining([...happened[kind]]))
    expect(said.flatMap(([where, text]) => needles.in(text).map((name) => `${where} tells ${name}`))).toEqual([])

    /** Remembers what a result of the interface grants. */
    async function keep<R extends object>(result: R): Promise<R> {
      if ('effects' in result) await agent.keep(auth.apply(result as never, Response.json('body' in result ? result.body : null))) // biome-ignore format: one row
      stage.note(agent)
      return result
    }
  })
})

function refreshToken({ tokens }: Agent): { readonly refreshToken?: string } {
  return tokens.refresh === undefined ? {} : { refreshToken: tokens.refresh }
}

function isGrant(result: unknown): boolean {
  return typeof result === 'object' && result !== null && 'body' in result
}

test('what a grant and its effects hide, they hide from a log and not from whoever asks for it', async () => {
  for (const [kind, transport] of pairs) {
    const { auth, needles } = openStage(kind, transport)
    const granted = await auth.signIn(
      { id: 'ada', role: 'admin' },
      new Request(origin, { headers: { 'handstamp-transport': transport } }),
    )
    for (const effect of granted.effects) if (effect.type === 'set-cookie') needles.addCredential('a cookie', effect.value) // biome-ignore format: one row
    needles.addCredential('an access token', granted.body.access_token)
    needles.addCredential('a refresh token', granted.body.refresh_token)
    expect(needles.in(written(granted, { showHidden: false }))).toEqual([])
    expect(needles.in(written({ ...granted }, { showHidden: false }))).toEqual([])
    expect(needles.in(written([structuredClone({ ...granted })], { showHidden: false }))).toEqual([])
    // Both are there to be sent: `apply` and the application's own response read them.
    expect(needles.in(inspect(granted, { depth: 10, showHidden: true }))).not.toEqual([])
  }
})

test('a client tells no token, in any state', async () => {
  for (const [kind, transport] of pairs.filter(([, transport]) => transport !== 'cookie')) {
    const { auth, needles, password, clock } = openStage(kind, transport)
    const known = needles.size
    const said: string[] = []
    let cookie = ''
    const client = createAuthClient<typeof auth>({
      baseURL: origin,
      storage: 'memory',
      ...(transport === 'split' ? { transport } : {}),
      async fetch(input: RequestInfo, init?: RequestInit) {
        const request = new Request(input, init)
        if (cookie !== '') request.headers.set('cookie', cookie)
        request.headers.set('origin', origin)
        const response = (await auth.handler(request)) ?? new Response(null, { status: 404 })
        for (const line of response.headers.getSetCookie()) cookie = line.split(';')[0] ?? ''
        const body = (await response.clone().json().catch(() => ({}))) as { access_token?: string; refresh_token?: string } // biome-ignore format: one row
        needles.addCredential('an access token', body.access_token)
        needles.addCredential('a refresh token', body.refresh_token)
        needles.addCredential('a cookie', cookie.split('=')[1])
        return response
      },
    } as never) as unknown as ReturnType<typeof createAuthClient<typeof auth>>
    const say = (value: unknown) => said.push(written(value))
    client.subscribe(() => say([client.session, client.status]))
    say(client)
    say(await client.signIn({ name: 'ada', password: `${password}x` } as never))
    say(await client.signIn({ name: 'ada', password } as never))
    say(client)
    say(await client.refresh())
    say(await client.load())
    say(client.fetch)
    say(client.sessions)
    clock.advance('1d')
    say(await client.refresh())
    say(await client.signOut())
    say(client)
    expect(needles.size - known).toBeGreaterThan(3)
    expect(said.join()).toContain("id: 'ada'")
    expect(said.flatMap((text) => needles.in(text))).toEqual([])
    expect(needles.in(printed.join('\n'))).toEqual([])
  }
})

test('wrong options and broken keys are named, and their values are not', async () => {
  const needles = new Needles()
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = { ...privateKey.export({ format: 'jwk' }), alg: 'ES256' } as KeyRingJwk & { d: string }
  const rsa = {
    ...generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey.export({ format: 'jwk' }),
    alg: 'RS256',
  } as KeyRingJwk
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }) as string
  const short = 'canary-secret-of-30-bytes-----'
  for (const [name, secret] of Object.entries({ d: jwk.d, pem, short, p: rsa.p, rsaD: rsa.d, k: `${short}${short}` }))
    needles.add(name, secret)
  needles.add('d, as bytes', Buffer.from(jwk.d, 'base64url'))

  const store = memoryStore()
  const keys = [jwk]
  const wrong: readonly (() => unknown)[] = [
    () => hybrid({ store, keys, secrets: [short] }),
    () => hybrid({ store, keys, secrets: [new Uint8Array(Buffer.from(short))] }),
    () => hybrid({ store, keys, secrets: short as never }),
    () => hybrid({ store, keys, secrets: [{ secret: short }] as never }),
    () => token({ keys: pem as never }),
    () => token({ keys: [pem] as never }),
    () => token({ keys: [privateKey] as never }),
    () => token({ keys: [{ ...jwk, d: `${jwk.d}A` }] }),
    () => token({ keys: [{ ...jwk, d: jwk.d.slice(1) }] }),
    () => token({ keys: [{ ...jwk, x: jwk.d }] }),
    () => token({ keys: [{ ...jwk, alg: jwk.d }] }),
    () => token({ keys: [{ ...jwk, kid: jwk.d.repeat(9) }] }),
    () => token({ keys: [jwk, jwk] }),
    () => token({ keys: [{ ...rsa, p: `${rsa.p}A` }] }),
    () => token({ keys: [{ ...rsa, alg: 'ES256' }] }),
    () => token({ keys: [{ kty: 'oct', alg: 'HS256', k: short }] }),
    () => token({ keys: [{ kty: 'oct', alg: 'HS256', k: Buffer.from(pem).toString('base64url') }] }),
    () => token({ keys: [{ ...jwk, activeFrom: jwk.d }] }),
    () => createVerifier({ issuer: origin, jwks: { keys } as never, user: schemaOf<User>('id') }),
  ] // biome-ignore format: a list
  const said: string[] = []
  for (const act of wrong) {
    try {
      said.push(written(act()))
    } catch (error) {
      expect(error).toBeInstanceOf(Error)
      said.push(written(error))
    }
  }
  expect(said.flatMap((text, at) => needles.in(text).map((name) => `${at} tells ${name}`))).toEqual([])

  const password = 'canary-of-a-password'
  needles.add('the password', password)
  const stored = await hashPassword(password)
  for (const encoded of [stored.slice(0, -1), stored.replace('ln=', 'ln=9'), `${stored}${password}`, password]) {
    const error = await verifyPassword(password, encoded).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Error)
    expect(needles.in(written(error))).toEqual([])
    expect(written(error)).not.toContain(stored.slice(-43))
  }
})

describe('the playground tells no secret', () => {
  let server: Playground

  test(
    'on its streams, nor to its own page, over all pairs',
    async () => {
      server = await startPlayground('--sign-in-limit off')
      try {
        const needles = new Needles()
        needles.add('the password', adasAccount.password)
        const said: string[] = []
        for (const [strategy, transport] of [
          ['hybrid', 'cookie'],
          ['hybrid', 'split'],
          ['session', 'bearer'],
          ['token+store', 'cookie'],
        ] as const) {
          // biome-ignore format: a list
          const own = [['Origin', server.origin], ...ownPage] as const
          await newVisitor(server, transport).ask('POST', '/playground/configuration', {
            headers: own,
            json: { strategy, transport },
          })
          const visitor = newVisitor(server, transport)
          expect((await visitor.signIn()).status).toBe(200)
          const note = () => {
            for (const text of visitor.held()) needles.addCredential(`${strategy} over ${transport}`, text)
          }
          note()
          await visitor.refresh()
          note()
          for (const text of visitor.held()) {
            const misplaced = encodeURIComponent(text)
            for (const target of [
              `/auth/session?access_token=${misplaced}`,
              `/auth/sessions/${misplaced}`,
              `/plain?error=${misplaced}`,
              `/api/${misplaced}`,
              `/?${misplaced}=1`,
              `//${misplaced}`,
            ])
              await visitor.ask('GET', target, {
                headers: [
                  ['Sec-Fetch-Site', text],
                  ['X-Token', text],
                  ['User-Agent', text],
                ],
              })
            await visitor.ask('TRACE', `/auth/refresh?${misplaced}`)
            await visitor.ask('POST', '/auth/refresh', { json: { refresh_token: `${text}x`, other: text } })
          }
          await visitor.ask('POST', '/auth/sign-in', { json: { ...adasAccount, password: [adasAccount.password] } })
          for (const path of ['requests', 'configuration', 'cookies'])
            said.push((await visitor.ask('GET', `/playground/${path}`)).text)
          await visitor.ask('POST', '/auth/sign-out')
        }
        expect(said.join()).toContain('•••')
        expect(said.flatMap((text) => needles.in(text))).toEqual([])
        expect(needles.in(server.printed())).toEqual([])
      } finally {
        await server.stop()
      }
    },
    patience,
  )
})

describe('the search finds what is planted', () => {
  const { needles, password, privateKey, clock, ring } = openStage('hybrid', 'bearer')
  const bytes = randomBytes(32)
  needles.add('bytes', bytes)
  const credential = `hsr1.${'A'.repeat(16)}.${randomBytes(68).toString('base64url')}`
  needles.addCredential('a refresh token', credential)
  const bearer = `${'eyJh'.repeat(8)}.${'eyJp'.repeat(8)}.${randomBytes(64).toString('base64url')}`
  needles.addCredential('an access token', bearer)
  const body = credential.split('.')[2] ?? ''
  const hidden = Object.defineProperty({}, 'value', { value: bearer, enumerable: false })

  test.each<[string, unknown]>([
    ['a text', `signed in with ${password}`],
    ['a field', { a: [{ b: { c: password } }] }],
    ['a field that is hidden', hidden],
    ['a symbol', { [Symbol('token')]: credential }],
    ['a message', new Error(`wrong: ${credential}`)],
    ['a cause of a cause', new Error('a', { cause: new Error('b', { cause: { args: [credential] } }) })],
    ['a property of an error', Object.assign(new Error('a'), { command: ['SET', bearer] })],
    ['an error of several', new AggregateError([new Error(password)])],
    ['bytes', bytes],
    ['bytes in a list', { secret: new Uint8Array(bytes) }],
    ['bytes as numbers', { secret: [...bytes] }],
    ['bytes as hex', bytes.toString('hex')],
    ['bytes as base64', bytes.toString('base64')],
    ['a map', new Map([[password, new Set([1])]])],
    ['a header', new Headers({ authorization: `Bearer ${bearer}` })],
    ['a response', new Response(null, { headers: { 'set-cookie': `a=${credential}` } })],
    ['the family alone', Buffer.from(body, 'base64url').subarray(0, 32).toString('hex')],
    ['the secret end alone', { tail: body }],
    ['the signature alone', bearer.split('.')[2]],
    ['a private key', privateKey.export({ format: 'jwk' })],
    [
      'a getter of a class',
      new (class {
        password = password
      })(),
    ],
  ])('%s', (_, value) => {
    // biome-ignore format: a table
    expect(needles.in(written(value))).not.toEqual([])
  })

  test('and nothing where there is nothing', () => {
    for (const value of [
      { id: credential.slice(5, 21), kid: ring.signer(clock()).kid },
      new Error('no'),
      'hsr1.',
      null,
      undefined,
      12,
    ])
      expect(needles.in(written(value))).toEqual([])
    expect(formsOf('short')).toEqual([])
  })
})

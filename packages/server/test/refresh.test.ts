import { describe, expect, test } from 'vitest'
import type { Agent } from '../src/testing/index.ts'
import { accessOf, bench, legal, origin, refreshTokenOf, verdict, withStore } from './strategies/bench.ts'

const own = { 'sec-fetch-site': 'same-origin' }

/** A request of a page elsewhere, which carries the cookies along. */
function elsewhere(agent: Agent, headers: Record<string, string> = {}): Request {
  return agent.request('POST', '/auth/refresh', { headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', ...headers } }) // biome-ignore format: one thought
}

describe('refresh', () => {
  test.each(legal)(
    '%s over %s: nothing presented is quiet: 400 invalid_request, and nothing cleared',
    async (kind, transport) => {
      const bed = bench(kind, { transport })
      const response = await bed.refresh(bed.agent())
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ code: 'invalid_request' })
      expect(response.headers.getSetCookie()).toEqual([])
      expect(bed.store.counts.all).toBe(0)
    },
  )

  test.each(legal)('%s over %s: what cannot be a credential never reaches the store', async (kind, transport) => {
    const bed = bench(kind, { transport })
    const good = await bed.signedIn()
    const text = kind === 'hybrid' ? refreshTokenOf(good) : accessOf(good)
    for (const bad of [
      'x',
      `${text}A`,
      text.slice(0, -1),
      text.toUpperCase(),
      `${text.slice(0, -1)}=`,
      'a'.repeat(9_000),
    ]) {
      const agent = bed.agent()
      if (transport === 'bearer' && kind === 'hybrid') agent.tokens.refresh = bad
      else if (transport === 'bearer') agent.tokens.access = bad
      else agent.cookies.set(kind === 'hybrid' ? '__Host-handstamp-refresh' : '__Host-handstamp', bad)
      bed.store.reset()
      const response = await bed.refresh(agent)
      expect(response.status, bad.slice(0, 20)).toBe(400)
      expect(bed.store.counts.all, bad.slice(0, 20)).toBe(0)
      expect(agent.cookies.size).toBe(0)
    }
  })

  test.each(withStore)('%s over %s: a handle that was swapped is a miss', async (kind, transport) => {
    if (kind === 'token+store') return
    const bed = bench(kind, { transport })
    const [agent, grace] = [await bed.signedIn(), await bed.signedIn({ id: 'grace', role: 'member' })]
    const pick = kind === 'hybrid' ? refreshTokenOf : accessOf
    const swapped = pick(agent).slice(0, 5) + pick(grace).slice(5, 21) + pick(agent).slice(21)
    const forger = agent.copy()
    if (kind === 'hybrid' && transport === 'bearer') forger.tokens.refresh = swapped
    else if (transport === 'bearer') forger.tokens.access = swapped
    else forger.cookies.set(kind === 'hybrid' ? '__Host-handstamp-refresh' : '__Host-handstamp', swapped)
    expect((await bed.refresh(forger)).status).toBe(400)
    expect((await bed.refresh(agent)).status).toBe(200)
    expect((await bed.refresh(grace)).status).toBe(200)
  })
})

describe('a page elsewhere cannot sign anybody out (E18)', () => {
  const rows = legal.filter(([, transport]) => transport !== 'bearer')

  test.each(rows)('%s over %s: 403, no call of the store, no cookie touched', async (kind, transport) => {
    const bed = bench(kind, { transport })
    const agent = await bed.signedIn()
    bed.clock.advance('4m')
    bed.store.reset()
    const response = await bed.auth.handler(elsewhere(agent))
    expect(response?.status).toBe(403)
    expect(await response?.json()).toMatchObject({ code: 'cross_site' })
    expect(response?.headers.getSetCookie()).toEqual([])
    expect(bed.store.counts.all).toBe(0)
    expect((await bed.refresh(agent)).status).toBe(200)
  })

  test('split: an access token beside the cookie does not make the cookie anybody’s', async () => {
    const bed = bench('hybrid', { transport: 'split' })
    const agent = await bed.signedIn()
    expect(agent.tokens.access).toBeDefined()
    bed.store.reset()
    for (const headers of [{}, { authorization: 'Bearer x' }, { authorization: `Bearer ${agent.tokens.access}` }]) {
      expect((await bed.auth.handler(elsewhere(agent, headers)))?.status).toBe(403)
      expect(bed.store.counts.all).toBe(0)
    }
    const mine = agent.request('POST', '/auth/refresh', { headers: own })
    expect((await bed.auth.handler(mine))?.status).toBe(200)
  })

  test('a token in the body needs no origin: no page has it', async () => {
    const bed = bench('hybrid', { transport: ['bearer', 'cookie'] })
    const agent = await bed.signedIn()
    const request = new Request(`${origin}/auth/refresh`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        origin: 'https://elsewhere.example',
        'sec-fetch-site': 'cross-site',
      },
      body: JSON.stringify({ refresh_token: refreshTokenOf(agent) }),
    })
    expect((await bed.auth.handler(request))?.status).toBe(200)
  })

  test.each(rows)(
    '%s over %s: a safe request from elsewhere causes nothing, and is told that a refresh may help',
    async (kind, transport) => {
      const bed = bench(kind, { transport })
      const agent = await bed.signedIn()
      bed.store.reset()
      const request = agent.request('GET', '/page', { headers: { 'sec-fetch-site': 'cross-site' } })
      const result = await bed.auth.refresh(request)
      expect(result).toMatchObject({ ok: false, reason: 'expired', refreshable: true })
      expect(result.effects.filter(({ type }) => type !== 'header')).toEqual([
        { type: 'challenge', reason: 'expired', refreshable: true },
      ])
      expect(bed.store.counts.all).toBe(0)
    },
  )
})

describe('the way of a refresh credential', () => {
  test.each([
    ['cookie', 'in the body'],
    ['split', 'in the body'],
    ['bearer', 'in a cookie'],
  ] as const)('one of %s is not taken %s, and lives on', async (transport, _where) => {
    const bed = bench('hybrid', { transport: [transport, ...(['cookie', 'bearer', 'split'] as const)] })
    const agent = await bed.signedIn()
    const forger = bed.agent()
    if (transport === 'bearer') forger.cookies.set('__Host-handstamp-refresh', refreshTokenOf(agent))
    else forger.tokens.refresh = refreshTokenOf(agent)
    expect((await bed.refresh(forger)).status).toBe(400)
    expect(bed.events.at(-1)).toMatchObject({ type: 'session.refused', reason: 'transport_mismatch' })
    expect((await bed.refresh(agent)).status).toBe(200)
  })

  test('a spent one over another way is neither answered nor theft', async () => {
    const bed = bench('hybrid', { transport: ['cookie', 'bearer'] })
    const agent = await bed.signedIn()
    const forger = bed.agent()
    forger.tokens.refresh = refreshTokenOf(agent)
    bed.clock.advance('1m')
    await bed.refresh(agent)
    bed.clock.advance('1m')
    expect((await bed.refresh(forger)).status).toBe(400)
    expect(bed.typesOf()).not.toContain('refresh.reuse')
    expect((await bed.refresh(agent)).status).toBe(200)
  })

  test('where a token is in the body only it is judged', async () => {
    const bed = bench('hybrid', { transport: ['bearer', 'cookie'] })
    const agent = await bed.signedIn()
    agent.cookies.set('__Host-handstamp-refresh', 'hsr1.nonsense')
    expect((await bed.refresh(agent)).status).toBe(200)
  })

  test.each([
    ['an array', []],
    ['a number', { refresh_token: 1 }],
    ['null', { refresh_token: null }],
    ['an object', { refresh_token: { $ne: null } }],
  ])('a body that is %s is 400 invalid_request', async (_name, json) => {
    const bed = bench('hybrid', { transport: 'bearer' })
    const response = await bed.agent().send('POST', '/auth/refresh', { json })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ code: 'invalid_request' })
  })

  test('two refresh cookies are ambiguous, and the session lives on', async () => {
    const bed = bench('hybrid')
    const agent = await bed.signedIn()
    const cookie = `__Host-handstamp-refresh=${refreshTokenOf(agent)}; __Host-handstamp-refresh=tossed`
    const request = agent.request('POST', '/auth/refresh', { headers: { cookie, ...own } })
    expect(await verdict(bed.auth.refresh(request))).toBe('ambiguous')
    expect((await bed.refresh(agent)).status).toBe(200)
  })

  test('no refresh credential is no access credential, and the other way round', async () => {
    for (const transport of ['cookie', 'bearer'] as const) {
      const bed = bench('hybrid', { transport })
      const agent = await bed.signedIn()
      const swapped = bed.agent()
      if (transport === 'bearer')
        Object.assign(swapped.tokens, { access: refreshTokenOf(agent), refresh: accessOf(agent) })
      else {
        swapped.cookies.set('__Host-handstamp', refreshTokenOf(agent))
        swapped.cookies.set('__Host-handstamp-refresh', accessOf(agent))
      }
      expect(await verdict(bed.auth.authenticate(swapped.request('GET', '/')))).toBe('malformed')
      expect((await bed.refresh(swapped)).status).toBe(400)
    }
  })
})

describe('the secret of a family is no session secret', () => {
  test('what is left of a spent refresh token opens nothing after a change to session()', async () => {
    const before = bench('hybrid', { transport: 'bearer' })
    const agent = await before.signedIn()
    const [, handle = '', body = ''] = refreshTokenOf(agent).split('.')
    const family = Buffer.from(body, 'base64url').subarray(0, 32).toString('base64url')
    const after = bench('session', { transport: 'bearer', store: before.raw, clock: before.clock })
    const forger = after.agent()
    forger.tokens.access = `hss1.${handle}.${family}`
    expect(await verdict(after.auth.authenticate(forger.request('GET', '/')))).toBe('unknown')
    expect((await after.refresh(forger)).status).toBe(400)
    expect(await verdict(after.auth.renew({ id: 'ada', role: 'admin' }, forger.request('POST', '/')))).toBe('unknown')
    // Its own secret opens it, so the record is there.
    expect((await before.refresh(agent)).status).toBe(200)
  })
})

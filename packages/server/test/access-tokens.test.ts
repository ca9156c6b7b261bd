import { createKeyRing, type KeyRingJwk } from '@handstamp/core/jwt/key-ring'
import { describe, expect, test } from 'vitest'
import {
  accessOf,
  ada,
  bench,
  claimsOf,
  day,
  hour,
  legal,
  minute,
  origin,
  whoIs,
  withStore,
} from './strategies/bench.ts'

const signed = legal.filter(([kind]) => kind !== 'session')

async function newKey(kid: string, times: Partial<KeyRingJwk> = {}): Promise<KeyRingJwk> {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
  const jwk = await crypto.subtle.exportKey('jwk', pair.privateKey)
  return { ...jwk, alg: 'ES256', kid, ...times } as KeyRingJwk
}

describe('what an access token says (RFC 9068)', () => {
  test.each(signed)('%s over %s', async (kind, transport) => {
    const bed = bench(kind, { transport })
    bed.clock.advance(999)
    const agent = await bed.signedIn({ ...ada, note: 'likes engines' })
    const [header = ''] = accessOf(agent).split('.')
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({
      alg: 'ES256',
      kid: 'test-1',
      typ: 'at+jwt',
    })
    const second = Math.floor(bed.clock() / 1000)
    const record = await bed.record(agent)
    expect(claimsOf(accessOf(agent))).toEqual({
      iss: origin,
      sub: 'ada',
      aud: origin,
      client_id: 'handstamp',
      iat: second,
      nbf: second,
      exp: second + 300,
      jti: expect.stringMatching(/^[\w-]{22}$/),
      ...(record ? { sid: record.id } : {}),
      auth_time: second,
      hs: {
        v: 1,
        g: 0,
        e: record?.epoch ?? 0,
        ...(record === undefined ? {} : { n: 1 }),
        t: transport,
        c: bed.clock(),
        x: kind === 'hybrid' ? record?.idleUntil : bed.clock() + 8 * hour,
      },
      user: { id: 'ada', role: 'member', note: 'likes engines' },
    })
  })

  test('names of the options go in, and custom claims at the top, where there are such', async () => {
    const strategy = { issuer: 'https://id.example', audience: ['api', 'web'], clientId: 'shop', claims: { role: true, note: true } } // biome-ignore format: one thought
    const bed = bench('token', { strategy })
    const agent = await bed.signedIn()
    expect(claimsOf(accessOf(agent))).toMatchObject({ iss: 'https://id.example', aud: ['api', 'web'], client_id: 'shop', role: 'member' }) // biome-ignore format: one thought
    expect(claimsOf(accessOf(agent))).not.toHaveProperty('note')
    expect(await whoIs(bed, agent)).toBe('ok')
    // Another audience of the same issuer is another service.
    expect(await whoIs(bench('token', { strategy: { ...strategy, audience: ['other'] } }), agent)).toBe(
      'wrong_audience',
    )
    expect(await whoIs(bench('token', { strategy: { ...strategy, issuer: 'https://id.example.evil' } }), agent)).toBe('wrong_issuer') // biome-ignore format: one thought
  })

  test.each(signed)('%s over %s: no two are the same', async (kind, transport) => {
    const bed = bench(kind, { transport })
    const tokens = new Set<string>()
    for (let time = 0; time < 5; time += 1) tokens.add(claimsOf(accessOf(await bed.signedIn())).jti as string)
    expect(tokens.size).toBe(5)
  })
})

describe('a change of keys, by time alone', () => {
  test.each(signed)('%s over %s: nobody is signed out, and what is retired never signs', async (kind, transport) => {
    const bed0 = bench(kind, { transport })
    const at = bed0.clock()
    const first = await newKey('first')
    const second = await newKey('second', { activeFrom: at + hour })
    const strategy = { keys: createKeyRing([first, second]) }
    const bed = bench(kind, { transport, clock: bed0.clock, strategy })
    const agent = await bed.signedIn()
    const kidOf = (): string => JSON.parse(Buffer.from(accessOf(agent).split('.')[0] ?? '', 'base64url').toString()).kid
    while (bed.clock() < at + hour - 2 * minute) {
      bed.clock.advance('4m')
      if (bed.clock() >= at + hour) break
      expect((await bed.refresh(agent)).status).toBe(200)
      expect(kidOf()).toBe('first')
    }
    const late = agent.copy()
    bed.clock.set(at + hour)
    expect(await whoIs(bed, agent)).toBe('ok')
    expect((await bed.refresh(agent)).status).toBe(200)
    expect(kidOf()).toBe('second')
    // The old key verifies as long as what it signed may live.
    bed.clock.advance('1m')
    expect(await whoIs(bed, late)).toBe('ok')
    bed.clock.advance('10m')
    expect(await whoIs(bed, late)).toMatch(/^(unknown_key|expired)$/)
  })

  test.each(signed)('%s over %s: without an active key nobody is signed in or out, 503', async (kind, transport) => {
    const bed = bench(kind, { transport, strategy: { keys: [await newKey('gone', { retireAt: '2026-01-02' })] } })
    const agent = await bed.signedIn()
    bed.clock.advance(day - 2 * minute)
    if (kind === 'hybrid') expect((await bed.refresh(await bed.signedIn())).status).toBe(200)
    bed.clock.advance('3m')
    const response = await bed.agent().send('POST', '/auth/sign-in', { json: { name: 'ada', password: 'x' } })
    expect(response.status).toBe(503)
    expect(response.headers.getSetCookie()).toEqual([])
    expect(bed.events.at(-1)).toMatchObject({ type: 'error', code: 'ERR_KEY_UNAVAILABLE' })
    expect(agent.cookies.size + Object.keys(agent.tokens).length).toBeGreaterThan(0)
  })

  test('a token of a stranger with our names in it is nobody’s', async () => {
    for (const [kind, transport] of signed) {
      const [ours, theirs] = [
        bench(kind, { transport }),
        bench(kind, { transport, strategy: { keys: [await newKey('test-1')] } }),
      ]
      expect(await whoIs(ours, await theirs.signedIn())).toBe('bad_signature')
      const unknown = bench(kind, { transport, strategy: { keys: [await newKey('another')] } })
      expect(await whoIs(ours, await unknown.signedIn())).toBe('unknown_key')
    }
  })

  test('HS256 signs and verifies, and is published by nobody', async () => {
    const secret = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url')
    const bed = bench('hybrid', { strategy: { keys: [{ kty: 'oct', k: secret, alg: 'HS256', kid: 'mac' }] } })
    expect(await whoIs(bed, await bed.signedIn())).toBe('ok')
    const response = await bed.agent().send('GET', '/auth/jwks.json')
    expect(await response.json()).toEqual({ keys: [] })
  })
})

describe('the user in a token', () => {
  test.each(signed)(
    '%s over %s: one that no longer fits the schema is outdated or unknown, never admitted',
    async (kind, transport) => {
      const bed = bench(kind, { transport })
      const agent = await bed.signedIn()
      const user = {
        '~standard': { version: 1, vendor: 'x', validate: () => ({ issues: [{ message: 'no', path: ['role'] }] }) },
      }
      const strict = bench(kind, { transport, clock: bed.clock, store: bed.raw, auth: { user } })
      expect(await whoIs(strict, agent)).toBe(kind === 'token+store' ? 'unknown' : 'outdated')
    },
  )

  test.each(signed)('%s over %s: a schema that answers another user is believed by nobody', async (kind, transport) => {
    const bed = bench(kind, { transport })
    const agent = await bed.signedIn()
    const user = {
      '~standard': { version: 1, vendor: 'x', validate: () => ({ value: { id: 'root', role: 'admin' } }) },
    }
    const bent = bench(kind, { transport, clock: bed.clock, store: bed.raw, auth: { user } })
    expect(await whoIs(bent, agent)).toBe(kind === 'token+store' ? 'unknown' : 'outdated')
    expect((await bent.refresh(bent.adopt(agent))).status).toBe(400)
  })

  test.each(withStore)(
    '%s over %s: an update reaches the next request, or hybrid’s next refresh',
    async (kind, transport) => {
      const bed = bench(kind, { transport })
      const agent = await bed.signedIn()
      const before = { access: accessOf(agent), record: await bed.record(agent) }
      expect(await bed.auth.sessions.update({ ...ada, role: 'admin' })).toBe(1)
      const roleOf = async (): Promise<string | false> => {
        const result = await bed.auth.authenticate(agent.request('GET', '/'))
        return result.ok && result.session.user.role
      }
      expect(await roleOf()).toBe(kind === 'hybrid' ? 'member' : 'admin')
      // Its secrets stay.
      expect(accessOf(agent)).toBe(before.access)
      expect(await bed.record(agent)).toMatchObject({ ...before.record, user: { role: 'admin' }, version: expect.any(Number) }) // biome-ignore format: one thought
      bed.clock.advance('1m')
      expect((await bed.refresh(agent)).status).toBe(200)
      expect(await roleOf()).toBe('admin')
    },
  )

  test.each(withStore)(
    '%s over %s: an update that makes the credential too large costs nobody the session',
    async (kind, transport) => {
      const bed = bench(kind, { transport })
      const agent = await bed.signedIn()
      bed.clock.advance('1m')
      // A third is lost to base64url: over 3,800 bytes for a cookie, under 7,168 for a header.
      await bed.auth.sessions.update({ ...ada, note: 'n'.repeat(3_600) })
      const response = await bed.refresh(agent)
      const fits = kind === 'session' || transport !== 'cookie'
      expect(response.status).toBe(fits ? 200 : 500)
      if (!fits) {
        expect(bed.events.at(-1)).toMatchObject({
          code: 'ERR_CREDENTIAL_TOO_LARGE',
          message: expect.stringContaining('note'),
        })
        expect(response.headers.getSetCookie()).toEqual([])
      }
      // Nothing was rotated that did not arrive, so there is nothing to be taken for theft.
      bed.clock.advance('2m')
      await bed.auth.sessions.update(ada)
      expect((await bed.refresh(agent)).status).toBe(200)
    },
  )

  test.each(withStore)(
    '%s over %s: an update that does not fit the schema is refused, and signs nobody out',
    async (kind, transport) => {
      const bed = bench(kind, { transport })
      const agent = await bed.signedIn()
      bed.store.reset()
      for (const user of [{ id: 'ada' }, { id: 'ada', role: 7 }, { id: '', role: 'member' }, { role: 'member' }])
        await expect(bed.auth.sessions.update(user as never)).rejects.toMatchObject({ code: 'ERR_CLAIMS_INVALID' })
      expect(bed.store.counts.all).toBe(0)
      expect((await bed.refresh(agent)).status).toBe(200)
    },
  )
})

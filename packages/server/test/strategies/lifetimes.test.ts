import { describe, expect, test } from 'vitest'
import { type Agent, fakeClock } from '../../src/testing/index.ts'
import { accessOf, type Bench, bench, claimsOf, day, hour, legal, minute, whoIs, withStore } from './bench.ts'

/** Alive by the means of each strategy: hybrid's record is asked by a refresh, the others by any request. */
async function isAlive(bed: Bench, kind: string, agent: Agent): Promise<boolean> {
  if (kind === 'hybrid') return (await bed.refresh(agent)).status === 200
  return (await whoIs(bed, agent)) === 'ok'
}

describe('the idle timeout, to the millisecond', () => {
  const rows = withStore.filter(([kind]) => kind !== 'token+store')

  test.each(rows)('%s over %s ends at it and not before', async (kind, transport) => {
    for (const [after, alive] of [
      [hour - 1, true],
      [hour, false],
      [hour + 1, false],
    ] as const) {
      const bed = bench(kind, { transport })
      const agent = await bed.signedIn()
      bed.clock.advance(after)
      expect(await isAlive(bed, kind, agent), `${after} ms`).toBe(alive)
    }
  })

  test.each(rows)('%s over %s lives on with use, and never past the absolute end', async (kind, transport) => {
    const bed = bench(kind, { transport, strategy: kind === 'session' ? { touchAfter: 0 } : {} })
    const agent = await bed.signedIn()
    const began = bed.clock()
    while (bed.clock() - began < 8 * hour - 50 * minute) {
      bed.clock.advance('50m')
      expect(await isAlive(bed, kind, agent)).toBe(true)
      await bed.auth.close()
    }
    bed.clock.set(began + 8 * hour - 1)
    expect(await isAlive(bed, kind, agent)).toBe(true)
    await bed.auth.close()
    bed.clock.set(began + 8 * hour)
    expect(await isAlive(bed, kind, agent)).toBe(false)
  })
})

describe('the absolute end, to the millisecond', () => {
  test.each(legal)('%s over %s', async (kind, transport) => {
    for (const [before, alive] of [
      [1, true],
      [0, false],
    ] as const) {
      const bed = bench(kind, { transport, strategy: { lifetime: '2m', ...(kind === 'session' || kind === 'hybrid' ? { idleTimeout: '2m' } : {}), ...(kind === 'session' ? {} : { accessLifetime: '2m' }) } }) // biome-ignore format: one thought
      const agent = await bed.signedIn()
      bed.clock.advance(2 * minute - before)
      expect((await bed.refresh(agent)).status, `${before} ms before`).toBe(alive ? 200 : 400)
    }
  })

  test.each(legal)('%s over %s: sign-in may make it shorter, for this session alone', async (kind, transport) => {
    const bed = bench(kind, { transport })
    const short = await bed.signedIn(undefined, { lifetime: '3m' })
    const long = await bed.signedIn()
    bed.clock.advance(3 * minute - 1)
    expect((await bed.refresh(short.copy())).status).toBe(200)
    bed.clock.advance(1)
    expect((await bed.refresh(short)).status).toBe(400)
    expect((await bed.refresh(long)).status).toBe(200)
  })

  test.each(legal)(
    '%s over %s: nothing that is used moves created, authTime and the absolute end',
    async (kind, transport) => {
      const bed = bench(kind, { transport })
      const agent = await bed.signedIn()
      const first = await bed.auth.authenticate(agent.request('GET', '/'))
      if (!first.ok) throw new Error(first.reason)
      const record = await bed.record(agent)
      for (let use = 0; use < 5; use += 1) {
        bed.clock.advance('4m')
        expect((await bed.refresh(agent)).status).toBe(200)
        const now = await bed.auth.authenticate(agent.request('GET', '/'))
        if (!now.ok) throw new Error(now.reason)
        await bed.auth.close()
        expect(now.session).toMatchObject({ createdAt: first.session.createdAt, authTime: first.session.authTime })
        expect(await bed.record(agent)).toMatchObject(record ? { createdAt: record.createdAt, expiresAt: record.expiresAt, authTime: record.authTime } : {}) // biome-ignore format: one thought
        if (kind === 'token') expect(now.session.expiresAt).toBe(first.session.expiresAt)
      }
    },
  )
})

describe('access tokens', () => {
  test.each(legal.filter(([kind]) => kind !== 'session'))(
    '%s over %s: exp is the access lifetime, cut by the end of the session',
    async (kind, transport) => {
      const bed = bench(kind, { transport })
      const agent = await bed.signedIn(undefined, { lifetime: '7m' })
      expect(claimsOf(accessOf(agent)).exp * 1000).toBe(bed.clock() + 5 * minute)
      bed.clock.advance('4m')
      await bed.refresh(agent)
      expect(claimsOf(accessOf(agent)).exp * 1000).toBe(bed.clock() + 3 * minute)
    },
  )

  test.each(legal.filter(([kind]) => kind !== 'session'))(
    '%s over %s: good until exp and 5 seconds, and from a server that is 30 seconds ahead (R18)',
    async (kind, transport) => {
      const bed = bench(kind, { transport })
      const agent = await bed.signedIn()
      bed.clock.advance(5 * minute + 4_999)
      expect(await whoIs(bed, agent)).toBe('ok')
      bed.clock.advance(1)
      expect(await whoIs(bed, agent)).toBe('expired')
      bed.clock.advance(-5 * minute - 5_000 - 30_000)
      expect(await whoIs(bed, agent)).toBe('ok')
      bed.clock.advance(-1)
      expect(await whoIs(bed, agent)).toBe('not_yet_valid')
    },
  )
})

describe('a clock that jumps by an hour (R18)', () => {
  test.each(legal)('%s over %s: back is no sign-out, and nothing that ended lives again', async (kind, transport) => {
    const bed = bench(kind, { transport, strategy: { lifetime: '30d', ...(kind === 'session' || kind === 'hybrid' ? { idleTimeout: '2d' } : {}) } }) // biome-ignore format: one thought
    const [agent, ended] = [await bed.signedIn(), await bed.signedIn()]
    bed.clock.advance('4m')
    await bed.auth.signOut(ended.request('POST', '/'))
    bed.clock.advance(-hour)
    if (kind === 'session' || kind === 'hybrid') expect((await bed.refresh(agent)).status).toBe(200)
    // Whether a token from the future was ended is not asked before it is known to be good by time.
    if (kind !== 'token') expect((await bed.refresh(ended)).status).toBe(kind === 'token+store' ? 503 : 400)
    bed.clock.advance(hour)
    if (kind !== 'token') expect((await bed.refresh(ended)).status).toBe(400)
    expect((await bed.refresh(agent)).status).toBe(200)
    bed.clock.advance(hour)
    if (kind === 'session' || kind === 'hybrid') expect((await bed.refresh(agent)).status).toBe(200)
  })

  test.each(legal.filter(([kind]) => kind === 'token' || kind === 'token+store'))(
    '%s over %s: a token from the future is taken nowhere, and thrown away by nobody',
    async (kind, transport) => {
      const bed = bench(kind, { transport })
      const agent = await bed.signedIn()
      bed.clock.advance(-hour)
      expect(await whoIs(bed, agent)).toBe('not_yet_valid')
      for (const answer of [await bed.refresh(agent), await agent.send('GET', '/auth/session')]) {
        expect([answer.status, answer.headers.get('retry-after'), answer.headers.getSetCookie()]).toEqual([
          503,
          '1',
          [],
        ])
        expect(bed.events.at(-1)).toMatchObject({ type: 'error', code: 'ERR_CLOCK_BEHIND' })
      }
      bed.clock.advance(hour)
      expect(await whoIs(bed, agent)).toBe('ok')
    },
  )

  test('last seen and the idle expiry never go back', async () => {
    const bed = bench('session', { strategy: { touchAfter: 0 } })
    const agent = await bed.signedIn()
    const before = await bed.record(agent)
    bed.clock.advance(-hour)
    expect(await whoIs(bed, agent)).toBe('ok')
    await bed.auth.close()
    expect(await bed.record(agent)).toMatchObject({ lastSeenAt: before?.lastSeenAt, idleUntil: before?.idleUntil })
  })
})

describe('far away in time', () => {
  test.each([
    ['2038', Date.UTC(2038, 0, 19, 3, 14, 8)],
    // From then on a number cannot count microseconds exactly.
    ['2255', Date.UTC(2255, 5, 6)],
    ['9999', Date.UTC(9999, 11, 31)],
  ])('in %s everybody signs in and out as ever', async (_year, now) => {
    for (const [kind, transport] of legal) {
      const bed = bench(kind, { transport, clock: fakeClock(now) })
      const agent = await bed.signedIn()
      expect(await whoIs(bed, agent)).toBe('ok')
      bed.clock.advance('2m')
      expect((await bed.refresh(agent)).status).toBe(200)
      if (kind !== 'token') await endsEverywhere(bed, kind)
    }
  })

  test.each(withStore)('%s over %s: a clock that was in 9999 for a while revives nothing', async (kind, transport) => {
    const bed = bench(kind, { transport })
    const today = bed.clock()
    const early = await bed.signedIn()
    bed.clock.set(Date.UTC(9999, 11, 31))
    await endsEverywhere(bed, kind)
    bed.clock.set(today)
    expect((await bed.refresh(early)).status).toBe(400)
    await endsEverywhere(bed, kind)
  })

  async function endsEverywhere(bed: Bench, kind: string): Promise<void> {
    const [one, other] = [await bed.signedIn(), await bed.signedIn()]
    expect([await isAlive(bed, kind, one), await isAlive(bed, kind, other)]).toEqual([true, true])
    await bed.auth.sessions.revokeAll('ada')
    expect([(await bed.refresh(one)).status, (await bed.refresh(other)).status]).toEqual([400, 400])
    const again = await bed.signedIn()
    expect([await isAlive(bed, kind, again), await whoIs(bed, again)]).toEqual([true, 'ok'])
  }

  test('a lifetime of years is kept, and its cookie as long as a browser keeps one', async () => {
    const bed = bench('session', { strategy: { lifetime: '3650d', idleTimeout: '3000d' } })
    const who = bed.agent()
    const response = await who.send('POST', '/auth/sign-in', { json: { name: 'ada', password: 'x' } })
    expect(response.headers.getSetCookie()[0]).toContain('; Max-Age=34560000;')
    bed.clock.advance(2_999 * day)
    expect(await whoIs(bed, who)).toBe('ok')
  })
})

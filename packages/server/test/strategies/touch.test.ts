import { describe, expect, test } from 'vitest'
import { session } from '../../src/index.ts'
import { bench, hour, minute, whoIs } from './bench.ts'

describe('touch', () => {
  test('writes nothing within three quarters of the window, and once after it', async () => {
    const bed = bench('session', { strategy: { touchAfter: '10m' } })
    const agent = await bed.signedIn()
    bed.store.reset()
    for (let request = 0; request < 9; request += 1) {
      await whoIs(bed, agent)
      bed.clock.advance(50_000)
    }
    bed.clock.advance(-1)
    await whoIs(bed, agent)
    await bed.auth.close()
    expect(bed.store.calls.replace).toBe(0)
    bed.clock.advance(2.5 * minute + 1)
    await whoIs(bed, agent)
    await bed.auth.close()
    expect(bed.store.calls.replace).toBe(1)
    await whoIs(bed, agent)
    await bed.auth.close()
    expect(bed.store.calls.replace).toBe(1)
    expect(await bed.record(agent)).toMatchObject({ lastSeenAt: bed.clock(), idleUntil: bed.clock() + hour })
  })

  test('jitter is early and never late, spread, and the same on every server', async () => {
    const due: number[] = []
    for (let at = 0; at < 40; at += 1) {
      const bed = bench('session', { strategy: { touchAfter: '10m' } })
      const agent = await bed.signedIn()
      // The second server is asked at the same moments and must come to the same.
      const twin = bench('session', { strategy: { touchAfter: '10m' }, store: bed.raw, clock: bed.clock })
      for (let minutes = 7; minutes <= 10; minutes += 0.5) {
        bed.clock.set(((await bed.record(agent))?.lastSeenAt ?? 0) + minutes * minute)
        bed.store.plan(({ method }) => (method === 'replace' ? 'reject' : undefined))
        twin.store.plan(({ method }) => (method === 'replace' ? 'reject' : undefined))
        await whoIs(bed, agent)
        await whoIs(twin, agent)
        await Promise.all([bed.auth.close(), twin.auth.close()])
        expect(twin.store.calls.replace > 0).toBe(bed.store.calls.replace > 0)
        if (bed.store.calls.replace > 0) {
          due.push(minutes)
          break
        }
      }
    }
    expect(due).toHaveLength(40)
    expect(Math.min(...due)).toBeGreaterThanOrEqual(7.5)
    expect(Math.max(...due)).toBeLessThanOrEqual(10)
    expect(new Set(due).size).toBeGreaterThan(2)
  })

  test('one is in flight for a session, however many requests come', async () => {
    const bed = bench('session', { strategy: { touchAfter: '10m' } })
    const agent = await bed.signedIn()
    bed.clock.advance('10m')
    bed.store.reset()
    bed.store.plan(({ method }) => (method === 'replace' ? 'hold' : undefined))
    expect(await Promise.all(Array.from({ length: 20 }, () => whoIs(bed, agent)))).toEqual(Array(20).fill('ok'))
    expect(bed.store.calls.replace).toBe(1)
    expect(bed.store.held).toBe(1)
    bed.store.release()
    await bed.auth.close()
    expect(await bed.record(agent)).toMatchObject({ lastSeenAt: bed.clock() })
  })

  test('nobody waits for it but the shutdown', async () => {
    const bed = bench('session', { strategy: { touchAfter: 0 } })
    const agent = await bed.signedIn()
    bed.clock.advance('1m')
    bed.store.plan(({ method }) => (method === 'replace' ? 'hold' : undefined))
    expect(await whoIs(bed, agent)).toBe('ok')
    let closed = false
    const closing = bed.auth.close().then(() => {
      closed = true
    })
    await whoIs(bed, agent)
    expect(closed).toBe(false)
    bed.store.release()
    await closing
  })

  test('0 writes at each request', async () => {
    const bed = bench('session', { strategy: { touchAfter: 0 } })
    const agent = await bed.signedIn()
    bed.store.reset()
    for (let request = 0; request < 3; request += 1) {
      await whoIs(bed, agent)
      await bed.auth.close()
    }
    expect(bed.store.calls.replace).toBe(3)
  })

  test.each([
    ['read-only', { readOnly: true }, {}],
    ['cross-site', {}, { 'sec-fetch-site': 'cross-site' }],
  ])('a %s request writes nothing', async (_name, options, headers) => {
    const bed = bench('session', { strategy: { touchAfter: 0 } })
    const agent = await bed.signedIn()
    bed.clock.advance('1m')
    bed.store.reset()
    await bed.auth.authenticate(agent.request('GET', '/', { headers }), options)
    await bed.auth.close()
    expect(bed.store.counts.writes).toBe(0)
    await bed.auth.authenticate(agent.request('GET', '/', { headers: { 'sec-fetch-site': 'same-origin' } }))
    await bed.auth.close()
    expect(bed.store.counts.writes).toBe(1)
  })

  test('a refused request writes nothing', async () => {
    const bed = bench('session', { strategy: { touchAfter: 0 }, verify: async ({ name }) => ({ user: { id: name, role: 'member' }, pending: 'mfa' }) }) // biome-ignore format: one thought
    const agent = bed.agent()
    await agent.send('POST', '/auth/sign-in', { json: { name: 'ada', password: 'x' } })
    bed.store.reset()
    expect(await whoIs(bed, agent)).toBe('pending')
    await bed.auth.close()
    expect(bed.store.counts.writes).toBe(0)
  })

  test('a touch that fails, and one that loses its race, is no loss', async () => {
    const bed = bench('session', { strategy: { touchAfter: 0 } })
    const agent = await bed.signedIn()
    bed.store.plan(({ method }) => (method === 'replace' ? 'reject' : undefined))
    expect(await whoIs(bed, agent)).toBe('ok')
    bed.store.plan(({ method }) => (method === 'replace' ? 'hold' : undefined))
    expect(await whoIs(bed, agent)).toBe('ok')
    const id = (await bed.record(agent))?.id ?? ''
    await bed.raw.delete(id)
    bed.store.release()
    await bed.auth.close()
    // C17: it was deleted meanwhile, and stays so.
    expect(await bed.raw.find(id)).toBeUndefined()
    expect(await whoIs(bed, agent)).toBe('unknown')
  })

  test('the window is a twentieth of the idle timeout, and an hour at most', async () => {
    for (const [idleTimeout, window] of [
      ['1h', 3 * minute],
      ['20m', minute],
      ['10d', hour],
    ] as const) {
      const bed = bench('session', { strategy: { idleTimeout, lifetime: '30d' } })
      const agent = await bed.signedIn()
      bed.store.reset()
      bed.clock.advance(0.75 * window - 1)
      await whoIs(bed, agent)
      await bed.auth.close()
      expect(bed.store.calls.replace, idleTimeout).toBe(0)
      bed.clock.advance(0.25 * window + 1)
      await whoIs(bed, agent)
      await bed.auth.close()
      expect(bed.store.calls.replace, idleTimeout).toBe(1)
    }
  })

  test('a window as long as the idle timeout would sign people out', () => {
    const { raw: store } = bench('session')
    expect(() => session({ store, idleTimeout: '10m', touchAfter: '10m' })).toThrow(RangeError)
    expect(() => session({ store, idleTimeout: '10m', touchAfter: '9m' })).not.toThrow()
  })
})

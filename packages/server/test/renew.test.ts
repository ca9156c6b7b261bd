import { describe, expect, test } from 'vitest'
import type { Agent } from '../src/testing/index.ts'
import {
  accessOf,
  ada,
  type Bench,
  bench,
  claimsOf,
  legal,
  refreshTokenOf,
  verdict,
  whoIs,
  withStore,
} from './strategies/bench.ts'

const admin = { ...ada, role: 'admin' }

async function renew({ auth }: Bench, agent: Agent, user = admin, options: object = {}): Promise<string> {
  const before = agent.request('POST', '/')
  const granted = auth.renew(user, before, options)
  const result = await verdict(granted)
  if (result === 'ok') {
    const done = await granted
    if (done.ok) await agent.keep(auth.apply(done, Response.json(done.body)))
  }
  return result
}

describe('renew', () => {
  test.each(legal)('%s over %s: the same session under a new secret, proven now', async (kind, transport) => {
    const bed = bench(kind, { transport })
    const agent = await bed.signedIn()
    const first = await bed.auth.authenticate(agent.request('GET', '/'))
    bed.clock.advance('4m')
    const before = accessOf(agent)
    expect(await renew(bed, agent)).toBe('ok')
    const second = await bed.auth.authenticate(agent.request('GET', '/'), { fresh: '1s' })
    if (!first.ok || !second.ok) throw new Error('not recognised')
    expect(accessOf(agent)).not.toBe(before)
    expect(second.session).toMatchObject({ user: admin, createdAt: first.session.createdAt, authTime: bed.clock() })
    expect(second.session.id).not.toBe(first.session.id)
    expect(bed.events.at(-1)).toEqual({ type: 'session.renewed', sessionId: second.session.id, previousId: first.session.id, userId: 'ada' }) // biome-ignore format: one thought
  })

  test.each(withStore)(
    '%s over %s: one commit kills the old secret, and makes no second session',
    async (kind, transport) => {
      const bed = bench(kind, { transport })
      const agent = await bed.signedIn()
      const old = agent.copy()
      const record = await bed.record(agent)
      bed.clock.advance('1m')
      bed.store.reset()
      expect(await renew(bed, agent)).toBe('ok')
      expect(bed.store.counts.writes).toBe(1)
      expect((await bed.refresh(old)).status).toBe(400)
      expect((await bed.refresh(agent)).status).toBe(200)
      const list = await bed.auth.sessions.list('ada')
      expect(list).toHaveLength(1)
      expect(list[0]).toMatchObject({ createdAt: record?.createdAt })
      expect(await bed.record(agent)).toMatchObject({
        expiresAt: record?.expiresAt,
        transport,
        createdAt: record?.createdAt,
      })
    },
  )

  test.each(legal)('%s over %s never outlives the first sign-in', async (kind, transport) => {
    const bed = bench(kind, { transport, strategy: kind === 'session' ? { touchAfter: 0 } : {} })
    const agent = await bed.signedIn(undefined, { lifetime: '8m' })
    for (let time = 0; time < 2; time += 1) {
      bed.clock.advance('3m')
      expect(await renew(bed, agent)).toBe('ok')
    }
    bed.clock.advance('2m')
    expect((await bed.refresh(agent)).status).toBe(400)
  })

  test.each(legal)('%s over %s: another user is refused, and nothing happens', async (kind, transport) => {
    const bed = bench(kind, { transport })
    const agent = await bed.signedIn()
    bed.store.reset()
    await expect(bed.auth.renew({ id: 'grace', role: 'admin' }, agent.request('POST', '/'))).rejects.toThrow(TypeError)
    expect(bed.store.counts.writes).toBe(0)
    expect(await whoIs(bed, agent)).toBe('ok')
  })

  test.each(legal)('%s over %s: who is not signed in is refused with the reason', async (kind, transport) => {
    const bed = bench(kind, { transport })
    expect(await renew(bed, bed.agent())).toBe('absent')
    const agent = await bed.signedIn()
    bed.clock.advance('2h')
    expect(await renew(bed, agent)).toMatch(kind === 'session' ? /^(unknown|expired)$/ : /^expired$/)
  })

  test.each(withStore)('%s over %s: what was ended meanwhile stays ended', async (kind, transport) => {
    const bed = bench(kind, { transport })
    const agent = await bed.signedIn()
    const id = (await bed.record(agent))?.id ?? ''
    for (const method of ['find', 'replace'] as const) {
      const one = await bed.signedIn()
      const name = (await bed.record(one))?.id ?? ''
      bed.store.reset()
      bed.store.plan((call) => {
        // Ended right before the call that decides.
        if (call.method === method && call.args[0] === name) void bed.raw.delete(name)
        return undefined
      })
      expect(await renew(bed, one)).toMatch(/^(revoked|unknown)$/)
      bed.store.plan()
      expect(await bed.auth.sessions.list('ada')).toHaveLength(1)
    }
    expect((await bed.raw.find(id))?.record.id).toBe(id)
  })

  test.each(withStore)('%s over %s: a race with a write is run again', async (kind, transport) => {
    const bed = bench(kind, { transport })
    const agent = await bed.signedIn()
    const record = await bed.record(agent)
    let races = 2
    bed.store.plan(({ method }) => {
      // Somebody else writes right before.
      if (method !== 'replace' || races === 0 || !record) return undefined
      races -= 1
      void Promise.resolve(bed.raw.find(record.id)).then(
        (found) => found && bed.raw.replace(record.id, found.version, found.record),
      )
      return 'hold'
    })
    let done = false
    const renewed = renew(bed, agent).finally(() => {
      done = true
    })
    while (!done) {
      await new Promise((resolve) => setImmediate(resolve))
      bed.store.release()
    }
    expect(await renewed).toBe('ok')
    expect(races).toBe(0)
    expect(await whoIs(bed, agent)).toBe('ok')
  })

  test.each(legal)('%s over %s: a factor may be owed still', async (kind, transport) => {
    const bed = bench(kind, { transport })
    const agent = await bed.signedIn()
    expect(await renew(bed, agent, admin, { pending: 'passkey' })).toBe('ok')
    expect(await whoIs(bed, agent)).toBe('pending')
    expect(await renew(bed, agent)).toBe('ok')
    expect(await whoIs(bed, agent)).toBe('ok')
  })

  test.each(legal.filter(([kind]) => kind !== 'session'))(
    '%s over %s: a user that no longer fits is refused before any write',
    async (kind, transport) => {
      const bed = bench(kind, { transport })
      const agent = await bed.signedIn()
      bed.store.reset()
      expect(await renew(bed, agent, { ...admin, note: 'n'.repeat(7_000) } as never)).toBe('ERR_CREDENTIAL_TOO_LARGE')
      expect(bed.store.counts.writes).toBe(0)
      expect(await whoIs(bed, agent)).toBe('ok')
    },
  )

  test('hybrid begins a new family, so that a token of the old one is worth nothing', async () => {
    const bed = bench('hybrid', { transport: 'bearer' })
    const agent = await bed.signedIn()
    const spent = refreshTokenOf(agent)
    bed.clock.advance('1m')
    await bed.refresh(agent)
    const live = refreshTokenOf(agent)
    expect(await renew(bed, agent)).toBe('ok')
    bed.clock.advance('1m')
    for (const old of [spent, live]) {
      const thief = bed.agent()
      thief.tokens.refresh = old
      expect((await bed.refresh(thief)).status).toBe(400)
    }
    // Nothing of it was theft: the session lives on under its new name.
    expect(bed.typesOf()).not.toContain('refresh.reuse')
    expect((await bed.refresh(agent)).status).toBe(200)
    expect(claimsOf(accessOf(agent)).auth_time).toBe(Math.floor(bed.clock() / 1000) - 60)
  })

  test('hybrid takes an access token of its own sessions alone', async () => {
    const stateless = bench('token', { transport: 'bearer' })
    const agent = await stateless.signedIn()
    const bed = bench('hybrid', { transport: 'bearer', clock: stateless.clock })
    expect(await renew(bed, bed.adopt(agent))).not.toBe('ok')
    expect(bed.store.counts.writes).toBe(0)
    expect(bed.store.calls.find).toBe(0)
  })
})

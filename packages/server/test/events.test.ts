import { expect, test } from 'vitest'
import { bench, whoIs, withStore } from './strategies/bench.ts'

test.each(withStore)('%s over %s: a session that the application ends is told of once', async (kind, transport) => {
  const bed = bench(kind, { transport })
  const agent = await bed.signedIn()
  const { id = '' } = (await bed.record(agent)) ?? {}
  expect(await bed.auth.sessions.revoke(id)).toBe(true)
  expect(await bed.auth.sessions.revoke(id)).toBe(false)
  const ends = bed.events.filter(({ type }) => type === 'session.ended')
  expect(ends).toEqual([{ type: 'session.ended', sessionId: id, userId: 'ada' }])
})

test('a binding that ends the session says so', async () => {
  const bed = bench('session', { auth: { binding: { userAgent: 'revoke' } } })
  const agent = bed.agent()
  const as = (browser: string) => ({ headers: { 'user-agent': browser } })
  const granted = await bed.auth.signIn({ id: 'ada', role: 'member' }, agent.request('POST', '/', as('Firefox/1')))
  await agent.keep(bed.auth.apply(granted, Response.json({})))
  await bed.auth.authenticate(agent.request('GET', '/', as('Chrome/1')))
  await bed.auth.close()
  expect(bed.typesOf()).toContain('session.ended')
})

test('a runtime that cannot wait decides nothing', async () => {
  const bed = bench('session', {
    strategy: { touchAfter: 0 },
    auth: {
      waitUntil() {
        throw new Error('after the response')
      },
    },
  })
  const agent = await bed.signedIn()
  expect(await whoIs(bed, agent)).toBe('ok')
  expect(bed.events.at(-1)).toEqual({ type: 'error', code: 'ERR_INTERNAL', message: 'waitUntil threw Error' })
})

import { describe, expect, test } from 'vitest'
import { sharedPlaygrounds } from './playground.ts'
import { serveAuth } from './served-auth.ts'
import { newVisitor, signedIn, whoIs } from './visitor.ts'
import type { Wire } from './wire.ts'

const playground = sharedPlaygrounds(['--strategy hybrid --transport bearer'])

/** The playground once; the other transports by a server of this process. */
async function hybridOver(transport: 'cookie' | 'bearer' | 'split'): Promise<{ wire: Wire; stop?(): Promise<void> }> {
  return transport === 'bearer'
    ? { wire: playground('--strategy hybrid --transport bearer') }
    : serveAuth({ strategy: 'hybrid', transport })
}

describe.each(['cookie', 'bearer', 'split'] as const)('hybrid over %s', (transport) => {
  test('E3: fifty refreshes of one token at once: one successor, and the session lives', async () => {
    const { wire, stop } = await hybridOver(transport)
    const visitor = await signedIn(wire, transport)
    const tabs = Array.from({ length: 50 }, () => visitor.copy())
    const answers = await Promise.all(tabs.map((tab) => tab.refresh()))
    expect(answers.map(({ status }) => status)).toEqual(tabs.map(() => 200))
    const successors = new Set(tabs.map((tab) => tab.tokens.refresh ?? tab.cookies.get(wire.refresh)))
    expect(successors.size).toBe(1)
    const [successor] = successors
    expect(successor).not.toBe(visitor.tokens.refresh ?? visitor.cookies.get(wire.refresh))
    for (const tab of [tabs[0], tabs[49], visitor]) expect((await tab?.refresh())?.status).toBe(200)
    expect(await whoIs(visitor)).toBe('ada')
    await stop?.()
  })

  test('E6: signing out beats the refreshes that run beside it', async () => {
    const served = await serveAuth({ strategy: 'hybrid', transport })
    for (let round = 0; round < 20; round += 1) {
      const visitor = await signedIn(served.wire, transport)
      served.clock.advance('1m')
      const tabs = Array.from({ length: 4 }, () => visitor.copy())
      const leaving = visitor.copy()
      const place = round % 5
      const answers = await Promise.all([
        ...tabs.slice(0, place).map((tab) => tab.refresh()),
        leaving.ask('POST', '/auth/sign-out'),
        ...tabs.slice(place).map((tab) => tab.refresh()),
      ])
      expect(answers.map(({ status }) => status)).toSatisfy((all: number[]) =>
        all.every((status) => [200, 204, 400].includes(status)),
      )
      for (const tab of [visitor, ...tabs]) expect((await tab.refresh()).status).toBe(400)
    }
    await served.stop()
  })

  test('ending all beats the refreshes and the sign-out that run beside it', async () => {
    const served = await serveAuth({ strategy: 'hybrid', transport })
    for (let round = 0; round < 10; round += 1) {
      const [one, two] = [await signedIn(served.wire, transport), await signedIn(served.wire, transport)]
      served.clock.advance('1m')
      const tabs = [one.copy(), two.copy(), two.copy()]
      const [ended] = await Promise.all([
        one.copy().ask('DELETE', '/auth/sessions'),
        ...tabs.map((tab) => tab.refresh()),
      ])
      expect(ended.status).toBe(204)
      for (const tab of [one, two, ...tabs]) expect((await tab.refresh()).status).toBe(400)
    }
    await served.stop()
  })
})

test('twenty attempts at once, of which three are allowed: no more than three are tried', async () => {
  let tried = 0
  const served = await serveAuth({
    strategy: 'session',
    transport: 'cookie',
    limits: { signIn: { identifier: 3 } },
    verifyCredentials: async () => {
      tried += 1
      return null
    },
  })
  const answers = await Promise.all(Array.from({ length: 20 }, () => newVisitor(served.wire, 'cookie').signIn()))
  const statuses = answers.map(({ status }) => status)
  expect([
    tried,
    statuses.filter((status) => status === 401).length,
    statuses.filter((status) => status === 429).length,
  ]).toEqual([3, 3, 17])
  await served.stop()
})

test('fifty sign-outs at once are all done, and tell of one end', async () => {
  const served = await serveAuth({ strategy: 'session', transport: 'cookie' })
  const visitor = await signedIn(served.wire, 'cookie')
  const answers = await Promise.all(Array.from({ length: 50 }, () => visitor.copy().ask('POST', '/auth/sign-out')))
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 204))
  expect(served.events.filter(({ type }) => type === 'session.ended')).toHaveLength(1)
  expect(await whoIs(visitor)).toBeNull()
  await served.stop()
})

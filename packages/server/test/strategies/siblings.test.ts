import { expect, test } from 'vitest'
import { memoryStore } from '../../src/index.ts'
import { fakeClock } from '../../src/testing/index.ts'
import { bench, kinds, whoIs } from './bench.ts'

const stateful = new Set(['token+store', 'hybrid'])

/** Every strategy of signed tokens with every other, over one store and one key ring. */
const pairs = kinds.flatMap((from) =>
  kinds.filter((to) => from !== 'session' && to !== 'session' && from !== to).map((to) => [from, to] as const),
)

function siblings(from: (typeof kinds)[number], to: (typeof kinds)[number]) {
  const clock = fakeClock()
  const shared = { transport: 'bearer', clock, store: memoryStore({ clock }) } as const
  return [bench(from, shared), bench(to, shared)] as const
}

test.each(pairs)(
  'a token of %s does not refresh or renew itself at %s, its sibling of the same keys and store',
  async (from, to) => {
    const [first, second] = siblings(from, to)
    const agent = await first.signedIn()
    const there = second.adopt(agent)
    delete there.tokens.refresh
    expect((await second.refresh(there)).status).toBe(400)
    const renewed = await second.auth
      .renew({ id: 'ada', role: 'admin' }, there.request('POST', '/'))
      .catch(() => undefined)
    expect(renewed?.ok ?? false).toBe(false)
    expect(await whoIs(first, agent)).toBe('ok')
  },
)

test.each(pairs.filter(([from, to]) => stateful.has(from) !== stateful.has(to)))(
  'a token of %s is nobody at %s: one of them has a record behind it',
  async (from, to) => {
    const [first, second] = siblings(from, to)
    const there = second.adopt(await first.signedIn())
    expect(await whoIs(second, there)).toBe('wrong_type')
    const { status } = await there.send('GET', '/auth/session')
    expect(status).toBe(200)
  },
)

test('what hybrid() signed out is not kept alive by token() of the same keys', async () => {
  const [first, second] = siblings('hybrid', 'token')
  const agent = await first.signedIn()
  const thief = second.adopt(agent)
  await agent.send('POST', '/auth/sign-out')
  expect((await second.refresh(thief)).status).toBe(400)
})

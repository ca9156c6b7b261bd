import { userHandle } from '@handstamp/core/secret'
import { describe, expect, test } from 'vitest'
import { memoryFeed } from '../src/feeds/memory.ts'
import { fakeClock } from '../src/testing/index.ts'
import { type Bench, bench, verdict, whoIs, withStore } from './strategies/bench.ts'

const soon = { timeout: 2_000, interval: 10 }
const tokens = withStore.filter(([kind]) => kind !== 'session')

/** A server whose store fails as it is told, and the log that it writes. */
function server(kind: (typeof withStore)[number][0], transport: (typeof withStore)[number][1], options: object = {}) {
  const clock = fakeClock()
  const feed = memoryFeed({ clock })
  return { feed, here: bench(kind, { transport, clock, auth: { feed, ...options } }) }
}

const failing =
  (name: string) =>
  ({ method }: { readonly method: string }) =>
    method === name ? 'reject' : undefined

const signIn = ({ auth, agent }: Bench) =>
  verdict(auth.signIn({ id: 'ada', role: 'member' }, agent().request('POST', '/')))

describe.each(tokens)('%s over %s, signed out everywhere but for the store', (kind, transport) => {
  test('the next sign-in finishes it, and holds', async () => {
    const { here } = server(kind, transport)
    const [first, second] = [await here.signedIn(), await here.signedIn()]
    here.store.plan(failing('deleteByUser'))
    expect(await verdict(here.auth.sessions.revokeAll('ada') as never)).toBe('ERR_STORE_UNAVAILABLE')
    await expect.poll(() => whoIs(here, first), soon).toBe('revoked')
    expect(await signIn(here)).toBe('ERR_STORE_UNAVAILABLE')

    here.store.plan()
    const later = await here.signedIn()
    expect(await whoIs(here, later)).toBe('ok')
    expect([await whoIs(here, first), await whoIs(here, second)]).toEqual(['revoked', 'revoked'])
    expect(await here.auth.sessions.list('ada')).toHaveLength(1)
  })

  test('what was to be spared is spared', async () => {
    const { here } = server(kind, transport)
    const [kept, ended] = [await here.signedIn(), await here.signedIn()]
    const { id } = (await here.record(kept)) ?? {}
    here.store.plan(failing('deleteByUser'))
    await here.auth.sessions.revokeAll('ada', { except: id as string }).catch(() => {})
    await expect.poll(() => whoIs(here, ended), soon).toBe('revoked')
    here.store.plan()
    const later = await here.signedIn()
    await expect.poll(() => whoIs(here, later), soon).toBe('ok')
    expect([await whoIs(here, kept), await whoIs(here, ended)]).toEqual(['ok', 'revoked'])
    expect((await here.raw.listByUser(userHandle('ada'))).sessions).toHaveLength(2)
  })
})

import { describe, expect, test } from 'vitest'
import type { Header } from './exchange.ts'
import { type Served, serveAuth } from './served-auth.ts'
import { signedIn, type Visitor } from './visitor.ts'

const second = 'https://admin.example'

interface Reading {
  readonly served: Served
  readonly visitor: Visitor
  /** When the visitor was seen last, as another session of the same user reads it in the list. */
  seenAt(): Promise<number>
}

async function reading(transport: 'cookie' | 'bearer'): Promise<Reading> {
  const served = await serveAuth({ strategy: 'session', transport, origins: [second] })
  const visitor = await signedIn(served.wire, transport)
  const watcher = await signedIn(served.wire, transport)
  const { json } = await visitor.ask('GET', '/auth/session')
  const { id } = (json as { session: { id: string } }).session
  return {
    served,
    visitor,
    async seenAt() {
      // What no answer waited for is done by then.
      await served.auth.close()
      const { json } = await watcher.ask('GET', '/auth/sessions')
      const all = (json as { sessions: { id: string; lastSeenAt: number }[] }).sessions
      return all.find((session) => session.id === id)?.lastSeenAt ?? Number.NaN
    },
  }
}

const crossSite: Header = ['Sec-Fetch-Site', 'cross-site']

/** Row 0: what another site can cause, by a picture or a link, leaves no trace in the session. */
const requests: readonly { readonly name: string; readonly headers: readonly Header[]; readonly touches: boolean }[] = [
  { name: 'a picture elsewhere', headers: [crossSite, ['Sec-Fetch-Mode', 'no-cors'], ['Sec-Fetch-Dest', 'image']], touches: false },
  { name: 'a link elsewhere', headers: [crossSite, ['Sec-Fetch-Mode', 'navigate'], ['Sec-Fetch-Dest', 'document']], touches: false },
  { name: 'a script elsewhere', headers: [crossSite, ['Origin', 'https://evil.example']], touches: false },
  { name: 'even a listed page elsewhere', headers: [crossSite, ['Origin', second]], touches: false },
  { name: 'a page of the same site', headers: [['Sec-Fetch-Site', 'same-site'], ['Origin', second]], touches: true },
  { name: 'the own page', headers: [['Sec-Fetch-Site', 'same-origin']], touches: true },
  { name: 'the address bar', headers: [['Sec-Fetch-Site', 'none']], touches: true },
  { name: 'no browser', headers: [], touches: true },
] // biome-ignore format: a table

describe('being seen', () => {
  test.each(requests)('in a cookie, by $name: $touches', async ({ headers, touches }) => {
    for (const [method, target] of [
      ['GET', '/api/me'],
      ['HEAD', '/api/me'],
      ['GET', '/auth/session'],
      ['GET', '/auth/sessions'],
    ] as const) {
      // biome-ignore format: a list
      const { served, visitor, seenAt } = await reading('cookie')
      const before = await seenAt()
      const now = served.clock.advance('1m')
      served.store.reset()
      const answer = await visitor.ask(method, target, { headers })
      await served.auth.close()
      expect([answer.status, answer.setCookies, served.store.counts.writes]).toEqual([200, [], touches ? 1 : 0])
      expect([target, await seenAt()]).toEqual([target, touches ? now : before])
      await served.stop()
    }
  })

  test.each(requests)('by a bearer token, which another page does not have: $name', async ({ headers }) => {
    const { served, visitor, seenAt } = await reading('bearer')
    const now = served.clock.advance('1m')
    expect((await visitor.ask('GET', '/api/me', { headers })).status).toBe(200)
    expect(await seenAt()).toBe(now)
    await served.stop()
  })

  test('the first page opened from elsewhere comes without its cookie: nothing is set or cleared, and the page comes once more', async () => {
    const { served } = await reading('cookie')
    const headers: readonly Header[] = [crossSite, ['Sec-Fetch-Mode', 'navigate'], ['Sec-Fetch-Dest', 'document']] // biome-ignore format: one row
    served.store.reset()
    for (const target of ['/auth/session', '/api/me']) {
      const answer = await served.wire.ask({ method: 'GET', target, headers })
      expect([answer.status, answer.setCookies]).toEqual([target === '/api/me' ? 401 : 200, []])
    }
    const request = new Request(`${served.auth.origin}/notes?a=<b>&c="`, {
      headers: headers.map(([name, value]): [string, string] => [name, value]),
    })
    const result = await served.auth.authenticate(request)
    expect(result).toMatchObject({ ok: false, reason: 'absent', crossSiteNavigation: true })
    const page = served.auth.bounce(request)
    const html = await page.text()
    expect([page.status, page.headers.getSetCookie()]).toEqual([200, []])
    expect(html).toContain('content="0;url=/notes?a=%3Cb%3E&#38;c=%22"')
    expect(served.store.counts.all).toBe(0)
    await served.stop()
  })
})

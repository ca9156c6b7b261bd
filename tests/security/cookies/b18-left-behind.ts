import { expect } from 'vitest'
import { readCookieLine } from '../../wire/cookie-line.ts'
import type { Setting } from '../../wire/served-auth.ts'
import { ownPage } from '../../wire/visitor.ts'
import { type Attack, attack, type Inputs } from '../attack.ts'
import { type Browser, type BrowserStage, browserOf, browserStage } from '../stages/cookie-browser.ts'

/** Where a cookie is written with other attributes than the default ones, it must be cleared with them. */
const configurations: Readonly<Record<string, Partial<Setting>>> = {
  'one host': {},
  'a shared domain': { origin: 'https://auth.app.example', cookie: { domain: 'app.example', shareRefresh: true } },
  'partitioned, for another site': { origins: ['https://shop.example'], cookie: { sameSite: 'none' } },
  'a narrow refresh cookie': { cookie: { narrowRefresh: true } },
  lax: { cookie: { sameSite: 'lax' } },
}

interface Configured {
  readonly on: (name: string) => BrowserStage
  close(): Promise<unknown>
}

function everywhere(
  name: string,
  attempt: (stage: BrowserStage, browser: Browser) => Promise<void>,
): Inputs<Configured> {
  return Object.fromEntries(
    Object.keys(configurations).map((configuration) => [
      `${name}, ${configuration}`,
      async ({ on }: Configured) => attempt(on(configuration), await browserOf(on(configuration))),
    ]),
  )
}

function expectEmpty({ jar, cookie }: Browser): void {
  expect([cookie('/'), cookie('/auth/refresh')]).toEqual(['', ''])
  expect(jar.serializeSync()?.cookies).toEqual([])
}

export const leftBehind: Attack = attack({
  ids: ['B18'],
  title: 'a cookie that is still in the browser after it was cleared',
  cost: 'The next person at a shared computer would find the session of the one before.',
  shows: ['ASVS 7.4.1'],
  stage: async (): Promise<Configured> => {
    const stages = new Map<string, BrowserStage>()
    for (const [name, setting] of Object.entries(configurations))
      stages.set(name, await browserStage({ strategy: 'hybrid', transport: 'cookie', ...setting })())
    return {
      on: (name) => stages.get(name) as BrowserStage,
      close: () => Promise.all([...stages.values()].map((stage) => stage.close())),
    }
  },
  legal: everywhere('a browser comes back with both', async ({ served: { wire } }, browser) => {
    expect((await browser.get('/api/me')).json).toMatchObject({ user: { id: 'ada' } })
    expect((await browser.post('/auth/refresh')).status).toBe(200)
    expect(browser.jar.serializeSync()?.cookies).toHaveLength(2)
    expect(browser.cookie('/auth/refresh').split('; ')).toHaveLength(2)
    expect(wire.issued.size).toBeGreaterThan(0)
  }),
  hostile: {
    ...everywhere('signing out leaves nothing', async (_stage, browser) => {
      expect((await browser.post('/auth/sign-out')).status).toBe(204)
      expectEmpty(browser)
    }),
    ...everywhere('ending the session from the list leaves nothing', async ({ served: { wire } }, browser) => {
      const headers = [['Cookie', browser.cookie('/auth/sessions')], ...ownPage] as const
      browser.keep((await wire.ask({ method: 'DELETE', target: '/auth/sessions', headers })).setCookies)
      expectEmpty(browser)
    }),
    ...everywhere('a refresh that is refused leaves nothing', async ({ served: { auth } }, browser) => {
      await auth.sessions.revokeAll('ada')
      const refused = await browser.post('/auth/refresh')
      expect([refused.status, refused.setCookies.map((line) => readCookieLine(line).maxAge)]).toEqual([400, [0, 0]])
      expectEmpty(browser)
    }),
  },
})

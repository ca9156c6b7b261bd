import { expect } from 'vitest'
import { ownPage, signedIn, whoIs } from '../../wire/visitor.ts'
import { type Attack, attack } from '../attack.ts'
import { askWithCookie, type BrowserStage, browserStage } from '../stages/cookie-browser.ts'

/** Node takes no header over 16 KiB; other servers do, and hand it on. */
const longest = 65_536

async function pairOf({ served: { wire } }: BrowserStage): Promise<string> {
  return `${wire.access}=${(await signedIn(wire, 'cookie')).cookies.get(wire.access)}`
}

async function judge({ served: { auth, store } }: BrowserStage, cookie: string) {
  store.reset()
  const headers = { get: (name: string) => (name === 'cookie' ? cookie : null) }
  const result = await auth.authenticate({ method: 'GET', url: `${auth.origin}/`, headers }, { readOnly: true })
  return [result.ok ? result.session.user.id : result.reason, store.counts.all]
}

export const longHeaders: Attack = attack({
  ids: ['B10', 'GHSA-g7q5-pjjr-gqvp'],
  title: 'a Cookie header that is made to cost time',
  cost: 'A few requests a second with no account at all would keep every processor of the application busy.',
  shows: [],
  stage: browserStage({ strategy: 'session', transport: 'cookie' }),
  legal: {
    'fifteen KiB over the wire': async (stage) => {
      const cookie = `theme=${'x'.repeat(15_000)}; ${await pairOf(stage)}`
      expect((await askWithCookie(stage, cookie)).status).toBe(200)
    },
    'a session behind 64 KiB of others, looked up once': async (stage) => {
      const tail = `; ${await pairOf(stage)}`
      expect(await judge(stage, 'x'.repeat(longest - tail.length) + tail)).toEqual(['ada', 1])
    },
    'a session behind ten thousand pairs, looked up once': async (stage) => {
      expect(await judge(stage, `${'a=1; '.repeat(10_000)}${await pairOf(stage)}`)).toEqual(['ada', 1])
    },
  },
  hostile: {
    'one character more than 64 KiB: nothing of it is read': async (stage) => {
      const tail = `; ${await pairOf(stage)}`
      expect(await judge(stage, 'x'.repeat(longest + 1 - tail.length) + tail)).toEqual(['absent', 0])
    },
    'a name of 1 MB': async (stage) => {
      expect(await judge(stage, `${'n'.repeat(1_000_000)}=x; ${await pairOf(stage)}`)).toEqual(['absent', 0])
    },
    '100,000 pairs, the session first': async (stage) => {
      expect(await judge(stage, `${await pairOf(stage)}; ${'a=1; '.repeat(100_000)}`)).toEqual(['absent', 0])
    },
    'a thousand values under our name: two are enough to see it, and none is looked up': async (stage) => {
      const { access } = stage.served.wire
      const cookie = Array.from({ length: 1_000 }, (_, at) => `${access}=x${at}`).join('; ')
      expect(await judge(stage, cookie)).toEqual(['ambiguous', 0])
    },
    'a value of 60 KB under our name: too long to be one, and not looked up': async (stage) => {
      expect(await judge(stage, `${stage.served.wire.access}=${'A'.repeat(60_000)}`)).toEqual(['malformed', 0])
    },
    '1 MB over the wire: refused, and the server goes on': async (stage) => {
      const { wire } = stage.served
      const held = await signedIn(wire, 'cookie')
      const headers = [['Cookie', `a=${'x'.repeat(1_000_000)}`], ...ownPage] as const
      expect((await wire.ask({ method: 'GET', target: '/api/me', headers })).status).toBe(431)
      expect(await whoIs(held)).toBe('ada')
    },
  },
})

import { expect } from 'vitest'
import { expectRefusal } from '../../wire/expectations.ts'
import { expected } from '../../wire/outward-answers.ts'
import { grace, ownPage, signedIn } from '../../wire/visitor.ts'
import { type Attack, attack } from '../attack.ts'
import { askWithCookie, type BrowserStage, browserOf, browserStage, tossInto } from '../stages/cookie-browser.ts'

/** Ada's and the attacker's own cookies, by name. */
async function cookiesOf({ served }: BrowserStage, name: 'access' | 'refresh') {
  const [ada, attacker] = await Promise.all([signedIn(served.wire, 'cookie'), signedIn(served.wire, 'cookie', grace)])
  const own = served.wire[name]
  return { own, ada, mine: ada.cookies.get(own) ?? '', theirs: attacker.cookies.get(own) ?? '' }
}

async function expectAmbiguous(stage: BrowserStage, cookie: string): Promise<void> {
  expectRefusal(await askWithCookie(stage, cookie), expected('ambiguous', stage.served.wire))
}

export const twoValues: Attack = attack({
  ids: ['B1', 'B2'],
  title: 'a second cookie of the same name, tossed from another host',
  cost: 'The victim would work, shop and type in the account of the attacker, who reads it all later.',
  shows: ['ASVS 3.3.1', 'ASVS 3.3.3', 'RFC 6265bis §5'],
  stage: browserStage({ strategy: 'hybrid', transport: 'cookie' }),
  legal: {
    'the same value twice, as a proxy may join it': async (stage) => {
      const { own, mine } = await cookiesOf(stage, 'access')
      expect((await askWithCookie(stage, `${own}=${mine}; ${own}=${mine}`)).json).toMatchObject({ user: { id: 'ada' } })
    },
    'other names beside it, also longer and shorter ones': async (stage) => {
      const { own, mine, theirs } = await cookiesOf(stage, 'access')
      const cookie = `${own}x=${theirs}; x${own}=${theirs}; handstamp=${theirs}; ${own}=${mine}`
      expect((await askWithCookie(stage, cookie)).json).toMatchObject({ user: { id: 'ada' } })
    },
    'the jar of a browser into which another host could write nothing': async (stage) => {
      const { theirs } = await cookiesOf(stage, 'access')
      const browser = await browserOf(stage)
      expect(tossInto(browser, `${stage.served.wire.access}=${theirs}`)).toBe(false)
      expect((await browser.get('/api/me')).json).toMatchObject({ user: { id: 'ada' } })
    },
  },
  hostile: {
    'two values, the other one last': async (stage) => {
      const { own, mine, theirs } = await cookiesOf(stage, 'access')
      await expectAmbiguous(stage, `${own}=${mine}; ${own}=${theirs}`)
    },
    'two values, the other one first': async (stage) => {
      const { own, mine, theirs } = await cookiesOf(stage, 'access')
      await expectAmbiguous(stage, `${own}=${theirs}; ${own}=${mine}`)
    },
    'the other one in a Cookie header of its own': async (stage) => {
      const { own, mine, theirs } = await cookiesOf(stage, 'access')
      const headers = [['Cookie', `${own}=${mine}`], ['Cookie', `${own}=${theirs}`], ...ownPage] as const
      const answer = await stage.served.wire.ask({ method: 'GET', target: '/api/me', headers })
      expectRefusal(answer, expected('ambiguous', stage.served.wire))
    },
    'a hundred values': async (stage) => {
      const { own, mine } = await cookiesOf(stage, 'access')
      const others = Array.from({ length: 100 }, (_, at) => `${own}=x${at}`)
      await expectAmbiguous(stage, [...others, `${own}=${mine}`].join('; '))
    },
    'nonsense under the name': async (stage) => {
      const { own, mine } = await cookiesOf(stage, 'access')
      await expectAmbiguous(stage, `${own}=x; ${own}=${mine}`)
    },
    'two values for a refresh, which then spends neither and clears nothing': async (stage) => {
      const { own, mine, theirs, ada } = await cookiesOf(stage, 'refresh')
      const answer = await askWithCookie(stage, `${own}=${theirs}; ${own}=${mine}`, 'POST', '/auth/refresh')
      expectRefusal(answer, expected('ambiguous', stage.served.wire))
      expect((await ada.refresh()).status).toBe(200)
    },
    'the refresh cookie of one session beside the access cookie of another': async (stage) => {
      const { own, theirs, ada } = await cookiesOf(stage, 'refresh')
      const mixed = ada.copy()
      mixed.cookies.set(own, theirs)
      expect((await mixed.refresh()).json).toMatchObject({ code: 'invalid_grant' })
      expect((await ada.refresh()).status).toBe(200)
    },
    'two values where a domain is shared, so that any host of it can write one': async () => {
      const stage = await browserStage({
        strategy: 'session',
        transport: 'cookie',
        origin: 'https://auth.app.example',
        cookie: { domain: 'app.example' },
      })()
      try {
        const shared = '__Secure-handstamp'
        const attacker = await signedIn(stage.served.wire, 'cookie', grace)
        const browser = await browserOf(stage)
        expect(tossInto(browser, `${shared}=${attacker.cookies.get(shared)}`, '; Path=/api')).toBe(true)
        expectRefusal(await browser.get('/api/me'), expected('ambiguous', stage.served.wire))
        expect((await browser.get('/auth/session')).json).toMatchObject({ session: { user: { id: 'ada' } } })
      } finally {
        await stage.close()
      }
    },
  },
})

import { createAuth, memoryStore, session } from '@handstamp/server'
import { createAgent } from '@handstamp/server/testing'
import { expect } from 'vitest'
import { schemaOf } from '../../wire/served-auth.ts'
import { ada } from '../../wire/visitor.ts'
import { type Attack, attack, each } from '../attack.ts'
import { askWithCookie, type BrowserStage, browserOf, browserStage } from '../stages/cookie-browser.ts'

function expectClean(): void {
  const fresh: Record<string, unknown> = {}
  expect([fresh.polluted, fresh.ada, Object.keys(Object.prototype)]).toEqual([undefined, undefined, []])
}

export const objectNames: Attack = attack({
  ids: ['B11', 'CVE-2023-26136'],
  title: 'a cookie whose name or domain is a property of every object',
  cost: 'One cookie would change what every object of the process says, and with it who is an admin.',
  shows: [],
  stage: browserStage({ strategy: 'session', transport: 'cookie' }),
  legal: {
    'an application that sets such cookies, and a session beside them': async (stage) => {
      const browser = await browserOf(stage)
      const cookie = `__proto__=x; constructor=y; toString=z; ${browser.cookie('/')}`
      expect((await askWithCookie(stage, cookie)).json).toMatchObject({ user: { id: 'ada' } })
      expectClean()
    },
    'a client that keeps them under their names': async ({ served: { auth } }) => {
      const agent = createAgent(auth, 'cookie')
      await agent.keep(new Response(null, { headers: { 'set-cookie': '__proto__=polluted; Path=/' } }))
      expect(agent.cookies.get('__proto__')).toBe('polluted')
      expect((await agent.send('POST', '/auth/sign-in', { json: ada })).status).toBe(200)
      expectClean()
    },
  },
  hostile: {
    ...each(
      {
        'a name': '__proto__=polluted',
        'a path of names': '__proto__.polluted=1; __proto__[polluted]=1',
        'a name of ours below it': '__proto__.__Host-handstamp=1; constructor.prototype.ada=1',
      },
      async (stage: BrowserStage, cookie) => {
        expect((await askWithCookie(stage, cookie)).json).toMatchObject({ code: 'unauthenticated' })
        expectClean()
      },
    ),
    ...each(
      { __proto__name: '__proto__', constructor_name: 'constructor', below: '__proto__.example' },
      (_stage: BrowserStage, domain) => {
        const make = () =>
          createAuth({
            origin: 'https://app.example',
            transport: 'cookie',
            strategy: session({ store: memoryStore() }),
            user: schemaOf<{ id: string }>('id'),
            cookie: { domain },
          })
        expect(make).toThrow(TypeError)
        expectClean()
      },
    ),
  },
})

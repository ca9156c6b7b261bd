import { expect } from 'vitest'
import type { Header } from '../../wire/exchange.ts'
import { type Attack, attack } from '../attack.ts'
import { changes, expectForeign, from, onSites, openSites, send } from '../stages/site-pages.ts'

const names = ['csrf', 'XSRF-TOKEN', 'csrftoken', '_csrf', '__Host-csrf'] as const
const headers = ['X-CSRF-Token', 'X-XSRF-TOKEN', 'Anti-Csrf', 'X-Requested-With'] as const

export const tossedToken: Attack = attack({
  ids: ['F9', 'F14'],
  title: 'a token against forgery that a sibling domain planted, or that a compressed page gives away',
  cost: 'A cookie and a header of the same value would pass for the application’s own page, though both are the attacker’s.',
  shows: ['ASVS 3.5.1', 'ASVS 3.5.2'],
  stage: openSites(),
  legal: onSites('no such token is needed', async (visitor) => {
    expect((await visitor.ask('POST', '/api/notes', { headers: from.own, json: {} })).status).toBe(200)
  }),
  hostile: {
    ...onSites('a matching pair buys nothing', async (visitor, served) => {
      const planted: readonly Header[] = [
        ['Cookie', names.map((name) => `${name}=abc`).join('; ')],
        ...headers.map((name): Header => [name, 'abc']),
      ]
      for (const change of Object.values(changes))
        await expectForeign(visitor, served, () => send(visitor, change, [...from.evil, ...planted]))
    }),
    ...onSites('nor does any answer bring one', async (visitor) => {
      const answers = [await visitor.ask('GET', '/auth/session'), await visitor.ask('POST', '/auth/refresh')]
      for (const { text, headers } of answers) expect(`${JSON.stringify(headers)}${text}`).not.toMatch(/csrf|xsrf/i)
    }),
  },
})

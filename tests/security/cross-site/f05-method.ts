import { expect } from 'vitest'
import type { Header } from '../../wire/exchange.ts'
import { type Attack, attack } from '../attack.ts'
import { expectForeign, expectIn, expectUndone, from, joined, onSites, openSites } from '../stages/site-pages.ts'

const overrides = ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override'] as const
const unsafe = ['post', 'Get', 'PUT', 'PATCH', 'DELETE', 'PROPFIND', 'REPORT', 'MKCOL', 'SEARCH', 'QUERY'] as const
const changing = ['/auth/sign-in', '/auth/sign-out', '/auth/refresh'] as const

export const method: Attack = attack({
  ids: ['F5', 'F11'],
  title: 'a change under the name of a method that changes nothing',
  cost: 'An image in a mail could sign users out or act for them, since a GET is believed to do no harm.',
  shows: ['ASVS 3.5.1', 'ASVS 3.5.3', 'ASVS 7.6.2'],
  stage: openSites(),
  legal: {
    ...onSites('a GET from a foreign page reads, and causes nothing', async (visitor, { store }) => {
      store.reset()
      const answer = await visitor.ask('GET', '/api/me', { headers: from.evil })
      expect([answer.status, answer.setCookies, store.counts.writes]).toEqual([200, [], 0])
    }),
    ...onSites('POST of the own page', async (visitor) => {
      expect((await visitor.ask('POST', '/auth/sign-out', { headers: from.own })).status).toBeLessThan(300)
    }),
  },
  hostile: {
    ...joined(
      ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'].map((name) =>
        onSites(`${name} where POST changes something`, async (visitor, served) => {
          for (const target of changing) {
            const ask = () => visitor.ask(name, target, { headers: from.own })
            if (name === 'OPTIONS') {
              expect((await ask()).setCookies).toEqual([])
              await expectIn(visitor)
            } else {
              const answer = await expectUndone(visitor, served, ask)
              expect([answer.status, answer.header('allow')]).toEqual([405, 'OPTIONS, POST'])
            }
          }
        }),
      ),
    ),
    ...joined(
      overrides.map((name) =>
        onSites(`${name} on a GET`, async (visitor, served) => {
          for (const target of changing)
            await expectUndone(visitor, served, () =>
              visitor.ask('GET', `${target}?_method=POST`, { headers: [...from.own, [name, 'POST']] }),
            )
          const read = await visitor.ask('GET', '/auth/session?_method=DELETE', { headers: [[name, 'DELETE']] })
          expect([read.status, read.setCookies]).toEqual([200, []])
          await expectIn(visitor)
        }),
      ),
    ),
    ...onSites('a foreign POST that calls itself a GET', async (visitor, served) => {
      for (const name of overrides) {
        const headers: readonly Header[] = [...from.evil, [name, 'GET']]
        await expectForeign(visitor, served, () => visitor.ask('POST', '/api/notes', { headers, json: {} }))
      }
    }),
    ...joined(
      unsafe.map((name) =>
        onSites(`${name} from a foreign page`, async (visitor, { store }) => {
          store.reset()
          const { status } = await visitor
            .ask(name, '/api/notes', { headers: from.evil })
            .catch(() => ({ status: 400 }))
          // What node itself does not know as a method never gets here.
          expect([400, 403]).toContain(status)
          expect(store.counts.all).toBe(0)
        }),
      ),
    ),
  },
})

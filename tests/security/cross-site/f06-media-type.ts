import { expect } from 'vitest'
import type { Header } from '../../wire/exchange.ts'
import { ada } from '../../wire/visitor.ts'
import { type Attack, attack } from '../attack.ts'
import { expectForeign, expectUndone, from, joined, onSites, openSites } from '../stages/site-pages.ts'

const json = JSON.stringify(ada)
const form = 'application/x-www-form-urlencoded'

/** Bodies that a page can send without asking first, or that pretend to be JSON. */
const bodies: Readonly<Record<string, { readonly type?: string; readonly body: string }>> = {
  'JSON as text': { type: 'text/plain', body: json },
  'JSON as text that says otherwise': { type: 'text/plain; application/json', body: json },
  'JSON without a type': { body: json },
  'JSON in an empty type': { type: '', body: json },
  'JSON as multipart': { type: 'multipart/form-data; boundary=x', body: `--x\r\n\r\n${json}\r\n--x--` },
  'JSON as what only begins like it': { type: 'application/json-seq', body: json },
  'JSON as XML': { type: 'application/xml', body: json },
  'JSON in two types': { type: 'text/plain, application/json', body: json },
}

export const mediaType: Attack = attack({
  ids: ['F6'],
  title: 'JSON under a media type that needs no preflight',
  cost: 'The browser would let any page send what a route believes only the application can.',
  shows: ['ASVS 3.5.1', 'ASVS 3.5.2'],
  stage: openSites(),
  legal: {
    ...onSites('JSON as JSON', async (visitor) => {
      for (const type of ['application/json', 'Application/JSON; charset=utf-8']) {
        const headers: readonly Header[] = [...from.own, ['Content-Type', type]]
        expect((await post(visitor, headers, json)).status).toBe(200)
      }
    }),
    ...onSites('a form of the own page', async (visitor) => {
      const headers: readonly Header[] = [...from.own, ['Content-Type', form]]
      expect((await post(visitor, headers, new URLSearchParams({ ...ada }).toString())).status).toBe(303)
    }),
  },
  hostile: {
    ...joined(
      Object.entries(bodies).map(([name, { type, body }]) =>
        onSites(name, async (visitor, served) => {
          const typed: readonly Header[] = type === undefined ? [] : [['Content-Type', type]]
          const answer = await expectUndone(visitor, served, () => post(visitor, [...from.own, ...typed], body))
          expect(answer.status).toBe(415)
          await expectUndone(visitor, served, () => post(visitor, [...from.evil, ...typed], body))
        }),
      ),
    ),
    ...onSites('JSON in the name of a form field', async (visitor, { store }) => {
      const headers: readonly Header[] = [...from.own, ['Content-Type', form]]
      store.reset()
      const answer = await post(visitor, headers, `${encodeURIComponent(json)}=`)
      expect([answer.header('location'), answer.setCookies, store.counts.writes]).toEqual([
        '/?error=invalid_credentials',
        [],
        0,
      ])
    }),
    ...onSites('a form of a foreign page', (visitor, served) =>
      expectForeign(visitor, served, () =>
        post(visitor, [...from.evil, ['Content-Type', form]], new URLSearchParams({ ...ada }).toString()),
      ),
    ),
  },
})

function post(visitor: Parameters<Parameters<typeof onSites>[1]>[0], headers: readonly Header[], body: string) {
  const question = { method: 'POST', target: '/auth/sign-in', headers: [...visitor.credentials(), ...headers], body }
  return visitor.wire.ask(question)
}

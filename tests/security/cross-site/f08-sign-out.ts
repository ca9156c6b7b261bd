import { expect } from 'vitest'
import type { Header } from '../../wire/exchange.ts'
import { type Attack, attack } from '../attack.ts'
import { expectForeign, expectUndone, from, onSites, openSites, type Site, withCookies } from '../stages/site-pages.ts'

const split: Site = { strategy: 'hybrid', transport: 'split' }
const all = [...withCookies, split]
const form: Header = ['Content-Type', 'application/x-www-form-urlencoded']

export const signOut: Attack = attack({
  ids: ['F8'],
  title: 'a foreign page signs the user out',
  cost: 'Users would be signed out by an image in a forum, as often as they come back.',
  shows: ['ASVS 3.5.1', 'ASVS 3.5.3'],
  stage: openSites(all),
  legal: {
    ...onSites('from the own page', async (visitor) => {
      expect((await visitor.ask('POST', '/auth/sign-out', { headers: from.own })).status).toBeLessThan(300)
      expect((await visitor.ask('GET', '/api/me')).status).toBe(401)
    }),
    ...onSites('by a form of the own page', async (visitor) => {
      const answer = await visitor.ask('POST', '/auth/sign-out', { headers: [...from.own, form] })
      expect([answer.status, visitor.held()]).toEqual([303, []])
    }),
  },
  hostile: {
    ...onSites(
      'by an image',
      async (visitor, served) => {
        for (const target of ['/auth/sign-out', '/auth/sign-out?redirect=/', '/auth/sign-out/'])
          await expectUndone(visitor, served, () => visitor.ask('GET', target, { headers: from.evil }))
      },
      all,
    ),
    ...onSites(
      'by a form',
      (visitor, served, { transport }) => {
        const cookies = visitor.credentials().filter(([name]) => name === 'Cookie')
        const headers = [...cookies, ...(transport === 'split' ? [] : [form]), ...from.evil]
        return expectForeign(visitor, served, () =>
          served.wire.ask({ method: 'POST', target: '/auth/sign-out', headers }),
        )
      },
      all,
    ),
    ...onSites(
      'by ending a session by its name',
      async (visitor, served) => {
        const { json } = await visitor.ask('GET', '/auth/sessions')
        const id = (json as { sessions: { id: string; current: boolean }[] }).sessions.find(
          ({ current }) => current,
        )?.id
        for (const target of [`/auth/sessions/${id}`, '/auth/sessions', '/auth/sessions?others=true'])
          await expectForeign(visitor, served, () => visitor.ask('DELETE', target, { headers: from.evil }))
      },
      withCookies.filter(({ strategy }) => strategy !== 'token'),
    ),
  },
})

import { expect } from 'vitest'
import type { Header } from '../../wire/exchange.ts'
import { grace, newVisitor, whoIs } from '../../wire/visitor.ts'
import { type Attack, attack, type Inputs } from '../attack.ts'
import { expectForeign, from, joined, onSites, openSites, type Sites } from '../stages/site-pages.ts'

const foreign: Readonly<Record<string, readonly Header[]>> = {
  'from another site': from.evil,
  'from a browser without Fetch Metadata': [['Origin', 'https://evil.example']],
  'from a sandboxed frame': [['Sec-Fetch-Site', 'cross-site'], ['Origin', 'null']],
  'from a sibling': [['Sec-Fetch-Site', 'same-site'], ['Origin', 'https://blog.app.example']],
  'without a word of where': [],
} // biome-ignore format: a table

const types = ['application/json', 'application/x-www-form-urlencoded'] as const

export const signIn: Attack = attack({
  ids: ['F7'],
  title: 'a foreign page signs the user in, as the attacker',
  cost: 'The user would go on in the attacker’s account, and type in there what is theirs.',
  shows: ['ASVS 3.5.1', 'ASVS 7.6.2'],
  stage: openSites(),
  legal: onSites('as somebody else, from the own page', async (visitor) => {
    expect((await visitor.signIn(grace)).status).toBe(200)
    expect(await whoIs(visitor)).toBe('grace')
  }),
  hostile: {
    ...inputs('while somebody is signed in', false),
    ...inputs('while nobody is', true),
    ...onSites('under a transport that is not offered here', async (visitor, { store }) => {
      store.reset()
      const headers: readonly Header[] = [...from.evil, ['Handstamp-Transport', 'bearer']]
      const answer = await visitor.ask('POST', '/auth/sign-in', { headers, json: grace })
      expect([answer.status, answer.setCookies, store.counts.all]).toEqual([400, [], 0])
      expect(await whoIs(visitor)).toBe('ada')
    }),
  },
})

function inputs(when: string, alone: boolean): Inputs<Sites> {
  return joined(
    Object.entries(foreign).map(([name, headers]) =>
      onSites(`${name}, ${when}`, async (visitor, served, { transport }) => {
        const asking = alone ? newVisitor(served.wire, transport) : visitor
        for (const type of types)
          await expectForeign(visitor, served, async () => {
            const answer = await served.wire.ask({
              method: 'POST',
              target: '/auth/sign-in',
              headers: [...asking.credentials(), ['Content-Type', type], ...headers],
              body: type === 'application/json' ? JSON.stringify(grace) : new URLSearchParams({ ...grace }).toString(),
            })
            return asking.keep(answer)
          })
        expect(await whoIs(asking)).toBe(alone ? null : 'ada')
      }),
    ),
  )
}

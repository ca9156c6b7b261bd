import { expect } from 'vitest'
import type { Header } from '../../wire/exchange.ts'
import { unknownRefresh } from '../../wire/outward-answers.ts'
import type { Served } from '../../wire/served-auth.ts'
import { ownPage, type Visitor } from '../../wire/visitor.ts'
import { type Attack, attack, type Inputs } from '../attack.ts'
import { expectRefreshed, type FamilyStage, familyStage, overEach } from '../stages/refresh-family.ts'

const evil: Header = ['Origin', 'https://evil.example']

/** What another page can make a browser send; none of it is the application's own. */
const foreign: Readonly<Record<string, readonly Header[]>> = {
  'no header that tells anything': [],
  'from another site': [['Sec-Fetch-Site', 'cross-site'], evil],
  'from a sibling': [
    ['Sec-Fetch-Site', 'same-site'],
    ['Origin', 'https://blog.app.example'],
  ],
  'from a sandboxed frame': [
    ['Sec-Fetch-Site', 'cross-site'],
    ['Origin', 'null'],
  ],
  'from a browser without Fetch Metadata': [evil],
}

/** Over the transports whose refresh token is in a cookie, which a browser sends by itself. */
function overCookies(name: string, attempt: (visitor: Visitor, served: Served) => unknown): Inputs<FamilyStage> {
  return overEach(name, attempt, ['cookie', 'split'])
}

/** The request changes nothing: no cookie goes, nothing is written, and the user refreshes as before. */
async function harmless(visitor: Visitor, served: Served, ask: () => ReturnType<Visitor['ask']>) {
  const held = visitor.held()
  served.store.reset()
  const answer = await ask()
  expect(answer.status).not.toBe(200)
  expect([answer.setCookies, served.store.counts.writes, visitor.held()]).toEqual([[], 0, held])
  await expectRefreshed(visitor)
}

function refreshed(name: string, headers: readonly Header[]): Inputs<FamilyStage> {
  return overCookies(name, (visitor, served) => harmless(visitor, served, () => visitor.refresh(headers)))
}

export const forcedSignOut: Attack = attack({
  ids: ['E18', 'supertokens-node #141'],
  title: 'a refresh that another page causes, to sign the user out',
  cost: 'Any page that a user opens could sign them out of the application, again and again.',
  shows: ['ASVS 3.5.1', 'ASVS 3.5.3'],
  stage: familyStage,
  legal: {
    ...overCookies('from the own page', expectRefreshed),
    ...overCookies('with the header that no foreign page can send', async (visitor) => {
      const headers: readonly Header[] = [
        ['Content-Type', 'application/json'],
        ['Handstamp-Transport', 'cookie'],
      ]
      expect((await visitor.refresh(headers)).status).toBe(200)
    }),
  },
  hostile: {
    ...Object.assign({}, ...Object.entries(foreign).map(([name, headers]) => refreshed(name, headers))),
    ...overCookies('by an image', (visitor, served) =>
      harmless(visitor, served, () => visitor.ask('GET', '/auth/refresh')),
    ),
    ...overCookies('with a dead cookie planted beside the live one', (visitor, served) =>
      harmless(visitor, served, () => {
        const jar = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
        const headers: readonly Header[] = [['Cookie', `${jar}; ${served.wire.refresh}=${unknownRefresh}`], ...ownPage]
        return served.wire.ask({ method: 'POST', target: '/auth/refresh', headers })
      }),
    ),
    ...overCookies('with a body that is none', (visitor, served) =>
      harmless(visitor, served, () =>
        visitor.ask('POST', '/auth/refresh', { headers: [...ownPage, ['Content-Type', 'text/plain']], json: {} }),
      ),
    ),
    ...overEach('while the store is down', async (visitor, served) => {
      const held = visitor.held()
      served.store.plan(() => 'reject')
      const answer = await visitor.refresh()
      served.store.plan()
      expect([answer.status, answer.setCookies, visitor.held()]).toEqual([503, [], held])
      await expectRefreshed(visitor)
    }),
  },
})

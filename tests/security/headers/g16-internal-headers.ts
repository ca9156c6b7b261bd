import { expect } from 'vitest'
import type { Header } from '../../wire/exchange.ts'
import { ownPage } from '../../wire/visitor.ts'
import { type Attack, attack, type Inputs } from '../attack.ts'
import { expectNothingGiven, member, onPairs, type PairStage, pairStage, stranger } from '../stages/session-pairs.ts'

/** By which frameworks, gateways and we ourselves might pass on what was found out. */
const internal: Readonly<Record<string, string>> = {
  'X-Middleware-Subrequest': 'middleware:middleware:middleware:middleware:middleware',
  'X-Middleware-Next': '1',
  'X-Middleware-Rewrite': '/',
  'X-Middleware-Override-Headers': 'authorization',
  'X-Handstamp-User': 'ada',
  'X-Handstamp-Session': 'ada',
  'Handstamp-User': 'ada',
  'Handstamp-Authenticated': 'true',
  'X-User': 'ada',
  'X-User-Id': 'ada',
  'X-Auth-Request-User': 'ada',
  'X-Authenticated-User': 'ada',
  'X-Forwarded-User': 'ada',
  'X-Remote-User': 'ada',
  'Remote-User': 'ada',
  'X-JWT-Payload': Buffer.from('{"sub":"ada"}').toString('base64url'),
  'X-Apigateway-Api-Userinfo': Buffer.from('{"sub":"ada"}').toString('base64url'),
  'X-Client-Cert': 'CN=ada',
  'X-SSL-Client-Verify': 'SUCCESS',
  'X-Internal': '1',
}
const all: readonly Header[] = Object.entries(internal)

function eachHeader(): Inputs<PairStage> {
  return Object.assign(
    {},
    ...[...all.map((header) => [header]), all].map((headers) =>
      onPairs(headers.length > 1 ? 'all of them at once' : (headers[0]?.[0] ?? ''), async (served, pair) => {
        const visitor = stranger(served, pair)
        for (const target of ['/api/me', '/auth/sessions']) {
          const plain = await visitor.ask('GET', target)
          const answer = await visitor.ask('GET', target, { headers: [...ownPage, ...headers] })
          expect([answer.status, answer.text]).toEqual([plain.status, plain.text])
          expect(answer.status).not.toBe(200)
          expectNothingGiven(answer)
        }
      }),
    ),
  ) as Inputs<PairStage>
}

export const internalHeaders: Attack = attack({
  ids: ['G16', 'CVE-2025-29927'],
  title: 'a header that only the inside of a server would write',
  cost: 'Anybody could skip the whole check by one line that stands in a public bug report.',
  shows: [],
  stage: pairStage(),
  legal: onPairs('ada, with all of them that name somebody else', async (served, pair) => {
    const visitor = await member(served, pair)
    const named = all.map(([name, value]): Header => [name, value.replace('ada', 'grace')])
    const { status, json } = await visitor.ask('GET', '/api/me', { headers: [...ownPage, ...named] })
    expect([status, json]).toMatchObject([200, { user: { id: 'ada' } }])
  }),
  hostile: eachHeader(),
})

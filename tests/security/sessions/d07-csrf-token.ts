import { expect } from 'vitest'
import { expectRefusal } from '../../wire/expectations.ts'
import type { Served } from '../../wire/served-auth.ts'
import { ada, grace, newVisitor, ownPage, type Visitor } from '../../wire/visitor.ts'
import { type Attack, attack } from '../attack.ts'
import { expectKnown, member, onPairs, type Pair, pairStage } from '../stages/session-pairs.ts'

const cookies: readonly Pair[] = [
  { strategy: 'session', transport: 'cookie' },
  { strategy: 'token', transport: 'cookie' },
  { strategy: 'token+store', transport: 'cookie' },
  { strategy: 'hybrid', transport: 'cookie' },
  { strategy: 'hybrid', transport: 'split' },
]

/** Where frameworks look for the token of a form, each with the same one in a cookie, as a double submit sends it. */
const token = 'd'.repeat(43)
const tokenHeaders = ['X-CSRF-Token', 'X-XSRF-Token', 'CSRF-Token', 'X-CSRFToken', 'Handstamp-CSRF']
const tokenCookies = ['csrf', '_csrf', 'csrftoken', 'XSRF-TOKEN', '__Host-csrf', '__Host-handstamp-csrf']
const site = [['Sec-Fetch-Site', 'cross-site'], ['Origin', 'https://evil.example']] as const // biome-ignore format: a list

function withToken(visitor: Visitor): Visitor {
  const copy = visitor.copy()
  for (const name of tokenCookies) copy.cookies.set(name, token)
  return copy
}

function fromElsewhere(visitor: Visitor, path: string, json: unknown = {}) {
  const headers = [...site, ...tokenHeaders.map((name) => [name, token] as const)]
  return withToken(visitor).ask('POST', `${path}?_csrf=${token}&csrf_token=${token}`, {
    headers,
    json: { ...(json as object), _csrf: token, csrfToken: token, csrf_token: token },
  })
}

async function expectCrossSite(served: Served, answer: ReturnType<typeof fromElsewhere>): Promise<void> {
  served.store.reset()
  expectRefusal(await answer, { status: 403, code: 'cross_site' })
  expect(served.store.counts.writes).toBe(0)
}

export const csrfToken: Attack = attack({
  ids: ['D7', 'CVE-2023-29020'],
  title: 'a token against forgery that the attacker had before the sign-in, or wrote into a cookie',
  cost: 'A page anywhere could act as whoever visits it, by a token that was never theirs.',
  shows: ['ASVS 3.5.1'],
  stage: pairStage({}, cookies),
  legal: {
    ...onPairs(
      'the same requests of the application’s own page, without any token',
      async (served, pair) => {
        const visitor = await member(served, pair)
        expect((await visitor.refresh()).status).toBe(200)
        await expectKnown(visitor)
        expect([200, 204]).toContain((await visitor.ask('POST', '/auth/sign-out')).status)
      },
      cookies,
    ),
    ...onPairs(
      'a wrong token in a request of its own page, which nobody reads',
      async (served, pair) => {
        const visitor = withToken(await member(served, pair))
        const { status } = await visitor.ask('POST', '/auth/refresh', {
          headers: [...ownPage, ['X-CSRF-Token', 'wrong']],
        })
        expect(status).toBe(200)
      },
      cookies,
    ),
  },
  hostile: {
    ...onPairs(
      'a refresh from another page',
      async (served, pair) => expectCrossSite(served, fromElsewhere(await member(served, pair), '/auth/refresh')),
      cookies,
    ),
    ...onPairs(
      'a sign-out from another page',
      async (served, pair) => {
        const visitor = await member(served, pair)
        const cookiesAlone = newVisitor(visitor.wire, visitor.transport, { cookies: visitor.cookies, tokens: {} })
        await expectCrossSite(served, fromElsewhere(cookiesAlone, '/auth/sign-out'))
        await expectKnown(visitor)
      },
      cookies,
    ),
    ...onPairs(
      'a sign-in as the attacker from another page',
      async (served, pair) => {
        const visitor = await member(served, pair)
        await expectCrossSite(served, fromElsewhere(visitor, '/auth/sign-in', grace))
        await expectKnown(visitor)
      },
      cookies,
    ),
    ...onPairs(
      'a sign-in as the attacker before anybody is there',
      async (served, pair) =>
        expectCrossSite(served, fromElsewhere(newVisitor(served.wire, pair.transport), '/auth/sign-in', ada)),
      cookies,
    ),
  },
})

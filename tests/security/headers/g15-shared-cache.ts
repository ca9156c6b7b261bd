import { expect } from 'vitest'
import { grace, newVisitor } from '../../wire/visitor.ts'
import { type Attack, attack, type Inputs } from '../attack.ts'
import { cacheBefore, expectUnshared, type Manner } from '../stages/header-cache.ts'
import { expectKnown, member, onPairs, type PairStage, pairStage } from '../stages/session-pairs.ts'

const manners: readonly Manner[] = ['obedient', 'greedy', 'deaf']
const targets = ['/api/me', '/api/fresh', '/auth/session', '/auth/sessions']

function throughEach(): Inputs<PairStage> {
  return Object.assign(
    {},
    ...manners.map((manner) =>
      onPairs(`an answer to ada that a cache which is ${manner} hands to others`, async (served, pair) => {
        const cache = cacheBefore(served.wire, manner)
        const [visitor, other] = [await member(served, pair), await member(served, pair, grace)]
        for (const target of targets) await expectUnshared(cache, visitor, other, target)
      }),
    ),
  ) as Inputs<PairStage>
}

export const sharedCache: Attack = attack({
  ids: ['G15', 'CVE-2025-48947', 'CVE-2025-64762'],
  title: 'a cache on the way that keeps the answer, or the cookie, of somebody who is signed in',
  cost: 'The next visitor of the page would be signed in as the one before, and nobody would have attacked anything.',
  shows: [],
  stage: pairStage(),
  legal: {
    ...onPairs('ada, who gets her own answers through the cache', async (served, pair) => {
      const visitor = await member(served, pair)
      const cache = cacheBefore(served.wire, 'deaf')
      for (const turn of ['asked', 'asked once more']) {
        const { answer } = await cache.ask(visitor, '/api/me')
        expect([turn, answer.status, answer.json]).toMatchObject([turn, 200, { user: { id: 'ada' } }])
      }
    }),
    ...onPairs(
      'the public keys, which an obedient cache keeps for everybody',
      async (served, pair) => {
        const cache = cacheBefore(served.wire, 'obedient')
        await cache.ask(await member(served, pair), '/auth/jwks.json')
        const { answer, hit } = await cache.ask(newVisitor(served.wire, pair.transport), '/auth/jwks.json')
        expect([hit, answer.status]).toEqual([true, 200])
      },
      [{ strategy: 'hybrid', transport: 'bearer' }],
    ),
  },
  hostile: {
    ...throughEach(),
    ...onPairs('an application that calls its own answer public', async ({ auth, wire }, pair) => {
      const visitor = await member({ auth, wire } as Parameters<typeof member>[0], pair)
      const headers = visitor.credentials().map(([name, value]): [string, string] => [name, value])
      const result = await auth.authenticate(new Request(`${auth.origin}/`, { headers }))
      const own = new Response('page', { headers: { 'cache-control': 'public, max-age=600', vary: 'Accept' } })
      const answer = auth.apply(result, own)
      expect(answer.headers.get('cache-control')).toBe('private, no-store')
      expect(answer.headers.get('vary')).toMatch(/^Accept, (?:Cookie|Authorization)/)
    }),
    ...onPairs('the same where a cookie is set, cleared, or a token given', async (served, pair) => {
      const visitor = await member(served, pair)
      await expectKnown(visitor)
      const { auth } = served
      const request = () =>
        new Request(`${auth.origin}/`, {
          headers: visitor.credentials().map(([name, value]): [string, string] => [name, value]),
        })
      const asked = pair.transport === 'bearer' ? {} : { headers: { 'handstamp-transport': pair.transport } }
      const granted = await auth.signIn({ id: 'ada', role: 'admin' }, new Request(`${auth.origin}/`, asked))
      const out = await auth.signOut(request())
      for (const result of pair.transport === 'bearer' ? [granted] : [granted, out]) {
        const own = new Response('page', { headers: { 'cache-control': 'public, max-age=600' } })
        expect(auth.apply(result, own).headers.get('cache-control')).toBe('private, no-store')
      }
    }),
  },
})

import { memoryStore } from '@handstamp/server'
import { contractRecord, fakeClock } from '@handstamp/server/testing'
import { expect } from 'vitest'
import { malformed, pairs, unknownRefresh, unknownSession } from '../../wire/outward-answers.ts'
import { type Attack, attack, type Inputs } from '../attack.ts'
import {
  expectKnown,
  expectNothingGiven,
  member,
  onPairs,
  type PairStage,
  pairStage,
  stranger,
} from '../stages/session-pairs.ts'

/** Requests past the network for each of the pairs; in all of them as many as HANDSTAMP_FLOOD says. */
const perPair = process.env.HANDSTAMP_FLOOD ? Math.ceil(Number(process.env.HANDSTAMP_FLOOD) / pairs.length) : 10_000

const presented = ['', unknownSession, unknownRefresh, ...malformed]

/** A store with room for three, the clock that it reads, and a way to sign in. */
function smallStore() {
  const clock = fakeClock()
  const store = memoryStore({ maxSessions: 3, clock })
  async function signIn(changes: Parameters<typeof contractRecord>[0] = {}): Promise<string> {
    const record = contractRecord({ createdAt: clock(), ...changes })
    expect(await store.save(record.id, record, { epoch: undefined, cap: 10 })).toBe('saved')
    return record.id
  }
  const kept = async (ids: readonly string[]) =>
    Promise.all(ids.map(async (id) => (await store.find(id)) !== undefined))
  return { clock, store, signIn, kept }
}

const room: Inputs<PairStage> = {
  'one session more than there is room: what is expired goes, and nobody else': async () => {
    const { clock, signIn, kept } = smallStore()
    const [first, expiring, third] = [await signIn(), await signIn({ idleUntil: clock() + 1_000 }), await signIn()]
    clock.advance('2s')
    const fourth = await signIn()
    expect(await kept([first, expiring, third, fourth])).toEqual([true, false, true, true])
  },
  'none is expired: who was away longest goes': async () => {
    const { store, signIn, kept } = smallStore()
    const [first, second, third] = [await signIn(), await signIn(), await signIn()]
    await store.find(first)
    const fourth = await signIn()
    expect(await kept([first, second, third, fourth])).toEqual([true, false, true, true])
  },
  'ten thousand sign-ins: never more than there is room for': async () => {
    const { signIn, kept } = smallStore()
    const ids: string[] = []
    for (let entry = 0; entry < 10_000; entry += 1) ids.push(await signIn())
    expect((await kept(ids)).filter(Boolean)).toHaveLength(3)
  },
}

export const anonymousFlood: Attack = attack({
  ids: ['C20'],
  title: 'requests of nobody, as many as a network carries',
  cost: 'A crawler would fill the store with empty sessions until the real ones have to go.',
  shows: ['ASVS 7.6.2'],
  stage: pairStage(),
  legal: onPairs('a sign-in, which is the one thing that writes', async (served, pair) => {
    served.store.reset()
    await expectKnown(await member(served, pair))
    expect(served.store.calls.save).toBe(pair.strategy === 'token' ? 0 : 1)
  }),
  hostile: {
    ...onPairs('every route and page without a credential, or with one of nobody', async (served, pair) => {
      served.store.reset()
      for (const text of presented) {
        const visitor = stranger(served, pair)
        if (text !== '' && pair.transport !== 'cookie') visitor.tokens.access = text
        if (text !== '' && pair.transport !== 'bearer')
          visitor.cookies.set(served.wire.access, text).set(served.wire.refresh, text)
        for (const [method, path] of [
          ['GET', '/api/me'],
          ['POST', '/api/notes'],
          ['GET', '/auth/session'],
          ['GET', '/auth/sessions'],
          ['POST', '/auth/refresh'],
          ['GET', '/auth/sign-in'],
          ['HEAD', '/auth/session'],
        ] as const)
          expectNothingGiven(await visitor.copy().ask(method, path))
      }
      expect(served.store.counts.writes).toBe(0)
    }),
    ...onPairs('thousands of requests past the network', async (served, pair) => {
      served.store.reset()
      const name = pair.transport === 'cookie' ? 'cookie' : 'authorization'
      const value = pair.transport === 'cookie' ? `${served.wire.access}=${unknownSession}` : `Bearer ${unknownSession}`
      const face = (held: string | null) => ({
        method: 'GET',
        url: `${served.auth.origin}/`,
        headers: { get: (header: string) => (header === name ? held : null) },
      })
      for (let request = 0; request < perPair; request += 1) {
        const { ok, effects } = await served.auth.authenticate(face(request % 2 === 0 ? null : value))
        if (ok || effects.some(({ type }) => type === 'set-cookie')) throw new Error('nobody was let in')
      }
      expect(served.store.counts.writes).toBe(0)
    }),
    ...room,
  },
})

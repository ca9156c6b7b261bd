import { randomBytes } from 'node:crypto'
import { decodeBase64url, encodeBase64url } from '@handstamp/core/base64url'
import { expect } from 'vitest'
import type { Served } from '../../wire/served-auth.ts'
import { type Attack, attack, type Inputs } from '../attack.ts'
import { expectKnown, member, onPairs, type Pair, type PairStage, pairStage } from '../stages/session-pairs.ts'

const sessions: readonly Pair[] = [
  { strategy: 'session', transport: 'cookie' },
  { strategy: 'session', transport: 'bearer' },
]

/** A credential of ada, and what the server says of others: the verdict, and the ids that were looked up for it. */
async function target(served: Served, pair: Pair) {
  const visitor = await member(served, pair)
  const genuine = visitor.held()[0] ?? ''
  const at = genuine.lastIndexOf('.') + 1
  const secret = decodeBase64url(genuine.slice(at)) ?? new Uint8Array()
  const { auth, store, wire } = served
  const name = pair.transport === 'cookie' ? 'cookie' : 'authorization'
  async function judge(text: string) {
    const looked: string[] = []
    store.plan(({ args }) => {
      looked.push(String(args[0]))
      return undefined
    })
    const value = pair.transport === 'cookie' ? `${wire.access}=${text}` : `Bearer ${text}`
    const headers = { get: (header: string) => (header === name ? value : null) }
    const result = await auth.authenticate({ method: 'GET', url: `${auth.origin}/`, headers }, { readOnly: true })
    store.plan()
    return { verdict: result.ok ? result.session.user.id : result.reason, looked }
  }
  return { visitor, genuine, prefix: genuine.slice(0, at), secret, judge }
}

const everyBit = Array.from({ length: 256 }, (_, bit) => bit)

function flipped(secret: Uint8Array, bit: number): Uint8Array {
  return secret.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
}

/** The characters that two texts share from the start. */
function shared(a: string, b: string): number {
  let at = 0
  while (at < a.length && a[at] === b[at]) at += 1
  return at
}

const legal: Inputs<PairStage> = {
  ...onPairs('the id itself', async (served, pair) => expectKnown(await member(served, pair)), sessions),
  ...onPairs(
    'the id itself, looked up once by its digest',
    async (served, pair) => {
      const { genuine, judge } = await target(served, pair)
      const { verdict, looked } = await judge(genuine)
      expect([verdict, looked.length, looked.some((id) => genuine.includes(id.slice(17)))]).toEqual(['ada', 1, false])
    },
    sessions,
  ),
}

export const guessedIds: Attack = attack({
  ids: ['C2', 'C3'],
  title: 'ids that are guessed from one that is known, a bit or a character at a time',
  cost: 'An id of one’s own would lead to those of others, and the time of a refusal would say how near a guess is.',
  shows: ['ASVS 7.2.3', 'SP 800-63B-4 §5.1'],
  stage: pairStage({}, sessions),
  legal,
  hostile: {
    ...onPairs(
      'each of its 256 bits turned',
      async (served, pair) => {
        const { secret, prefix, judge } = await target(served, pair)
        for (const bit of everyBit)
          expect((await judge(prefix + encodeBase64url(flipped(secret, bit)))).verdict).toBe('unknown')
      },
      sessions,
    ),
    ...onPairs(
      'the next ones and those before, if it were a number',
      async (served, pair) => {
        const { secret, prefix, judge } = await target(served, pair)
        const number = BigInt(`0x${Buffer.from(secret).toString('hex')}`)
        for (let step = -500n; step <= 500n; step += 1n) {
          if (step === 0n) continue
          const bytes = Buffer.from(
            BigInt.asUintN(256, number + step)
              .toString(16)
              .padStart(64, '0'),
            'hex',
          )
          expect((await judge(prefix + encodeBase64url(bytes))).verdict).toBe('unknown')
        }
      },
      sessions,
    ),
    ...onPairs(
      'the start of it and another end: what is looked up shares no start, so no comparison can take longer',
      async (served, pair) => {
        const { secret, prefix, genuine, judge } = await target(served, pair)
        const [key = ''] = (await judge(genuine)).looked
        let together = 0
        for (const bit of everyBit) {
          const { looked } = await judge(prefix + encodeBase64url(flipped(secret, bit)))
          expect(looked).toHaveLength(1)
          together += shared(key.slice(17), looked[0]?.slice(17) ?? '')
        }
        // By chance 1/63 of a character each; a guess that shared its start would share dozens.
        expect(together / everyBit.length).toBeLessThan(0.5)
      },
      sessions,
    ),
    ...onPairs(
      'twenty thousand at random: each is asked for once, and nothing is kept of it',
      async (served, pair) => {
        const { prefix, judge } = await target(served, pair)
        served.store.reset()
        for (let guess = 0; guess < 20_000; guess += 1) {
          const { verdict } = await judge(prefix + encodeBase64url(randomBytes(32)))
          if (verdict !== 'unknown') throw new Error(`a guess is ${verdict}`)
        }
        expect(served.store.counts).toEqual({ all: 20_000, reads: 20_000, writes: 0 })
      },
      sessions,
    ),
    ...onPairs(
      'another form of the same bytes',
      async (served, pair) => {
        const { genuine, judge } = await target(served, pair)
        const last = genuine.at(-1) ?? ''
        const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
        // The last character carries four bits; the two others must be zero, or one secret would have four texts.
        const others = [1, 2, 3].map((low) => alphabet[(alphabet.indexOf(last) & ~3) | low] ?? '')
        for (const end of others.filter((letter) => letter !== last)) {
          expect(await judge(genuine.slice(0, -1) + end)).toEqual({ verdict: 'malformed', looked: [] })
        }
      },
      sessions,
    ),
  },
})

import { randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import { type Attack, attack } from '../attack.ts'
import { type JwksStage, jwksOf, jwksStage, outcome } from '../stages/jwks-server.ts'
import { newHandKey } from '../stages/token-keys.ts'

/** Its signatures are the quickest to check. */
const rsa = newHandKey('RS256')

const strangers = ({ sign }: JwksStage, size: number): readonly string[] =>
  Array.from({ length: size }, () => sign(undefined, { kid: randomBytes(8).toString('hex') }))

export const randomKeyIds: Attack = attack({
  ids: ['A46', 'R14'],
  title: 'a flood of tokens with key ids that nobody knows, and a crowd in front of a cold cache',
  cost: 'Each request to any service would be one to the issuer, whom the attacker needs not even know.',
  shows: ['RFC 8725 §3.10'],
  stage: jwksStage,
  legal: {
    'ten thousand at once in front of a cold cache are one request': async (stage) => {
      stage.answer(jwksOf(rsa))
      const [verify, before, token] = [stage.newVerifier(), stage.asked, stage.sign(rsa)]
      const outcomes = await Promise.all(Array.from({ length: 10_000 }, () => outcome(verify, token)))
      expect(new Set(outcomes)).toEqual(new Set(['ok']))
      expect(stage.asked).toBe(before + 1)
      stage.answer()
    },
    'a key that is new is found by the first who shows it': async (stage) => {
      const verify = stage.newVerifier()
      expect(await outcome(verify, stage.sign())).toBe('ok')
      const next = newHandKey('ES256')
      stage.answer(jwksOf(stage.key, next))
      stage.clock.advance('30s')
      expect(await outcome(verify, stage.sign(next))).toBe('ok')
      stage.answer()
    },
  },
  hostile: {
    'a thousand unknown ids within a second': async (stage) => {
      const verify = stage.newVerifier()
      expect(await outcome(verify, stage.sign())).toBe('ok')
      stage.clock.advance('30s')
      const before = stage.asked
      for (const token of strangers(stage, 1_000)) {
        expect(await outcome(verify, token)).toBe('unknown_key')
        stage.clock.advance(1)
      }
      expect(stage.asked).toBe(before + 1)
    },
    'a thousand at once': async (stage) => {
      const verify = stage.newVerifier()
      const before = stage.asked
      const outcomes = await Promise.all(strangers(stage, 1_000).map((token) => outcome(verify, token)))
      expect(new Set(outcomes)).toEqual(new Set(['unknown_key']))
      expect(stage.asked).toBe(before + 1)
    },
    'an hour of it is two requests a minute at most, and keeps nobody out': async (stage) => {
      const verify = stage.newVerifier()
      const before = stage.asked
      for (let second = 0; second < 3_600; second += 5) {
        const [stranger = ''] = strangers(stage, 1)
        expect(await outcome(verify, stranger)).toBe('unknown_key')
        if (second % 60 === 0) expect(await outcome(verify, stage.sign())).toBe('ok')
        stage.clock.advance('5s')
      }
      expect(stage.asked - before).toBeLessThanOrEqual(121)
    },
    'a thousand while the server of the keys is down': async (stage) => {
      stage.answer('oops', {}, 500)
      const verify = stage.newVerifier()
      const before = stage.asked
      const outcomes = await Promise.all(strangers(stage, 1_000).map((token) => outcome(verify, token)))
      expect(new Set(outcomes)).toEqual(new Set(['ERR_JWKS_UNAVAILABLE']))
      for (const token of strangers(stage, 100)) await outcome(verify, token)
      expect(stage.asked).toBe(before + 1)
      stage.answer()
    },
    'a clock that is set back does not open the gate': async (stage) => {
      const verify = stage.newVerifier()
      expect(await outcome(verify, stage.sign())).toBe('ok')
      const before = stage.asked
      stage.clock.advance(-3_600_000)
      for (const token of strangers(stage, 100)) await outcome(verify, token)
      expect(stage.asked).toBeLessThanOrEqual(before + 1)
      stage.clock.advance('1h')
    },
  },
})

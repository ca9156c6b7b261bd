import { outwardAnswer, type Rejection } from '@handstamp/core/rejection'
import { expect } from 'vitest'
import { type Attack, attack, each } from '../attack.ts'
import { compact, type Fields, newHandKey, signerOf } from '../stages/token-keys.ts'
import { bytesOf, expectExpired, expectRefused, expectTaken, show, type VerifierStage, verifierStage } from '../stages/verifier.ts' // biome-ignore format: one row

const stranger = newHandKey('ES256')

/** A token for each reason that a service knows; all but the last two are well signed. */
const tokens: Readonly<Record<Rejection & string, (stage: VerifierStage) => string>> = {
  malformed: (stage) => stage.sign({ claims: { exp: undefined } }),
  unsupported_algorithm: (stage) => stage.sign({ header: { alg: 'ES256K' } }),
  wrong_type: (stage) => stage.sign({ header: { typ: 'JWT' } }),
  unknown_key: (stage) => stage.sign({ header: { kid: 'unknown' } }),
  wrong_issuer: (stage) => stage.sign({ claims: { iss: 'https://evil.example' } }),
  wrong_audience: (stage) => stage.sign({ claims: { aud: 'https://evil.example' } }),
  not_yet_valid: (stage) => stage.sign({ claims: { nbf: stage.now() + 600 } }),
  binding: (stage) => stage.sign({ claims: { cnf: { jkt: 'x' } } }),
  bad_signature: (stage) => compact(stage.header, stage.claims, signerOf('ES256', stranger.key)),
} as Record<Rejection, (stage: VerifierStage) => string>

/** An expired token with one thing more that is wrong. */
const expiredAnd = {
  'of another issuer': { iss: 'https://evil.example' },
  'for another audience': { aud: 'https://evil.example' },
  'about nobody': { sub: '' },
  'bound to a key': { cnf: { jkt: 'x' } },
} as const

const past = ({ now }: VerifierStage): Fields => ({ iat: now() - 600, nbf: now() - 600, exp: now() - 300 })

export const oracle: Attack = attack({
  ids: ['one-answer'],
  title: 'asking why a token was refused',
  cost: 'A forger would learn which keys there are, and at each attempt how far it came.',
  shows: ['ASVS 9.1.1'],
  stage: verifierStage,
  legal: {
    'a genuine token is told that it has expired, and nothing more': (stage) =>
      expectExpired(stage, stage.sign({ claims: past(stage) })),
    'the token itself': (stage) => expectTaken(stage, stage.token),
  },
  hostile: {
    ...each(
      Object.fromEntries(Object.entries(tokens).map((entry) => [entry[0], entry])),
      async (stage: VerifierStage, [reason, make]) => {
        // The reason is there, for events, and is not told.
        expect(await stage.verify(make(stage))).toMatchObject({ ok: false, reason })
        expect(outwardAnswer({ reason: reason as Rejection })).toEqual(outwardAnswer({ reason: 'bad_signature' }))
        await expectRefused(stage, make(stage))
      },
    ),
    ...each(
      Object.fromEntries(Object.entries(expiredAnd).map(([name, claims]) => [`expired and ${name}`, claims])),
      (stage: VerifierStage, claims) => expectRefused(stage, stage.sign({ claims: { ...past(stage), ...claims } })),
    ),
    'expired and signed by a stranger': (stage) =>
      expectRefused(stage, compact(stage.header, { ...stage.claims, ...past(stage) }, signerOf('ES256', stranger.key))),
    'the answers to all of them side by side': async (stage) => {
      const answers = []
      for (const make of Object.values(tokens)) answers.push(bytesOf(await show(stage.served, make(stage))))
      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    },
    'nothing of a refused token is in its answer': async (stage) => {
      for (const make of Object.values(tokens)) {
        const token = make(stage)
        const answer = JSON.stringify(bytesOf(await show(stage.served, token)))
        for (const part of token.split('.')) expect(answer).not.toContain(part)
        expect(answer).not.toContain(String(stage.header.kid))
      }
    },
  },
})

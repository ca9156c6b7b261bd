import { createVerifier } from '@handstamp/server'
import { expect } from 'vitest'
import { schemaOf, type User } from '../../wire/served-auth.ts'
import { type Attack, attack, each } from '../attack.ts'
import { expectExpired, expectRefused, expectRefusedByService, expectTaken, type VerifierStage, verifierStage } from '../stages/verifier.ts' // biome-ignore format: one row

const times = { exp: 'exp', iat: 'iat', nbf: 'nbf', auth_time: 'auth_time' } as const
const names = Object.values(times)

/** JSON of values that are no time. */
const values = {
  'a text': '"9999999999"',
  'a text of a time that is right': '"TIME"',
  null: 'null',
  true: 'true',
  false: 'false',
  'a list': '[]',
  'a list of the right one': '[TIME]',
  'an object': '{}',
  'an object with a value': '{"valueOf":TIME}',
  'more than a number can be': '1e400',
  'less than a number can be': '-1e400',
  negative: '-1',
  'NaN, which is no JSON': 'NaN',
  'Infinity, which is no JSON': 'Infinity',
  'with a fraction': 'TIME.5',
  'greater than is exact': '9007199254740993',
  hexadecimal: '0x7fffffff',
  'with a zero before': '0TIME',
  'the empty text': '""',
} as const

/** The claims with one of them as a text of JSON. */
function withJson({ claims }: VerifierStage, name: string, json: string): string {
  const rest = JSON.stringify({ ...claims, [name]: undefined })
  return `${rest.slice(0, -1)},"${name}":${json.replace('TIME', String(claims[name]))}}`
}

export const tokenTimes: Attack = attack({
  ids: ['A27', 'A28', 'A29', 'A30'],
  title: 'times that are missing, no numbers, or beyond belief',
  cost: 'A token would never expire, which nobody notices until it is stolen.',
  shows: ['ASVS 9.2.1'],
  stage: verifierStage,
  legal: {
    ...each(times, (stage: VerifierStage, name) =>
      expectTaken(stage, stage.signAs(stage.header, withJson(stage, name, 'TIME'))),
    ),
    'exp not yet passed, by the tolerance of 5 seconds': (stage) =>
      expectTaken(
        stage,
        stage.sign({ claims: { iat: stage.now() - 60, nbf: stage.now() - 60, exp: stage.now() - 4 } }),
      ),
    'exp as far away as an access token may live': (stage) =>
      expectTaken(stage, stage.sign({ claims: { exp: stage.claims.iat + 300 } })),
    'iat and nbf as far ahead as clocks may be apart': (stage) =>
      expectTaken(stage, stage.sign({ claims: { iat: stage.now() + 5, nbf: stage.now() + 5 } })),
    'a tolerance of five minutes': () => void verifierWith('5m'),
  },
  hostile: {
    ...each(values, async (stage: VerifierStage, json) => {
      for (const name of names) await expectRefused(stage, stage.signAs(stage.header, withJson(stage, name, json)))
    }),
    ...each(Object.fromEntries(names.map((name) => [`${name} missing`, name])), (stage: VerifierStage, name) =>
      expectRefused(stage, stage.sign({ claims: { [name]: undefined } })),
    ),
    'exp that has passed at this very moment': (stage) =>
      expectExpired(
        stage,
        stage.sign({ claims: { iat: stage.now() - 60, nbf: stage.now() - 60, exp: stage.now() - 5 } }),
      ),
    'exp long ago': (stage) => expectExpired(stage, stage.sign({ claims: { iat: 1, nbf: 1, exp: 2 } })),
    'exp in milliseconds': (stage) => expectRefused(stage, stage.sign({ claims: { exp: stage.claims.exp * 1_000 } })),
    'exp in a year': (stage) => expectRefused(stage, stage.sign({ claims: { exp: stage.now() + 31_536_000 } })),
    'exp further away than the service believes in': (stage) =>
      expectRefused(stage, stage.sign({ claims: { exp: stage.claims.iat + 3_607 } })),
    'exp before iat by so much that the difference is no number': (stage) =>
      expectRefused(stage, stage.signAs(stage.header, withJson(stage, 'iat', '1e308'))),
    'all times in milliseconds': (stage) => {
      const ms = Object.fromEntries(names.map((name) => [name, (stage.claims[name] as number) * 1_000]))
      return expectRefused(stage, stage.sign({ claims: ms }))
    },
    'iat ten minutes ahead': (stage) =>
      expectRefused(stage, stage.sign({ claims: { iat: stage.now() + 600, exp: stage.now() + 700 } })),
    'nbf ten minutes ahead': (stage) => expectRefused(stage, stage.sign({ claims: { nbf: stage.now() + 600 } })),
    'iat a second further ahead than clocks may be apart, at the service': (stage) =>
      expectRefusedByService(stage, stage.sign({ claims: { iat: stage.now() + 6 } })),
    'nbf a second further ahead than clocks may be apart, at the service': (stage) =>
      expectRefusedByService(stage, stage.sign({ claims: { nbf: stage.now() + 6 } })),
    'nbf a second further ahead than servers that share keys may be apart': (stage) =>
      expectRefused(stage, stage.sign({ claims: { nbf: stage.now() + 31 } })),
    'a tolerance that makes expiry a matter of taste': () => {
      for (const tolerance of ['301s', '1h', Number.POSITIVE_INFINITY, Number.NaN, -1] as const)
        expect(() => verifierWith(tolerance)).toThrow(/clockTolerance/)
    },
  },
})

function verifierWith(clockTolerance: '5m' | '301s' | '1h' | number): unknown {
  return createVerifier({ issuer: 'https://app.example', user: schemaOf<User>('id', 'role'), clockTolerance })
}

import { type Attack, attack, each } from '../attack.ts'
import { expectRefused, expectTaken, type VerifierStage, verifierStage } from '../stages/verifier.ts'

/** The claims of the attacker's token under a header that asks for no signature. */
function stripped({ token }: VerifierStage, alg: unknown, signature = ''): string {
  const header = Buffer.from(JSON.stringify({ typ: 'at+jwt', alg })).toString('base64url')
  return `${header}.${token.split('.')[1]}.${signature}`
}

export const unsigned: Attack = attack({
  ids: ['A1', 'A2', 'CVE-2015-9235', 'CVE-2022-23540'],
  title: 'a token that says that it needs no signature',
  cost: 'Anybody could sign in as anybody, by writing the name into a text.',
  shows: ['ASVS 9.1.2', 'RFC 8725 §3.1'],
  stage: verifierStage,
  legal: { 'the token as it was signed': (stage) => expectTaken(stage, stage.token) },
  hostile: {
    ...each(
      {
        none: 'none',
        None: 'None',
        NONE: 'NONE',
        nOnE: 'nOnE',
        'none and a space': 'none ',
        'a list': ['none'],
        null: null,
        'no alg': undefined,
        'a number': 1,
        'an object with a method': { toString: 'none' },
        'the text of nothing': '',
      },
      (stage: VerifierStage, alg) => expectRefused(stage, stripped(stage, alg)),
    ),
    'none, with the signature left on': (stage) =>
      expectRefused(stage, stripped(stage, 'none', stage.token.split('.')[2])),
  },
})

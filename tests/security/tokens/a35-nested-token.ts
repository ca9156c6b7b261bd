import { type Attack, attack, each } from '../attack.ts'
import { expectRefused, expectTaken, type VerifierStage, verifierStage } from '../stages/verifier.ts'

export const nestedToken: Attack = attack({
  ids: ['A35'],
  title: 'a token inside of a token',
  cost: 'The signature outside would be taken for that of the claims inside, which nobody has checked.',
  shows: ['RFC 8725 §3.3'],
  stage: verifierStage,
  legal: {
    'a content type that is none of a token': (stage) =>
      expectTaken(stage, stage.sign({ header: { cty: 'application/json' } })),
  },
  hostile: {
    ...each(
      {
        JWT: 'JWT',
        jwt: 'jwt',
        'application/jwt': 'application/jwt',
        'at+jwt': 'at+jwt',
        'Application/X+JWT': 'Application/X+JWT',
        'a list': ['JWT'],
        null: null,
        'a number': 1,
      },
      async (stage: VerifierStage, cty) => {
        await expectRefused(stage, stage.signAs({ ...stage.header, cty }, stage.token))
        await expectRefused(stage, stage.sign({ header: { cty } }))
      },
    ),
    'the inner token as it is': (stage) => expectRefused(stage, stage.signAs(stage.header, stage.token)),
    'the inner token as JSON': (stage) => expectRefused(stage, stage.signAs(stage.header, JSON.stringify(stage.token))),
    'the inner token as a claim': (stage) => expectRefused(stage, stage.signAs(stage.header, { jwt: stage.token })),
  },
})

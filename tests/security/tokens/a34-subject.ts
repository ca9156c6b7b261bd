import { expectRefusal } from '../../wire/expectations.ts'
import { expected } from '../../wire/outward-answers.ts'
import { type Attack, attack, each } from '../attack.ts'
import {
  expectRefused,
  expectRefusedByService,
  expectTaken,
  show,
  type VerifierStage,
  verifierStage,
} from '../stages/verifier.ts'

const subjects = {
  none: undefined,
  null: null,
  'the empty text': '',
  zero: 0,
  'a number': 1,
  true: true,
  'a list': ['ada'],
  'an object': {},
  'a query': { $ne: null },
  'an object that is called': { toString: 'ada' },
  'a text of 256 bytes': 'a'.repeat(256),
  'a text of 256 bytes and fewer characters': 'é'.repeat(128),
  'half of a character': 'ada\ud800',
} as const

export const subject: Attack = attack({
  ids: ['A34'],
  title: 'a genuine token about nobody, or about something that is no name',
  cost: 'What looks a user up by the subject would be given a query, or find the first one there is.',
  shows: ['RFC 8725 §3.8', 'RFC 8725 §3.10'],
  stage: verifierStage,
  legal: {
    'the name as it was': (stage) => expectTaken(stage, stage.sign({ claims: { sub: 'ada' } })),
    'another role': (stage) => expectTaken(stage, stage.sign({ claims: { user: { id: 'ada', role: 'member' } } })),
  },
  hostile: {
    ...each(subjects, async (stage: VerifierStage, sub) => {
      await expectRefused(stage, stage.sign({ claims: { sub } }))
      await expectRefused(stage, stage.sign({ claims: { sub, user: { id: sub, role: 'admin' } } }))
    }),
    'a user that is somebody else': (stage) =>
      expectRefused(stage, stage.sign({ claims: { user: { id: 'grace', role: 'member' } } })),
    'a subject that is somebody else': (stage) => expectRefused(stage, stage.sign({ claims: { sub: 'grace' } })),
    ...each(
      {
        'no user': undefined,
        'a user of null': null,
        'a user that is a list': [{ id: 'ada', role: 'admin' }],
        'a user that is a text': 'ada',
      },
      (stage: VerifierStage, user) => expectRefused(stage, stage.sign({ claims: { user } })),
    ),
    ...each(
      { 'a user without a role': { id: 'ada' }, 'a user whose role is no text': { id: 'ada', role: ['admin'] } },
      async (stage: VerifierStage, user) => {
        const token = stage.sign({ claims: { user } })
        await expectRefusedByService(stage, token)
        // To the issuer it is a token from before its schema changed, and a refresh writes it anew.
        expectRefusal(await show(stage.served, token), expected('token expired', stage.served.wire))
      },
    ),
  },
})

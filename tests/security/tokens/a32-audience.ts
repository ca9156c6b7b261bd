import { createVerifier } from '@handstamp/server'
import { expect } from 'vitest'
import { schemaOf, servedOrigin, type User } from '../../wire/served-auth.ts'
import { type Attack, attack, each } from '../attack.ts'
import { expectRefused, expectTaken, type VerifierStage, verifierStage } from '../stages/verifier.ts'

const audiences = {
  none: undefined,
  null: null,
  'the empty text': '',
  'an empty list': [],
  'an object': {},
  'an object with ours as a name': { [servedOrigin]: true },
  'an object with ours at the place of a list': { 0: servedOrigin, length: 1 },
  'a list in a list': [[servedOrigin]],
  'a list with ours and a number': [servedOrigin, 1],
  'a list with ours and nothing': [servedOrigin, ''],
  'a number': 0,
  true: true,
  'another one': 'https://evil.example',
  others: ['https://evil.example', 'https://api.example'],
  'one that begins as ours does': `${servedOrigin}.evil.example`,
  'one that ours begins with': servedOrigin.slice(0, -1),
  'one with a slash': `${servedOrigin}/`,
  'one in capitals': servedOrigin.toUpperCase(),
  'one with a space': ` ${servedOrigin}`,
  'several in one text, by spaces': `${servedOrigin} https://evil.example`,
  'several in one text, by commas': `${servedOrigin},https://evil.example`,
  everybody: '*',
  'an expression': '.*',
  'the host alone': new URL(servedOrigin).host,
} as const

export const audience: Attack = attack({
  ids: ['A32'],
  title: 'a genuine token for somebody else',
  cost: 'Every other service that the user signs in to could act as the user here.',
  shows: ['ASVS 9.2.3', 'RFC 8725 §3.9'],
  stage: verifierStage,
  legal: each(
    {
      ours: servedOrigin,
      'ours in a list by itself': [servedOrigin],
      'ours first among others': [servedOrigin, 'https://evil.example'],
      'ours last among others': ['https://evil.example', 'https://api.example', servedOrigin],
    },
    (stage: VerifierStage, aud) => expectTaken(stage, stage.sign({ claims: { aud } })),
  ),
  hostile: {
    ...each(audiences, (stage: VerifierStage, aud) => expectRefused(stage, stage.sign({ claims: { aud } }))),
    'a verifier that is told of no audience': () => {
      for (const audience of ['', [], [''], [servedOrigin, 1], 0, {}, /x/])
        expect(() =>
          createVerifier({ issuer: servedOrigin, user: schemaOf<User>('id'), audience: audience as string }),
        ).toThrow(/audience/)
    },
  },
})

import { createKeyRing, createVerifier } from '@handstamp/server'
import { expect } from 'vitest'
import { schemaOf, servedOrigin, type User } from '../../wire/served-auth.ts'
import { type Attack, attack, each } from '../attack.ts'
import { claimsAt, compact, newHandKey, signerOf } from '../stages/token-keys.ts'
import { expectRefused, expectTaken, type VerifierStage, verifierStage } from '../stages/verifier.ts'

const secret = newHandKey('HS256')
const header = { typ: 'at+jwt', alg: 'HS256', kid: secret.jwk.kid }
const other = 'https://other.example'

const issuers = {
  none: undefined,
  null: null,
  'the empty text': '',
  'a list with ours': [servedOrigin],
  'an object': {},
  'a number': 1,
  'with a slash': `${servedOrigin}/`,
  'with a path': `${servedOrigin}/auth`,
  'in capitals': servedOrigin.toUpperCase(),
  'with its port': `${servedOrigin}:443`,
  'without TLS': servedOrigin.replace('https', 'http'),
  'the host alone': new URL(servedOrigin).host,
  'that begins as ours does': `${servedOrigin}.evil.example`,
  'that ends as ours does': 'https://evil.example/https://app.example',
  'with ours as a user name': 'https://app.example@evil.example',
  'with a space': `${servedOrigin} `,
  another: other,
} as const

export const issuer: Attack = attack({
  ids: ['A33', 'A37'],
  title: 'a token of another issuer that has the same key',
  cost: 'A user of the test system, or of another tenant, would be the user of that name here.',
  shows: ['RFC 8725 §3.8'],
  stage: () => verifierStage([secret]),
  legal: {
    'of ours': (stage) => expectTaken(stage, stage.sign({ claims: { iss: servedOrigin } })),
    'of another issuer, to whoever trusts that one': async ({ served }) => {
      const options = { issuer: other, jwks: createKeyRing([secret.jwk]), clock: served.clock }
      const token = compact(header, claimsAt(served.clock(), other), signerOf('HS256', secret.key))
      expect(await createVerifier({ ...options, user: schemaOf<User>('id', 'role') })(token)).toMatchObject({
        ok: true,
      })
    },
  },
  hostile: {
    ...each(issuers, (stage: VerifierStage, iss) => expectRefused(stage, stage.sign({ claims: { iss } }))),
    'everything of another issuer but the audience': (stage) => {
      const claims = { ...claimsAt(stage.served.clock(), other), aud: [other, servedOrigin] }
      return expectRefused(stage, stage.signAs(stage.header, claims))
    },
    'everything of another issuer': (stage) =>
      expectRefused(stage, stage.signAs(stage.header, claimsAt(stage.served.clock(), other))),
    'a verifier that is told of no issuer': () => {
      for (const iss of ['', undefined, null, 1, [servedOrigin], {}])
        expect(() => createVerifier({ issuer: iss as string, user: schemaOf<User>('id') })).toThrow(/issuer/)
    },
  },
})

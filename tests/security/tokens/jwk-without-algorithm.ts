import { createPublicKey } from 'node:crypto'
import { createKeyRing } from '@handstamp/server'
import { expect } from 'vitest'
import { type Attack, attack, each } from '../attack.ts'
import { type JwksStage, jwksOf, jwksStage, outcome } from '../stages/jwks-server.ts'
import { claimsAt, compact, macBy, newHandKey, publicHalf, type Signer, signerOf } from '../stages/token-keys.ts'

const rsa = newHandKey('RS256')
const bare = { ...publicHalf(rsa), alg: undefined }
const spki = createPublicKey(rsa.key)
const issuer = 'https://app.example'

/** Names the key that was published, and an algorithm of its own choice. */
function choosing(alg: string, { clock }: JwksStage, signer: Signer): string {
  return compact({ typ: 'at+jwt', alg, kid: rsa.jwk.kid }, claimsAt(clock(), issuer), signer)
}

export const jwkWithoutAlgorithm: Attack = attack({
  ids: ['CVE-2026-22817', 'CVE-2026-22818'],
  title: 'a published key that does not say its algorithm, so that the token would',
  cost: 'The header of a token would choose how its own signature is checked, with HMAC under the public key among the choices.',
  shows: ['ASVS 9.1.2', 'RFC 8725 §3.1'],
  stage: jwksStage,
  legal: {
    'the key with its algorithm': async (stage) => {
      stage.answer(jwksOf(rsa))
      expect(await outcome(stage.newVerifier(), stage.sign(rsa))).toBe('ok')
    },
    'such a key beside another one is passed over': async (stage) => {
      stage.answer(jwksOf(stage.key, bare))
      expect(await outcome(stage.newVerifier(), stage.sign())).toBe('ok')
    },
  },
  hostile: {
    ...each({ RS256: 'RS256', RS512: 'RS512', PS256: 'PS256' }, async (stage: JwksStage, alg) => {
      stage.answer(jwksOf(stage.key, bare))
      expect(await outcome(stage.newVerifier(), choosing(alg, stage, signerOf(alg, rsa.key)))).toBe('unknown_key')
    }),
    ...each(
      {
        'the PEM': spki.export({ format: 'pem', type: 'spki' }),
        'the DER': spki.export({ format: 'der', type: 'spki' }),
        'the modulus': rsa.jwk.n ?? '',
        nothing: '',
      },
      async (stage: JwksStage, secret) => {
        for (const document of [jwksOf(stage.key, bare), jwksOf(stage.key, rsa)]) {
          stage.answer(document)
          expect(await outcome(stage.newVerifier(), choosing('HS256', stage, macBy(secret)))).toBe('unknown_key')
        }
      },
    ),
    ...each(
      {
        'of its own': 'HS256',
        none: 'none',
        'for encryption': 'RSA-OAEP',
        'that does not fit': 'ES256',
        'that is a list': ['RS256'],
        'that is unknown': 'RS1',
      },
      async (stage: JwksStage, alg) => {
        stage.answer(jwksOf({ ...bare, alg }))
        expect(await outcome(stage.newVerifier(), stage.sign(rsa))).toBe('ERR_JWKS_UNAVAILABLE')
      },
    ),
    'a ring of a key without one': () => {
      expect(() => createKeyRing([{ ...rsa.jwk, alg: undefined } as never])).toThrow(/alg/)
    },
  },
})

import { createPublicKey } from 'node:crypto'
import { type Attack, attack, each } from '../attack.ts'
import { compact, macBy, newHandKey, publicHalf } from '../stages/token-keys.ts'
import { expectRefused, expectTaken, type VerifierStage, verifierStage } from '../stages/verifier.ts'

const key = newHandKey('RS256')
const publicKey = createPublicKey(key.key)
const pem = publicKey.export({ format: 'pem', type: 'spki' })
const der = publicKey.export({ format: 'der', type: 'spki' })
const { n = '', kid } = key.jwk

/** Everything public, in the forms in which a verifier might hold it. */
const secrets: Readonly<Record<string, string | Uint8Array>> = {
  'the PEM': pem,
  'the PEM without its last newline': String(pem).trimEnd(),
  'the PEM with Windows newlines': String(pem).replaceAll('\n', '\r\n'),
  'the PEM of PKCS #1': publicKey.export({ format: 'pem', type: 'pkcs1' }),
  'the DER': der,
  'the DER of PKCS #1': publicKey.export({ format: 'der', type: 'pkcs1' }),
  'the DER as base64': der.toString('base64'),
  'the JWK as JSON': JSON.stringify(publicKey.export({ format: 'jwk' })),
  'the JWK as it is published': JSON.stringify({ ...publicHalf(key), use: 'sig' }),
  'the modulus': Buffer.from(n, 'base64url'),
  'the modulus as text': n,
  'the key id': kid,
  'no secret': '',
}

export const publicKeyAsSecret: Attack = attack({
  ids: ['A3', 'CVE-2016-10555', 'CVE-2022-23541'],
  title: 'a token with an HMAC under the public key',
  cost: 'Anybody could sign in as anybody, since the key that signed would be one that everybody may read.',
  shows: ['ASVS 9.1.2', 'RFC 8725 §3.1'],
  stage: () => verifierStage([key]),
  legal: {
    'the token as it was signed': (stage) => expectTaken(stage, stage.token),
    'the same signed anew by hand': (stage) => expectTaken(stage, stage.sign()),
  },
  hostile: each(secrets, async (stage: VerifierStage, secret) => {
    for (const alg of ['HS256', 'HS384', 'HS512'] as const) {
      const mac = macBy(secret, `sha${alg.slice(2)}` as 'sha256')
      await expectRefused(stage, compact({ ...stage.header, alg }, stage.claims, mac))
      // Under the name of the algorithm that the key has, an HMAC is no signature either.
      await expectRefused(stage, compact(stage.header, stage.claims, mac))
    }
  }),
})

import { type Attack, attack, each } from '../attack.ts'
import { compact, newHandKey, signerOf } from '../stages/token-keys.ts'
import { expectRefused, expectTaken, type VerifierStage, verifierStage } from '../stages/verifier.ts'

const ec = newHandKey('ES256')
const rsa = newHandKey('RS256')
const ed = newHandKey('EdDSA')
const koblitz = newHandKey('ES256K')

/** A signature made by `key` as `made` says, in a token that names `alg` and the key with the id. */
const tokens = {
  'RS384 by a key of RS256': { key: rsa, made: 'RS384', alg: 'RS384' },
  'RS512 by a key of RS256': { key: rsa, made: 'RS512', alg: 'RS512' },
  'PS256 by a key of RS256': { key: rsa, made: 'PS256', alg: 'PS256' },
  'PS512 by a key of RS256': { key: rsa, made: 'PS512', alg: 'PS512' },
  'PS256 that says RS256': { key: rsa, made: 'PS256', alg: 'RS256' },
  'RS512 that says RS256': { key: rsa, made: 'RS512', alg: 'RS256' },
  'ES384 by a key of P-256': { key: ec, made: 'ES384', alg: 'ES384' },
  'ES384 by a key of P-256 that says ES256': { key: ec, made: 'ES384', alg: 'ES256' },
  'ES256K under the id of the key of ES256': { key: koblitz, made: 'ES256K', alg: 'ES256K', kid: ec.jwk.kid },
  'ES256K that says ES256': { key: koblitz, made: 'ES256K', alg: 'ES256', kid: ec.jwk.kid },
  'EdDSA under the id of the key of ES256': { key: ed, made: 'EdDSA', alg: 'EdDSA', kid: ec.jwk.kid },
  'ES256 under the id of the key of EdDSA': { key: ec, made: 'ES256', alg: 'ES256', kid: ed.jwk.kid },
  'RS256 under the id of the key of ES256': { key: rsa, made: 'RS256', alg: 'RS256', kid: ec.jwk.kid },
  'Ed25519, which is EdDSA by its newer name': { key: ed, made: 'EdDSA', alg: 'Ed25519' },
  'es256 in small letters': { key: ec, made: 'ES256', alg: 'es256' },
  'ES256 and a space': { key: ec, made: 'ES256', alg: 'ES256 ' },
  'the name of something that every object has': { key: ec, made: 'ES256', alg: 'constructor' },
  'the name of a prototype': { key: ec, made: 'ES256', alg: '__proto__' },
} as const satisfies Record<string, { key: typeof ec; made: string; alg: string; kid?: string }>

export const anotherAlgorithm: Attack = attack({
  ids: ['A5', 'A6'],
  title: 'a genuine signature of another algorithm than that of the key',
  cost: 'The weakest algorithm that any key of the issuer can be used for would be the strength of all its tokens.',
  shows: ['ASVS 9.1.2', 'RFC 8725 §3.1', 'RFC 8725 §3.2'],
  stage: () => verifierStage([ec, rsa, ed]),
  legal: each({ ES256: ec, RS256: rsa, EdDSA: ed }, (stage: VerifierStage, key) =>
    expectTaken(stage, stage.sign({}, key)),
  ),
  hostile: each(tokens, (stage: VerifierStage, { key, made, alg, ...other }) => {
    const header = { ...stage.header, alg, kid: key.jwk.kid, ...other }
    return expectRefused(stage, compact(header, stage.claims, signerOf(made, key.key)))
  }),
})

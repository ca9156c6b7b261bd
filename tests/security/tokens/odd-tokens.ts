import { createPublicKey, verify } from 'node:crypto'
import { expect } from 'vitest'
import { type Attack, attack, each } from '../attack.ts'
import { publicHalf } from '../stages/token-keys.ts'
import { expectRefused, expectTaken, type VerifierStage, verifierStage } from '../stages/verifier.ts'

/** Claims as JSON, with a text of JSON at their end. */
function ending(stage: VerifierStage, json: string, without = 'nothing'): string {
  const claims = JSON.stringify({ ...stage.claims, [without]: undefined })
  return stage.signAs(stage.header, `${claims.slice(0, -1)},${json}}`)
}

/** Each has a signature that fits, and one thing that is odd. */
const odd: Readonly<Record<string, (stage: VerifierStage) => string>> = {
  'exp of 1e400, which is infinite': (stage) => ending(stage, '"exp":1e400', 'exp'),
  'exp missing': (stage) => stage.sign({ claims: { exp: undefined } }),
  'exp a text': (stage) => stage.sign({ claims: { exp: '9999999999' } }),
  'exp null': (stage) => stage.sign({ claims: { exp: null } }),
  'exp in milliseconds': (stage) => stage.sign({ claims: { exp: stage.claims.exp * 1_000 } }),
  'nbf a text': (stage) => stage.sign({ claims: { nbf: String(stage.claims.nbf) } }),
  'iat a text': (stage) => stage.sign({ claims: { iat: String(stage.claims.iat) } }),
  'sub twice': (stage) => ending(stage, '"sub":"ada"'),
  'alg twice': (stage) => stage.signAs(`{"alg":"none",${JSON.stringify(stage.header).slice(1)}`, stage.claims),
  'a member named __proto__': (stage) => ending(stage, '"__proto__":{"role":"admin"}'),
  'the type of an id token': (stage) => stage.sign({ header: { typ: 'JWT' } }),
  'no type': (stage) => stage.sign({ header: { typ: undefined } }),
  'b64: false without crit': (stage) => stage.sign({ header: { b64: false } }),
  'b64: false with crit': (stage) => stage.sign({ header: { b64: false, crit: ['b64'] } }),
  'crit of a claim': (stage) => stage.sign({ header: { crit: ['exp'] } }),
  'crit empty': (stage) => stage.sign({ header: { crit: [] } }),
  'its own key in the header': (stage) => stage.sign({ header: { jwk: stage.keys[0] && publicHalf(stage.keys[0]) } }),
}

export const oddTokens: Attack = attack({
  ids: ['odd-17'],
  title:
    'seventeen tokens with a genuine signature and one odd thing each, of which jose takes ten and jsonwebtoken fourteen',
  cost: 'Each is harmless to whoever wrote the check for it and open to everybody else.',
  shows: ['ASVS 9.2.1', 'ASVS 9.2.2', 'RFC 8725 §3.10', 'RFC 8725 §3.11'],
  stage: verifierStage,
  legal: {
    'the same token with nothing odd': (stage) => expectTaken(stage, stage.sign()),
    'the signatures of all seventeen fit': (stage) => {
      const [key] = stage.keys
      if (key === undefined) throw new Error('no key')
      const fits = Object.values(odd).map((make) => {
        const [header, payload, signature = ''] = make(stage).split('.')
        const publicKey = { key: createPublicKey(key.key), dsaEncoding: 'ieee-p1363' } as const
        return verify('sha256', Buffer.from(`${header}.${payload}`), publicKey, Buffer.from(signature, 'base64url'))
      })
      expect(fits).toEqual(Array(17).fill(true))
    },
  },
  hostile: each(odd, (stage: VerifierStage, make) => expectRefused(stage, make(stage))),
})

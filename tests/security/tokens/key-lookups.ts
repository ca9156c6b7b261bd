import { createPublicKey } from 'node:crypto'
import { createKeyRing, createVerifier, type KeyRing } from '@handstamp/server'
import { expect } from 'vitest'
import { servedOrigin, type User } from '../../wire/served-auth.ts'
import { type Attack, attack, each } from '../attack.ts'
import { claimsAt, compact, macBy, newHandKey, type Signer, signerOf } from '../stages/token-keys.ts'

const key = newHandKey('ES256')
const ring = createKeyRing([key.jwk])
const now = 1_800_000_000_000
const pem = String(createPublicKey(key.key).export({ format: 'pem', type: 'spki' }))

/** A service whose ring finds keys as told, and what ring and schema were asked with. */
function service(find: KeyRing['verifier'] = ring.verifier) {
  const asked: unknown[][] = []
  const validated: unknown[] = []
  const verify = createVerifier<User>({
    issuer: servedOrigin,
    clock: () => now,
    jwks: {
      ...ring,
      verifier(...args) {
        asked.push(args)
        return find(...args)
      },
    },
    user: {
      '~standard': {
        version: 1,
        vendor: 'tests',
        validate(value) {
          validated.push(value)
          return { value: value as User }
        },
      },
    },
  })
  return { asked, validated, verify }
}

const sign = (alg: string, signer: Signer, header = {}): string =>
  compact({ typ: 'at+jwt', alg, kid: key.jwk.kid, ...header }, claimsAt(now, servedOrigin), signer)

const genuine = signerOf('ES256', key.key)

let called = 0
const callable = {
  toString() {
    called += 1
    return 'secret'
  },
  valueOf() {
    called += 1
    return 'secret'
  },
  [Symbol.toPrimitive]() {
    called += 1
    return 'secret'
  },
}

/** What a careless look-up answers, and the secret that it might be taken for. */
const answers: Readonly<Record<string, readonly [answer: unknown, secret: string | Uint8Array]>> = {
  'the empty text': ['', ''],
  null: [null, ''],
  'no bytes': [new Uint8Array(), ''],
  'a text': ['secret', 'secret'],
  'bytes of a text': [Buffer.from('secret'), 'secret'],
  'the PEM of the public key': [pem, pem],
  'the PEM behind a space': [` ${pem}`, pem],
  'the public key as Node has it': [createPublicKey(key.key), pem],
  'the private key as Node has it': [key.key, pem],
  'the JWK': [key.jwk, JSON.stringify(key.jwk)],
  'an object that turns into a text': [callable, 'secret'],
  true: [true, 'true'],
  'a number': [0, '0'],
  'an empty object': [{}, '[object Object]'],
  'a key whose check is none': [{ kid: key.jwk.kid, alg: 'HS256', verify: true }, ''],
}

export const keyLookups: Attack = attack({
  ids: ['GHSA-869p-cjfg-cm3x', 'CVE-2022-23529'],
  title: 'a look-up of keys that is led by the token, or answers something that is no key',
  cost: 'The look-up would run on claims that nobody signed, and its mistake would be an empty secret that everybody knows.',
  shows: ['ASVS 9.1.1', 'RFC 8725 §3.3', 'RFC 8725 §3.10'],
  stage: () => ({ close() {} }),
  legal: {
    'a key: it is asked for by two texts and the time, and the claims are read after': async () => {
      const { asked, validated, verify } = service()
      expect(await verify(sign('ES256', genuine))).toMatchObject({ ok: true })
      expect(asked).toEqual([[key.jwk.kid, 'ES256', now, expect.any(Number)]])
      expect(validated).toEqual([{ id: 'ada', role: 'admin' }])
    },
    'no key is a refusal': async () => {
      expect(await service(() => undefined).verify(sign('ES256', genuine))).toMatchObject({ reason: 'unknown_key' })
    },
  },
  hostile: {
    ...each(answers, async (_, [answer, secret]) => {
      const { validated, verify } = service(() => answer as never)
      for (const alg of ['HS256', 'HS512'] as const) {
        const token = sign(alg, macBy(secret, `sha${alg.slice(2)}` as 'sha256'))
        await expect(verify(token)).rejects.toThrow(TypeError)
      }
      await expect(verify(sign('ES256', genuine))).rejects.toThrow(TypeError)
      expect([validated, called]).toEqual([[], 0])
    }),
    'a genuine key for another algorithm than the one that was asked for': async () => {
      const { verify } = service((kid, _alg, ...rest) => ring.verifier(kid, 'ES256', ...rest))
      for (const alg of ['HS256', 'RS256', 'EdDSA', 'ES384'])
        expect(await verify(sign(alg, genuine))).toMatchObject({ ok: false, reason: 'unsupported_algorithm' })
      expect(await verify(sign('HS256', macBy(pem)))).toMatchObject({ ok: false, reason: 'unsupported_algorithm' })
    },
    ...each(
      {
        'of a stranger': sign('ES256', signerOf('ES256', newHandKey('ES256').key)),
        'of nothing': sign('ES256', () => new Uint8Array(64)),
        'of another text': `${sign('ES256', genuine).split('.', 2).join('.')}.${sign('ES256', genuine).split('.')[2]}`,
      },
      async (_, token) => {
        const { validated, verify } = service()
        expect(await verify(`${token.slice(0, -4)}AAAA`)).toMatchObject({ ok: false })
        expect(await verify(token)).toMatchObject({ ok: false })
        // No hook of the application has seen a claim of it.
        expect(validated).toEqual([])
      },
    ),
    'a header that is no text where a text should be': async () => {
      const { asked, verify } = service()
      for (const header of [
        { kid: 1 },
        { kid: [key.jwk.kid] },
        { kid: { toString: 'x' } },
        { alg: ['ES256'] },
        { alg: 1 },
      ])
        expect(await verify(sign('ES256', genuine, header))).toMatchObject({ ok: false })
      expect(asked).toEqual([])
    },
  },
})

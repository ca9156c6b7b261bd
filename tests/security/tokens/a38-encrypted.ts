import { constants, createCipheriv, createPublicKey, createSecretKey, pbkdf2Sync, publicEncrypt, randomBytes } from 'node:crypto' // biome-ignore format: one row
import { deflateRawSync } from 'node:zlib'
import { expect, vi } from 'vitest'
import { type Attack, attack, each } from '../attack.ts'
import { newHandKey, segment } from '../stages/token-keys.ts'
import { expectRefused, expectTaken, type VerifierStage, verifierStage } from '../stages/verifier.ts'

const secret = newHandKey('HS256')
const rsa = newHandKey('RS256')
const contentKey = createSecretKey(Buffer.from(secret.jwk.k ?? '', 'base64url'))

interface Encrypted {
  readonly header: Readonly<Record<string, unknown>>
  /** In the second segment. */
  readonly encryptedKey?: Uint8Array
  readonly payload?: Uint8Array
  readonly iv?: Uint8Array
  readonly tagBytes?: number
  readonly key?: ReturnType<typeof createSecretKey>
}

/** A JWE in the compact form (RFC 7516 §7.1), encrypted as its header says by AES-GCM. */
function encrypt({ header, encryptedKey = Buffer.alloc(0), payload = Buffer.alloc(0), iv = randomBytes(12), tagBytes = 16, key = contentKey }: Encrypted): string {
  const protectedHeader = segment(header)
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  cipher.setAAD(Buffer.from(protectedHeader))
  const text = Buffer.concat([cipher.update(payload), cipher.final()])
  return [protectedHeader, encryptedKey, iv, text, cipher.getAuthTag().subarray(0, tagBytes)]
    .map((part) => (typeof part === 'string' ? part : segment(part)))
    .join('.')
} // biome-ignore format: a list

const base = { typ: 'at+jwt', enc: 'A256GCM', kid: secret.jwk.kid }
const wrapped = { ...base, alg: 'PBES2-HS256+A128KW', p2s: segment(randomBytes(16)) }

/** By the claims of the attacker; each is well-formed, and decrypts with what the issuer holds where that is possible. */
const tokens: Readonly<Record<string, (claims: Buffer) => string>> = {
  'dir, under the secret of the issuer': (payload) => encrypt({ header: { ...base, alg: 'dir' }, payload }),
  'dir, that says it is HS256': (payload) => encrypt({ header: { ...base, alg: 'HS256' }, payload }),
  'zip, a bomb of 4 MB in 6 KB': () => {
    const payload = deflateRawSync(Buffer.alloc(4_000_000, 0x20))
    return encrypt({ header: { ...base, alg: 'dir', zip: 'DEF' }, payload })
  },
  'zip, a bomb of 25 MB in 25 KB': () => {
    const payload = deflateRawSync(Buffer.alloc(25_000_000, 0x20))
    return encrypt({ header: { ...base, alg: 'dir', zip: 'DEF' }, payload })
  },
  'zip, the claims': (claims) =>
    encrypt({ header: { ...base, alg: 'dir', zip: 'DEF' }, payload: deflateRawSync(claims) }),
  'PBES2 of 2,147,483,647 rounds': (payload) =>
    encrypt({ header: { ...wrapped, p2c: 2_147_483_647 }, encryptedKey: randomBytes(40), payload }),
  'PBES2 of one round': (payload) => {
    const key = createSecretKey(pbkdf2Sync('password', 'salt', 1, 32, 'sha256'))
    return encrypt({ header: { ...wrapped, p2c: 1 }, encryptedKey: randomBytes(40), payload, key })
  },
  'RSA1_5': (payload) => {
    const padding = constants.RSA_PKCS1_PADDING
    const encryptedKey = publicEncrypt({ key: createPublicKey(rsa.key), padding }, contentKey.export())
    return encrypt({ header: { ...base, alg: 'RSA1_5', kid: rsa.jwk.kid }, encryptedKey, payload })
  },
  'RSA1_5 with a padding that is wrong': (payload) =>
    encrypt({ header: { ...base, alg: 'RSA1_5', kid: rsa.jwk.kid }, encryptedKey: randomBytes(256), payload }),
  'a tag of 4 bytes': (payload) => encrypt({ header: { ...base, alg: 'dir' }, payload, tagBytes: 4 }),
  'no tag': (payload) => encrypt({ header: { ...base, alg: 'dir' }, payload, tagBytes: 0 }),
  'an IV of 8 bytes': (payload) => encrypt({ header: { ...base, alg: 'dir' }, payload, iv: randomBytes(8) }),
} // biome-ignore format: a table

/** Parameters of encryption in the header of a token that is signed. */
const parameters = {
  'enc': { enc: 'A256GCM' },
  'zip': { zip: 'DEF' },
  'zip, none': { zip: null },
  'dir': { alg: 'dir', enc: 'A256GCM' },
  'PBES2': { alg: 'PBES2-HS256+A128KW', p2c: 2_147_483_647, p2s: 'c2FsdHNhbHQ', enc: 'A128GCM' },
  'RSA1_5': { alg: 'RSA1_5', enc: 'A128CBC-HS256' },
} as const // biome-ignore format: a table

export const encrypted: Attack = attack({
  ids: ['A38', 'A39', 'A40', 'A41', 'A42', 'CVE-2022-36083', 'CVE-2024-28176', 'CVE-2024-28180'],
  title: 'an encrypted token, which nothing here decrypts, unpacks or derives a key for',
  cost: 'One small request would cost gigabytes or minutes, and encrypting to the server would count as being signed by it.',
  shows: ['RFC 8725 §3.6', 'RFC 8725 §3.2'],
  stage: () => verifierStage([secret]),
  legal: {
    'the same claims, signed': (stage) => expectTaken(stage, stage.sign()),
    'claims that would pack well, signed': (stage) =>
      expectTaken(stage, stage.sign({ claims: { note: ' '.repeat(4_000) } })),
  },
  hostile: {
    ...each(tokens, async (stage: VerifierStage, write) => {
      const token = write(Buffer.from(JSON.stringify(stage.claims)))
      const parse = vi.spyOn(JSON, 'parse')
      expect((await stage.verify(token)).ok).toBe(false)
      // It is five segments, and so not even its header is read.
      expect(parse).not.toHaveBeenCalled()
      parse.mockRestore()
      await expectRefused(stage, token)
    }),
    ...each(parameters, (stage: VerifierStage, header) => expectRefused(stage, stage.sign({ header }))),
    'zip, with claims that are packed and signed': (stage) =>
      expectRefused(stage, stage.signAs({ ...stage.header, zip: 'DEF' }, deflateRawSync(JSON.stringify(stage.claims)))),
  },
})

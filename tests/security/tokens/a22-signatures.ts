import { sign } from 'node:crypto'
import { type Attack, attack, each } from '../attack.ts'
import { newHandKey, segment, signerOf } from '../stages/token-keys.ts'
import { expectRefused, expectTaken, type VerifierStage, verifierStage } from '../stages/verifier.ts'

const ec = newHandKey('ES256')
const ed = newHandKey('EdDSA')
const rsa = newHandKey('RS256')

/** The orders of the groups (SEC 2 §2.4.2, RFC 8032 §5.1). */
const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
const l = 2n ** 252n + 27742317777372353535851937790883648493n

const big = (value: bigint, bytes = 32): Buffer =>
  Buffer.from(value.toString(16).padStart(bytes * 2, '0').slice(-bytes * 2), 'hex') // biome-ignore format: one row
const little = (value: bigint): Buffer => big(value).reverse()
const number = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`)

/** By the signature that fits, which is `r ‖ s`. */
const ofEc: Readonly<Record<string, (genuine: Buffer, input: string) => Uint8Array>> = {
  'the form of DER': (_, input) => sign('sha256', Buffer.from(input), ec.key),
  'r = 0, s = 0': () => Buffer.alloc(64),
  'r = 1, s = 1': () => Buffer.concat([big(1n), big(1n)]),
  'r = n, s = n': () => Buffer.concat([big(n), big(n)]),
  'r = n, s = 1': () => Buffer.concat([big(n), big(1n)]),
  'r = 0, s as it was': (genuine) => Buffer.concat([big(0n), genuine.subarray(32)]),
  'r as it was, s = 0': (genuine) => Buffer.concat([genuine.subarray(0, 32), big(0n)]),
  'r as it was, s = n': (genuine) => Buffer.concat([genuine.subarray(0, 32), big(n)]),
  'r and s the other way round': (genuine) => Buffer.concat([genuine.subarray(32), genuine.subarray(0, 32)]),
  'all ones': () => Buffer.alloc(64, 0xff),
  'a byte too few': (genuine) => genuine.subarray(0, 63),
  'a byte too many': (genuine) => Buffer.concat([genuine, Buffer.alloc(1)]),
  'two numbers of 33 bytes': (genuine) =>
    Buffer.concat([big(number(genuine.subarray(0, 32)), 33), big(number(genuine.subarray(32)), 33)]),
  'the length of ES384': (genuine) => Buffer.concat([genuine, Buffer.alloc(32)]),
  'one byte of zero': () => Buffer.alloc(1),
}

const ofEd: typeof ofEc = {
  'S + L, which is the same S': (genuine) => {
    const s = number(Buffer.from(genuine.subarray(32)).reverse())
    return Buffer.concat([genuine.subarray(0, 32), little(s + l)])
  },
  'all zero': () => Buffer.alloc(64),
  'the neutral point and zero': () => Buffer.concat([little(1n), Buffer.alloc(32)]),
  'a byte too many': (genuine) => Buffer.concat([genuine, Buffer.alloc(1)]),
}

const ofRsa: typeof ofEc = {
  'a zero before it': (genuine) => Buffer.concat([Buffer.alloc(1), genuine]),
  'a zero behind it': (genuine) => Buffer.concat([genuine, Buffer.alloc(1)]),
  'the first byte away': (genuine) => genuine.subarray(1),
  zero: () => Buffer.alloc(256),
  one: () => big(1n, 256),
  'the modulus': () => Buffer.from(rsa.jwk.n ?? '', 'base64url'),
  'the modulus less one': () => big(number(Buffer.from(rsa.jwk.n ?? '', 'base64url')) - 1n, 256),
}

function rows(key: typeof ec, changes: typeof ofEc): ReturnType<typeof each<VerifierStage, unknown>> {
  const named = Object.entries(changes).map(([name, change]) => [`${key.jwk.alg}: ${name}`, change] as const)
  return each(Object.fromEntries(named), (stage: VerifierStage, change: (typeof ofEc)[string]) => {
    const input = `${segment({ ...stage.header, alg: key.jwk.alg, kid: key.jwk.kid })}.${segment(stage.claims)}`
    const genuine = Buffer.from(signerOf(key.jwk.alg, key.key)(input))
    return expectRefused(stage, `${input}.${segment(change(genuine, input))}`)
  })
}

export const signatures: Attack = attack({
  ids: ['A22', 'A23', 'CVE-2022-21449'],
  title: 'signatures of nothing, of the wrong form, and outside of their range',
  cost: 'Anybody could sign in as anybody: sixty-four zeros were a valid signature of everything, once.',
  shows: ['ASVS 9.1.1', 'RFC 8725 §3.4'],
  stage: () => verifierStage([ec, ed, rsa]),
  legal: each({ ES256: ec, EdDSA: ed, RS256: rsa }, (stage: VerifierStage, key) =>
    expectTaken(stage, stage.sign({}, key)),
  ),
  hostile: { ...rows(ec, ofEc), ...rows(ed, ofEd), ...rows(rsa, ofRsa) },
})

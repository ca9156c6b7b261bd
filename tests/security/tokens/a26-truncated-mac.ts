import { type Attack, attack, each } from '../attack.ts'
import { newHandKey, segment, signerOf } from '../stages/token-keys.ts'
import { expectRefused, expectTaken, type VerifierStage, verifierStage } from '../stages/verifier.ts'

const key = newHandKey('HS256')
const zeros = (bytes: number): Buffer => Buffer.alloc(bytes)

export const truncatedMac: Attack = attack({
  ids: ['A26'],
  title: 'an HMAC cut short',
  cost: 'An HMAC of one byte is guessed in 256 attempts.',
  shows: ['ASVS 9.1.1', 'RFC 8725 §3.2'],
  stage: () => verifierStage([key]),
  legal: {
    'the token as it was signed': (stage) => expectTaken(stage, stage.token),
    'the same signed anew by hand': (stage) => expectTaken(stage, stage.sign()),
  },
  hostile: each(
    {
      'no byte of it': (mac: Buffer) => mac.subarray(0, 0),
      'one byte': (mac: Buffer) => mac.subarray(0, 1),
      '16 bytes': (mac: Buffer) => mac.subarray(0, 16),
      '31 bytes': (mac: Buffer) => mac.subarray(0, 31),
      '16 bytes, filled up with zeros': (mac: Buffer) => Buffer.concat([mac.subarray(0, 16), zeros(16)]),
      'a byte too many': (mac: Buffer) => Buffer.concat([mac, zeros(1)]),
      'twice the same': (mac: Buffer) => Buffer.concat([mac, mac]),
      'one bit of the last byte changed': (mac: Buffer) => Buffer.from([...mac.subarray(0, 31), (mac[31] ?? 0) ^ 1]),
      'one bit of the first byte changed': (mac: Buffer) => Buffer.from([(mac[0] ?? 0) ^ 0x80, ...mac.subarray(1)]),
      zeros: () => zeros(32),
    },
    (stage: VerifierStage, change) => {
      const input = `${segment(stage.header)}.${segment(stage.claims)}`
      return expectRefused(stage, `${input}.${segment(change(Buffer.from(signerOf('HS256', key.key)(input))))}`)
    },
  ),
})

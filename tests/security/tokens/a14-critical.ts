import { type Attack, attack, each } from '../attack.ts'
import { segment, signerOf } from '../stages/token-keys.ts'
import { expectRefused, expectTaken, type VerifierStage, verifierStage } from '../stages/verifier.ts'

const headers = {
  'crit of a claim': { crit: ['exp'] },
  'crit of something unknown': { crit: ['unknown'] },
  'crit of something unknown that is there': { crit: ['unknown'], unknown: true },
  'crit of something that is known': { crit: ['alg'] },
  'crit of everything': { crit: ['alg', 'kid', 'typ'] },
  'crit, empty': { crit: [] },
  'crit, a text': { crit: 'b64' },
  'crit, null': { crit: null },
  'crit, false': { crit: false },
  'crit, twice the same': { crit: ['b64', 'b64'], b64: true },
  'crit with a number in it': { crit: [1] },
  'b64 that says what is so anyway': { crit: ['b64'], b64: true },
  'b64 without crit': { b64: true },
  'b64: false without crit': { b64: false },
  'b64: false with crit': { crit: ['b64'], b64: false },
  'b64, a text': { crit: ['b64'], b64: 'false' },
} as const

export const critical: Attack = attack({
  ids: ['A14', 'A15', 'CVE-2026-35042'],
  title: 'a genuine token whose header changes the rules: crit and b64',
  cost: 'A token would mean one thing to the server that checks it and another to the one that wrote it.',
  shows: ['RFC 8725 §3.10'],
  stage: verifierStage,
  legal: {
    'a header with something unknown in it that is not critical': (stage) =>
      expectTaken(stage, stage.sign({ header: { unknown: true, critical: ['exp'] } })),
  },
  hostile: {
    ...each(headers, (stage: VerifierStage, header) => expectRefused(stage, stage.sign({ header }))),
    ...each(
      { 'with crit': { crit: ['b64'], b64: false }, 'without crit': { b64: false } },
      async (stage: VerifierStage, parameters) => {
        // RFC 7797 §3: what is signed is the payload itself, and here it is base64url by itself.
        const [key] = stage.keys
        if (key === undefined) throw new Error('no key')
        const signer = signerOf('ES256', key.key)
        const [header, payload] = [segment({ ...stage.header, ...parameters }), JSON.stringify(stage.claims)]
        const signature = segment(signer(`${header}.${payload}`))
        await expectRefused(stage, `${header}.${payload}.${signature}`)
        await expectRefused(stage, `${header}.${segment(payload)}.${signature}`)
        await expectRefused(stage, `${header}..${signature}`)
      },
    ),
    'crit in a header beside the token': (stage) => {
      const [protectedHeader, payload, signature] = stage.token.split('.')
      return expectRefused(
        stage,
        JSON.stringify({ protected: protectedHeader, header: { crit: ['exp'] }, payload, signature }),
      )
    },
  },
})

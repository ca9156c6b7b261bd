import { createHash, createPublicKey, X509Certificate } from 'node:crypto'
import { expect } from 'vitest'
import { type Attack, attack, each } from '../attack.ts'
import { certificate } from '../stages/token-certificate.ts'
import { compact, newHandKey, publicHalf, signerOf } from '../stages/token-keys.ts'
import { openTrap, type Trap } from '../stages/token-trap.ts'
import { expectRefused, expectTaken, type VerifierStage, verifierStage } from '../stages/verifier.ts'

const attacker = newHandKey('ES256')
const chain = certificate(attacker.key)
const digest = createHash('sha256').update(chain).digest('base64url')

interface Stage extends VerifierStage {
  readonly trap: Trap
}

async function stage(): Promise<Stage> {
  const [verifier, trap] = await Promise.all([verifierStage(), openTrap(attacker)])
  return { ...verifier, trap, close: () => Promise.all([verifier.close(), trap.close()]) }
}

/** Header parameters that say where the key is, each with the place by the stage. */
const brought: Readonly<Record<string, (stage: Stage) => Readonly<Record<string, unknown>>>> = {
  'jwk, the whole key': () => ({ jwk: publicHalf(attacker) }),
  'jwk, the key of the issuer': ({ keys }) => ({ jwk: keys[0] && publicHalf(keys[0]) }),
  'jwk, empty': () => ({ jwk: {} }),
  'jwk, null': () => ({ jwk: null }),
  'jku at the attacker': ({ trap }) => ({ jku: `${trap.origin}/jwks.json` }),
  'jku at the attacker, over TLS': ({ trap }) => ({ jku: `${trap.origin.replace('http', 'https')}/jwks.json` }),
  'jku that begins as the issuer does': ({ trap }) => ({ jku: trap.origin.replace('://', '://app.example@') }),
  'jku of the issuer itself': ({ served }) => ({ jku: `${served.auth.origin}/auth/jwks.json` }),
  'jku within the cloud': () => ({ jku: 'http://169.254.169.254/latest/meta-data/' }),
  'jku of a file': () => ({ jku: 'file:///etc/passwd' }),
  'jku of the data itself': () => ({
    jku: `data:application/json,${JSON.stringify({ keys: [publicHalf(attacker)] })}`,
  }),
  'jku, a list': ({ trap }) => ({ jku: [`${trap.origin}/jwks.json`] }),
  'x5u at the attacker': ({ trap }) => ({ x5u: `${trap.origin}/chain.pem` }),
  'x5u of a file': () => ({ x5u: 'file:///etc/ssl/certs/ca-certificates.crt' }),
  'x5c, a chain': () => ({ x5c: [chain.toString('base64')] }),
  'x5c, empty': () => ({ x5c: [] }),
  'all at once': ({ trap }) => ({
    jwk: publicHalf(attacker),
    jku: `${trap.origin}/jwks.json`,
    x5u: `${trap.origin}/chain.pem`,
    x5c: [chain.toString('base64')],
  }),
}

export const broughtKeys: Attack = attack({
  ids: ['A11', 'A12', 'A13', 'CVE-2018-0114'],
  title: 'a token that brings its key along, or says where it is',
  cost: 'Anybody could sign in as anybody with a key of their own, and have the server ask addresses within its network.',
  shows: ['ASVS 9.1.3', 'RFC 8725 §3.10'],
  stage,
  legal: {
    'the token as it was signed': (stage) => expectTaken(stage, stage.token),
    'parameters that are only names of a key': (stage) =>
      expectTaken(stage, stage.sign({ header: { x5t: digest.slice(0, 27), 'x5t#S256': digest, other: true } })),
    'the trap is there, and the chain is one': async ({ trap }) => {
      const before = trap.connections
      expect(await (await fetch(`${trap.origin}/jwks.json`)).json()).toEqual({ keys: [publicHalf(attacker)] })
      expect(trap.connections).toBe(before + 1)
      expect(new X509Certificate(chain).verify(createPublicKey(attacker.key))).toBe(true)
    },
  },
  hostile: each(brought, async (stage: Stage, parameters) => {
    const before = stage.trap.connections
    const header = { ...stage.header, ...parameters(stage) }
    const signer = signerOf('ES256', attacker.key)
    const claims = { ...stage.claims, sub: 'root', user: { id: 'root', role: 'admin' } }
    await expectRefused(stage, compact(header, claims, signer))
    await expectRefused(stage, compact({ ...header, kid: attacker.jwk.kid }, claims, signer))
    await expectRefused(stage, compact({ ...header, kid: undefined }, claims, signer))
    // A genuine signature makes it no better: who follows such a parameter has been led already.
    await expectRefused(stage, stage.sign({ header: parameters(stage) }))
    expect(stage.trap.connections).toBe(before)
  }),
})

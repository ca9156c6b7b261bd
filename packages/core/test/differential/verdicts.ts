/**
 * Owns asking both engines about the same tokens, and Node's own ECDSA as a third, and that all answer the same.
 * @module
 */

import { createPublicKey, type JsonWebKey, verify as nodeVerify } from 'node:crypto'
import fc from 'fast-check'
import { expect } from 'vitest'
import * as node from '../../src/crypto/node.ts'
import * as web from '../../src/crypto/web.ts'
import { type Algorithm, algorithmFacts } from '../../src/jwt/algorithm.ts'
import { splitCompact } from '../../src/jwt/decode.ts'
import type { VerificationKey } from '../../src/jwt/signature.ts'
import { createVerifiedTokens } from '../../src/jwt/verified-tokens.ts'
import { type TokenResult, type VerifyOptions, verifyAccessToken } from '../../src/jwt/verify.ts'
import { algorithms, issuer, keyFor, now, publicHalf } from '../jwt/keys.ts'
import { drawFrom, tokenOf } from './hostile-tokens.ts'

/** Fixed, so that two runs are the same run; another one by HANDSTAMP_SEED. */
export const seed: number = Number(process.env.HANDSTAMP_SEED ?? 20_270_131)

/** How many tokens are asked about in all files together, and for how long at most. */
export const checks: number = Number(process.env.HANDSTAMP_DIFFERENTIAL ?? 100_000)
const seconds = Number(process.env.HANDSTAMP_DIFFERENTIAL_SECONDS ?? 240)

type Verify = typeof web | typeof node

async function keysOf(engine: Verify): Promise<ReadonlyMap<string, VerificationKey>> {
  const keys = new Map<string, VerificationKey>()
  for (const alg of algorithms) {
    const facts = algorithmFacts[alg]
    const { alg: _alg, kid, ...members } = facts.kty === 'oct' ? keyFor(alg) : publicHalf(keyFor(alg))
    const verify = await engine.importVerifier(members as unknown as Record<string, string>, alg)
    // As signature.ts does: of another length it never reaches the engine.
    const bytes = facts.kty === 'RSA' ? 256 : facts.signatureBytes
    keys.set(`${alg} ${kid}`, {
      kid,
      alg,
      verify: (input, signature) => signature.length === bytes && verify(input, signature),
    })
  }
  return keys
}

/** What an engine makes of a token, in one text: equal texts are equal verdicts. */
async function verdict(token: string, options: VerifyOptions): Promise<string> {
  const result: TokenResult = await verifyAccessToken(token, options)
  return result.ok ? `ok ${JSON.stringify(result.claims)}` : result.reason
}

/** What Node says of an ECDSA signature in the form that JOSE has; undefined where the token is not one to ask about. */
function floorOf(token: string): boolean | undefined {
  const parts = splitCompact(token)
  const alg = parts?.header.alg as Algorithm
  const facts = algorithmFacts[alg]
  if (parts === undefined || facts?.kty !== 'EC' || parts.header.kid !== `k-${alg}`) return undefined
  if (parts.signature.length !== facts.signatureBytes) return false
  const key = createPublicKey({ key: publicHalf(keyFor(alg)) as JsonWebKey, format: 'jwk' })
  const input = Buffer.from(parts.signingInput)
  return nodeVerify(`sha${alg.slice(2)}`, input, { key, dsaEncoding: 'ieee-p1363' }, parts.signature)
}

/** Asks about a share of all checks. Answers how often each verdict came. */
export async function askBoth(
  share: number,
  chosen: readonly { weight: number; alg: Algorithm }[],
): Promise<ReadonlyMap<string, number>> {
  const options = { issuer, audience: issuer, now, clockTolerance: 5_000, maxLifetime: 900_000 }
  const [nodeKeys, webKeys] = [await keysOf(node), await keysOf(web)]
  const asNode = { ...options, resolve: (kid: string, alg: Algorithm) => nodeKeys.get(`${alg} ${kid}`) }
  const asWeb = { ...options, resolve: (kid: string, alg: Algorithm) => webKeys.get(`${alg} ${kid}`) }
  // A third verifier remembers, and must not be told apart from the two that do not.
  const seeing = { ...asNode, seen: createVerifiedTokens() }
  const counts = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(drawFrom(chosen), async (draw) => {
      const token = tokenOf(draw)
      const said = await verdict(token, asNode)
      const name = said.startsWith('ok') ? 'ok' : said
      counts.set(name, (counts.get(name) ?? 0) + 1)
      if (said !== (await verdict(token, asWeb))) expect.fail(`the engines differ about ${token}`)
      if (draw.a % 8 === 0 && said !== (await verdict(token, seeing))) expect.fail(`remembered otherwise: ${token}`)
      const floor = floorOf(token)
      if (floor !== undefined && (said === 'bad_signature') === floor && passesForm(said))
        expect.fail(`Node itself says ${floor} about ${token}`)
    }),
    {
      seed,
      numRuns: Math.round(checks * share),
      // The two files that share the checks may run one after the other.
      interruptAfterTimeLimit: (seconds * 1_000) / 2,
      markInterruptAsFailure: false,
      endOnFailure: true,
    },
  )
  return counts
}

/** True where the verdict is about the signature, or about what stands behind one that fits. */
function passesForm(said: string): boolean {
  return said !== 'wrong_type' && said !== 'unknown_key' && said !== 'unsupported_algorithm'
}

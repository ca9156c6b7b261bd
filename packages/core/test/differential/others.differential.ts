import { expect, test } from 'vitest'
import { askBoth, checks, seed } from './verdicts.ts'

test(`RSA, HMAC and EdDSA: both engines give one verdict on 85 % of ${checks} tokens (seed ${seed})`, async ({
  annotate,
}) => {
  const counts = await askBoth(0.85, [
    { weight: 4, alg: 'HS256' },
    { weight: 2, alg: 'HS384' },
    { weight: 2, alg: 'HS512' },
    { weight: 2, alg: 'EdDSA' },
    { weight: 2, alg: 'RS256' },
    { weight: 1, alg: 'RS384' },
    { weight: 1, alg: 'RS512' },
    { weight: 2, alg: 'PS256' },
    { weight: 1, alg: 'PS384' },
    { weight: 1, alg: 'PS512' },
  ])
  // Fewer than the title says where the time was up before.
  await annotate(`${[...counts.values()].reduce((sum, count) => sum + count, 0)} tokens were asked about`)
  for (const reason of ['ok', 'malformed', 'bad_signature', 'wrong_type', 'unknown_key', 'expired', 'binding'])
    expect(counts.get(reason) ?? 0, reason).toBeGreaterThan(Math.min(checks, 100_000) / 10_000)
})

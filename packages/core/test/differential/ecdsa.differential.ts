import { expect, test } from 'vitest'
import { askBoth, checks, seed } from './verdicts.ts'

test(`ECDSA: both engines and Node itself give one verdict on 15 % of ${checks} tokens (seed ${seed})`, async ({
  annotate,
}) => {
  const counts = await askBoth(0.15, [
    { weight: 10, alg: 'ES256' },
    { weight: 1, alg: 'ES384' },
    { weight: 1, alg: 'ES512' },
  ])
  // Fewer than the title says where the time was up before.
  await annotate(`${[...counts.values()].reduce((sum, count) => sum + count, 0)} tokens were asked about`)
  for (const reason of ['ok', 'malformed', 'bad_signature', 'wrong_type', 'unknown_key', 'expired', 'binding'])
    expect(counts.get(reason) ?? 0, reason).toBeGreaterThan(Math.min(checks, 100_000) / 10_000)
})

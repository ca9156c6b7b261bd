import type { Clock } from '@handstamp/core/clock'
import { createKeyRing } from '@handstamp/core/jwt/key-ring'
import { describe, test } from 'vitest'
import { hybrid, memoryStore, session, token } from '../../src/index.ts'
import { strategyContract } from '../../src/testing/index.ts'
import { testKeys, testSecrets } from '../keys.ts'

const keys = createKeyRing(testKeys)
const subjects = {
  session: ({ clock }: { clock: Clock }) =>
    session({ store: memoryStore({ clock }), idleTimeout: '1h', lifetime: '8h' }),
  token: () => token({ keys, accessLifetime: '5m', lifetime: '8h' }),
  'token with store': ({ clock }: { clock: Clock }) =>
    token({ keys, accessLifetime: '5m', lifetime: '8h', store: memoryStore({ clock }) }),
  hybrid: ({ clock }: { clock: Clock }) =>
    hybrid({
      keys,
      secrets: testSecrets,
      store: memoryStore({ clock }),
      accessLifetime: '5m',
      idleTimeout: '1h',
      lifetime: '8h',
    }),
}

for (const [name, create] of Object.entries(subjects)) {
  for (const transport of ['cookie', 'bearer', 'split'] as const) {
    if (transport === 'split' && name !== 'hybrid') continue
    describe(`${name} over ${transport}`, () => {
      for (const { name: promise, run } of strategyContract) test(promise, () => run({ transport, create }))
    })
  }
}

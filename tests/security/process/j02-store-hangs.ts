import { expect } from 'vitest'
import type { Served } from '../../wire/served-auth.ts'
import { signedIn, type Visitor, whoIs } from '../../wire/visitor.ts'
import { type Attack, attack } from '../attack.ts'
import {
  expectUnavailable,
  type Outage,
  type OutageStage,
  outageStage,
  storeTimeout,
} from '../stages/process-outage.ts'

/** Milliseconds beyond the limit that a busy machine is forgiven. */
const slack = 3_000

/** Asks beside HTTP, as a busy application does, and says of each how it ended. */
function ask({ auth, wire }: Served, visitor: Visitor, times: number): Promise<readonly string[]> {
  const headers = new Headers(visitor.credentials().map(([name, value]): [string, string] => [name, value]))
  const request = new Request(`${wire.origin}/`, { headers })
  const one = async () => auth.authenticate(request).then(({ ok }) => String(ok), ({ code }: { code: string }) => code) // biome-ignore format: one row
  return Promise.all(Array.from({ length: times }, one))
}

function ofSession({ all }: OutageStage): Outage {
  return all.find(({ strategy, transport }) => strategy === 'session' && transport === 'cookie') as Outage
}

export const storeHangs: Attack = attack({
  ids: ['J2'],
  title: 'a store that never answers',
  cost: 'One slow store would hold every request and all memory of the server until nothing answers any more.',
  shows: [],
  stage: outageStage,
  legal: {
    'a thousand at once of a store that answers': async (stage) => {
      const { served } = ofSession(stage)
      const visitor = await signedIn(served.wire, 'cookie')
      expect(new Set(await ask(served, visitor, 1_000))).toEqual(new Set(['true']))
    },
    'one that answers just in time': async (stage) => {
      const { served } = ofSession(stage)
      const visitor = await signedIn(served.wire, 'cookie')
      served.store.plan(({ method }) => (method === 'find' ? 'hold' : undefined))
      const asked = ask(served, visitor, 20)
      served.store.release()
      served.store.plan()
      expect(new Set(await asked)).toEqual(new Set(['true']))
    },
  },
  hostile: {
    'for everybody: each is answered in time, and nobody is signed out': async (stage) => {
      await Promise.all(
        stage.all.map(async ({ served, strategy, transport }) => {
          const visitor = await signedIn(served.wire, transport)
          served.store.plan(() => 'hang')
          const since = performance.now()
          const paths = strategy === 'hybrid' ? ['/auth/sessions'] : ['/api/me', '/auth/sessions', '/auth/session']
          for (const answer of await Promise.all(paths.map((path) => visitor.ask('GET', path))))
            expectUnavailable(answer)
          expectUnavailable(await visitor.refresh())
          expectUnavailable(await visitor.ask('POST', '/auth/sign-out'))
          expect(performance.now() - since).toBeLessThan(storeTimeout * 3 + slack)
          served.store.plan()
          expect(await whoIs(visitor)).toBe('ada')
          expect((await visitor.refresh()).status).toBe(200)
        }),
      )
      expect(await stage.unhandled()).toEqual([])
    },
    'for two thousand at once: a thousand wait, the others are refused at once': async (stage) => {
      const { served } = ofSession(stage)
      const visitor = await signedIn(served.wire, 'cookie')
      served.store.plan(() => 'hang')
      served.store.reset()
      const codes = await ask(served, visitor, 2_000)
      expect(codes.filter((code) => code === 'ERR_STORE_TIMEOUT')).toHaveLength(1_000)
      expect(codes.filter((code) => code === 'ERR_STORE_UNAVAILABLE')).toHaveLength(1_000)
      expect(served.store.calls.find).toBe(1_000)
      // Those that it still owes count: it is asked one question at a time, until it answers one.
      served.store.reset()
      expect(new Set(await ask(served, visitor, 100))).toEqual(new Set(['ERR_STORE_TIMEOUT', 'ERR_STORE_UNAVAILABLE']))
      expect(served.store.calls.find).toBe(1)
      served.store.plan()
      expect(await ask(served, visitor, 1)).toEqual(['true'])
      expect(new Set(await ask(served, visitor, 1_000))).toEqual(new Set(['true']))
    },
    'and answers too late, when it was given up': async (stage) => {
      const { served } = ofSession(stage)
      const visitor = await signedIn(served.wire, 'cookie')
      served.store.plan(() => 'hold')
      expect(new Set(await ask(served, visitor, 50))).toEqual(new Set(['ERR_STORE_TIMEOUT']))
      served.store.plan()
      served.store.release()
      expect(await stage.unhandled()).toEqual([])
      expect(new Set(await ask(served, visitor, 1_000))).toEqual(new Set(['true']))
    },
  },
})

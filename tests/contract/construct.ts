/**
 * Puts a combination together, and answers who refuses it and in which words.
 * @module
 */
import { type AuthClientOptions, createAuthClient, type ShapeOf } from '@handstamp/client'
import { memoryStore } from '@handstamp/server'
import { fakeClock } from '@handstamp/server/testing'
import { openApplication, origin, type Shape } from './application.ts'
import { createBrowser } from './browser/browser.ts'
import { createNetwork } from './browser/network.ts'
import type { Combination } from './subject.ts'

export interface Refusal {
  readonly by: 'server' | 'client'
  readonly error: unknown
}

/** Empty where all of it goes together. */
export function refusalsOf({ strategy, transport, storage }: Combination): readonly Refusal[] {
  const clock = fakeClock()
  const browser = createBrowser({ network: createNetwork(), clock, monotonic: () => 0 })
  const options = { baseURL: origin, transport, storage: storage.option(browser), fetch: async () => Response.error() }
  const attempts = {
    server: () =>
      openApplication({
        strategy: strategy.create({ clock, store: memoryStore({ clock }) }),
        transports: [transport],
        clock,
      }),
    // The types refuse the same; here they are told to trust.
    client: () => createAuthClient<Shape>(options as AuthClientOptions<ShapeOf<Shape>>),
  }
  return (['server', 'client'] as const).flatMap((by) => {
    try {
      attempts[by]()
      return []
    } catch (error) {
      return [{ by, error }]
    }
  })
}

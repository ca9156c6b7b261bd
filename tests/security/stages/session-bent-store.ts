/**
 * A store that answers records otherwise than they were written: damaged, or past their time.
 * @module
 */
import type { SessionRecord } from '@handstamp/core/session'
import { memoryStore, type SessionStore } from '@handstamp/server'
import { type FakeClock, fakeClock } from '@handstamp/server/testing'
import { newKeyPair } from '../../wire/key-pair.ts'
import { type Served, type StrategyName, serveAuth, strategyOf } from '../../wire/served-auth.ts'
import { signedIn, type Visitor } from '../../wire/visitor.ts'

export interface BentStore extends SessionStore {
  /** From now on; without an argument records come back as they are. */
  bend(change?: (record: SessionRecord) => unknown): void
}

/** Whatever comes back is found under the id and the version that were asked for, as a broken row would be. */
export function bentStore(store: SessionStore): BentStore {
  let change: (record: SessionRecord) => unknown = (record) => record
  return {
    ...store,
    bend(next = (record) => record) {
      change = next
    },
    async find(id) {
      const found = await store.find(id)
      return found && { ...found, record: change(found.record) as SessionRecord }
    },
    async listByUser(handle) {
      const { epoch, sessions } = await store.listByUser(handle)
      return { epoch, sessions: sessions.map((one) => ({ ...one, record: change(one.record) as SessionRecord })) }
    },
  }
}

export interface BentStage {
  readonly served: Served
  readonly store: BentStore
  /** Of the application; that of the store may stand still beside it. */
  readonly clock: FakeClock
  readonly visitor: Visitor
  close(): Promise<void>
}

/** Ada, signed in by cookie, over a store that can be bent. With `lateStore` the store never notices that time passes. */
export async function bentStage(
  strategy: Exclude<StrategyName, 'token'>,
  { lateStore = false }: { readonly lateStore?: boolean } = {},
): Promise<BentStage> {
  const clock = fakeClock()
  const stopped = clock()
  const store = bentStore(memoryStore({ clock: lateStore ? () => stopped : () => served.clock() }))
  const served: Served = await serveAuth({ strategy: strategyOf(strategy, store, newKeyPair()), transport: 'cookie' })
  const visitor = await signedIn(served.wire, 'cookie')
  return { served, store, clock: served.clock, visitor, close: () => served.stop() }
}

/** The strategies that keep records, and how each asks for one of ada's. */
export const kept = ['session', 'token+store', 'hybrid'] as const

/** The answer for which the record is read: each request, or each refresh. */
export async function askedOfRecord({ visitor }: BentStage, strategy: (typeof kept)[number]): Promise<number> {
  const answer = strategy === 'hybrid' ? await visitor.copy().refresh() : await visitor.copy().ask('GET', '/api/me')
  return answer.status
}

/**
 * Faults that a rotation, a store or a strategy could have, planted around the real ones to see whether the checker finds them.
 * @module
 */
import { randomBytes } from 'node:crypto'
import type { SessionRecord } from '@handstamp/core/session'
import type { AuthEvent } from '@handstamp/server'
import type { SessionStore } from '@handstamp/server/stores/store'
import type { OpenStrategy, Strategy, StrategyContext } from '@handstamp/server/strategies/strategy'
import type { Config, Fault } from './config.ts'
import { hashOf, idOf, readToken, writeToken } from './reference.ts'

export interface Planted extends Fault {
  /** The rules of which it must break one. */
  readonly breaks: readonly string[]
  /** Breaks no invariant by itself: it is found where every move is held to the protocol. */
  readonly conformance?: true
}

const oneServer: Partial<Config> = { strategy: 'hybrid', honest: false, shared: false, skews: [0], storeSkew: 0 }
const hybrid: Partial<Config> = { strategy: 'hybrid', honest: false }

export const faults: readonly Planted[] = [
  {
    name: 'a swap that does not compare versions',
    breaks: ['I1'],
    config: hybrid,
    store: (store) => ({
      ...store,
      async replace(id, _version, record, options) {
        const found = await store.find(id)
        return found ? store.replace(id, found.version, record, options) : false
      },
    }),
  },
  {
    name: 'a lost swap that is answered as if it were won',
    breaks: ['I1', 'I6'],
    config: hybrid,
    store: (store) => ({ ...store, replace: async (...args) => (await store.replace(...args)) || true }),
  },
  {
    name: 'an answer before the swap is applied',
    breaks: ['I1', 'I6'],
    config: hybrid,
    store: (store) => {
      const behind = later()
      return {
        ...store,
        find: (...args) => behind.before(async () => store.find(...args)),
        replace: async (...args) => {
          behind.put(() => store.replace(...args))
          return true
        },
      }
    },
  },
  {
    name: 'grace that begins anew with each replay',
    breaks: ['I3'],
    config: hybrid,
    strategy: (strategy, raw) =>
      telling(strategy, async ({ type, ...event }, now) => {
        if (type === 'refresh.replayed') await write(raw, (event as { sessionId: string }).sessionId, (rotation) => ({ ...rotation, rotatedAt: now })) // biome-ignore format: one thought
      }),
  },
  {
    name: 'grace without end',
    breaks: ['I3'],
    config: hybrid,
    store: (store, { now }) => dated(store, () => now()),
  },
  {
    name: 'no grace at all',
    breaks: ['I5', 'liveness'],
    config: { ...oneServer, honest: true },
    store: (store) => dated(store, (rotatedAt) => rotatedAt - 60_000),
  },
  {
    name: 'a rotation that is dated by the start of its request',
    breaks: ['protocol'],
    conformance: true,
    config: hybrid,
    strategy: (strategy) => ({
      ...strategy,
      open(context) {
        let began: number | undefined
        const open = strategy.open({ ...context, clock: () => began ?? context.clock() })
        return {
          ...open,
          async refresh(held, now, ...rest) {
            began = now
            return open.refresh(held, now, ...rest)
          },
        }
      },
    }),
  },
  {
    name: 'a fresh successor for each replay',
    breaks: ['I1', 'I2'],
    config: hybrid,
    strategy: (strategy, raw) =>
      answering(strategy, async (open, held, ...rest) => {
        const { text = '' } = held.refresh ?? {}
        const grant = await open.refresh(held, ...rest)
        const successor = 'ok' in grant || grant.refresh === undefined ? undefined : readToken(grant.refresh)
        if ('ok' in grant || successor === undefined || successor.g === readToken(text).g) return grant
        const fork = { ...successor, secret: randomBytes(32) }
        await write(raw, idOf(fork), (rotation) => ({ ...rotation, cur: hashOf(fork) }))
        return { ...grant, refresh: writeToken(fork) }
      }),
  },
  {
    name: 'a tampered tail that ends the family',
    breaks: ['I5'],
    config: hybrid,
    strategy: (strategy, raw) =>
      answering(strategy, async (open, held, ...rest) => {
        const grant = await open.refresh(held, ...rest)
        if ('ok' in grant && grant.reason === 'unknown') await raw.delete(idOf(readToken(held.refresh?.text ?? '')))
        return grant
      }),
  },
  {
    name: 'a token from the future that ends the family',
    breaks: ['I5'],
    config: hybrid,
    strategy: (strategy, raw) =>
      telling(strategy, async (event) => {
        if (event.type === 'refresh.ahead') await raw.delete(event.sessionId)
      }),
  },
  {
    name: 'theft that is refused and ends nothing',
    breaks: ['I5'],
    config: hybrid,
    strategy: (strategy, raw) =>
      answering(strategy, async (open, held, ...rest) => {
        const { text = '' } = held.refresh ?? {}
        const before = text.startsWith('hsr1.') ? await raw.find(idOf(readToken(text))) : undefined
        const grant = await open.refresh(held, ...rest)
        if ('ok' in grant && grant.reason === 'reused' && before) await raw.save(before.record.id, before.record, { epoch: before.record.epoch, cap: 1_000 }) // biome-ignore format: one thought
        return grant
      }),
  },
  {
    name: 'clocks of servers that are taken for one',
    breaks: ['I4', 'I5', 'liveness'],
    config: { strategy: 'hybrid', honest: true, shared: true, skews: [0, 25_000], storeSkew: 0, grace: 10_000 },
    singleProcess: true,
  },
  {
    name: 'a sign-in that does not look at the epoch when it saves',
    breaks: ['I6'],
    config: { honest: false },
    store: (store) => ({
      ...store,
      async save(id, record, { cap }) {
        const { epoch } = await store.listByUser(id.slice(0, 16))
        return store.save(id, { ...record, epoch: epoch ?? record.epoch }, { epoch, cap })
      },
    }),
  },
  {
    name: 'an end of everything that is a loop of deletes',
    breaks: ['I6'],
    config: { honest: false },
    store: (store) => ({
      ...store,
      async deleteByUser(handle, { except } = {}) {
        const { epoch = 0, sessions } = await store.listByUser(handle)
        for (const { id } of sessions) if (id !== except) await store.delete(id)
        return { epoch }
      },
    }),
  },
  {
    name: 'an end that is acknowledged before it is one',
    breaks: ['I6'],
    config: { honest: false },
    store: (store) => {
      const behind = later()
      return {
        ...store,
        find: (...args) => behind.before(async () => store.find(...args)),
        delete: async (id) => {
          behind.put(() => store.delete(id))
          return true
        },
      }
    },
  },
  {
    name: 'a write that brings back what was ended',
    breaks: ['I6'],
    config: { honest: false },
    store: (store) => ({
      ...store,
      async replace(id, version, record, options) {
        if (await store.replace(id, version, record, options)) return true
        const { epoch } = await store.listByUser(id.slice(0, 16))
        return (await store.save(id, { ...record, epoch: epoch ?? record.epoch }, { epoch, cap: 1_000 })) === 'saved'
      },
    }),
  },
  {
    name: 'an absolute expiry that moves with use',
    breaks: ['I7'],
    config: oneServer,
    store: (store, { now }) => rewriting(store, (record) => ({ ...record, expiresAt: now() + 7_200_000 })),
  },
  {
    name: 'a refresh that counts as a proof',
    breaks: ['I7'],
    config: oneServer,
    store: (store, { now }) =>
      rewriting(store, (record) => (record.rotation?.g ? { ...record, authTime: now() - (now() % 1_000) } : record)),
  },
]

/** Work that is done a little too late: before the next but one question. */
function later(): { put(work: () => Promise<unknown>): void; before<T>(next: () => Promise<T>): Promise<T> } {
  const waiting: { work: () => Promise<unknown>; asked: number }[] = []
  return {
    put: (work) => void waiting.push({ work, asked: 0 }),
    async before(next) {
      for (const one of [...waiting]) {
        one.asked += 1
        if (one.asked > 1) await waiting.splice(waiting.indexOf(one), 1)[0]?.work()
      }
      return next()
    },
  }
}

/** A store that changes what it is given, also what a store may not change. */
function rewriting(store: SessionStore, change: (record: SessionRecord) => SessionRecord): SessionStore {
  return {
    ...store,
    async replace(id, version, record, options) {
      if (!(await store.replace(id, version, record, options))) return false
      const at = options?.as ?? id
      const found = await store.find(at)
      if (!found) return true
      await store.delete(at)
      await store.save(at, change(found.record), { epoch: found.record.epoch, cap: 1_000 })
      return true
    },
  }
}

/** A store that answers another time of rotation than it was given, and keeps the true one. */
function dated(store: SessionStore, at: (rotatedAt: number) => number): SessionStore {
  return {
    ...store,
    async find(...args) {
      const found = await store.find(...args)
      const rotation = found?.record.rotation
      if (!found || !rotation) return found
      return { ...found, record: { ...found.record, rotation: { ...rotation, rotatedAt: at(rotation.rotatedAt) } } }
    },
    async replace(id, version, record, options) {
      const kept = (await store.find(id))?.record.rotation
      const rotation = kept && record.rotation?.cur === kept.cur ? { rotation: kept } : {}
      return store.replace(id, version, { ...record, ...rotation }, options)
    },
  }
}

async function write(
  store: SessionStore,
  id: string,
  change: (rotation: NonNullable<SessionRecord['rotation']>) => SessionRecord['rotation'],
): Promise<void> {
  const found = await store.find(id)
  const rotation = found?.record.rotation && change(found.record.rotation)
  if (found && rotation) await store.replace(id, found.version, { ...found.record, rotation })
}

type Refresh = OpenStrategy<{ readonly id: string }>['refresh']

/** A strategy whose refresh is another one. */
function answering(
  strategy: Strategy,
  refresh: (open: OpenStrategy<{ readonly id: string }>, ...args: Parameters<Refresh>) => ReturnType<Refresh>,
): Strategy {
  return {
    ...strategy,
    open(context) {
      const open = strategy.open(context)
      return {
        ...open,
        refresh: (...args) => refresh(open as never, ...(args as never as Parameters<Refresh>)) as never,
      }
    },
  }
}

/** A strategy that does something when it is told of an event. */
function telling(strategy: Strategy, told: (event: AuthEvent, now: number) => Promise<void>): Strategy {
  return {
    ...strategy,
    open<User extends { readonly id: string }>(context: StrategyContext<User>) {
      const work: Promise<void>[] = []
      const emit = (event: AuthEvent): void => {
        context.emit(event)
        work.push(told(event, context.clock()))
      }
      const open = strategy.open({ ...context, emit })
      return {
        ...open,
        async refresh(...args: Parameters<typeof open.refresh>) {
          const grant = await open.refresh(...args)
          await Promise.all(work)
          return grant
        },
      }
    },
  }
}

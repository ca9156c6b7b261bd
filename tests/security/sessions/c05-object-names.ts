import { userHandle } from '@handstamp/core/secret'
import { memoryStore, type SessionStore } from '@handstamp/server'
import { contractRecord } from '@handstamp/server/testing'
import { expect } from 'vitest'
import { serveAuth } from '../../wire/served-auth.ts'
import { signedIn } from '../../wire/visitor.ts'
import { type Attack, attack, each } from '../attack.ts'

const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__']
const byName = Object.fromEntries(names.map((name) => [JSON.stringify(name), name]))

interface Kept {
  readonly store: SessionStore
  readonly id: string
  close(): void
}

function expectClean(): void {
  const fresh: Record<string, unknown> = {}
  expect([fresh.userId, fresh.epoch, fresh.first, Object.keys(Object.prototype)]).toEqual([
    undefined,
    undefined,
    undefined,
    [],
  ])
}

export const objectNamesAsIds: Attack = attack({
  ids: ['C5'],
  title: 'ids and users that are named like properties of every object',
  cost: 'A user who calls themselves constructor would be found signed in before they ever were, or sign out everybody.',
  shows: [],
  stage: async (): Promise<Kept> => {
    const clock = () => 1_800_000_000_000
    const store = memoryStore({ clock })
    const record = contractRecord({ userId: 'ada', createdAt: clock() })
    await store.save(record.id, record, { epoch: undefined, cap: 10 })
    return { store, id: record.id, close: () => {} }
  },
  legal: {
    'the session of somebody else': async ({ store, id }: Kept) => expect(await store.find(id)).toBeDefined(),
    ...each(byName, async (_kept: Kept, name) => {
      // As the id of a user it is a name like any other, with sessions of its own.
      const account = async () => ({ id: name, role: 'member' })
      const served = await serveAuth({ strategy: 'session', transport: 'cookie', verifyCredentials: account })
      const visitor = await signedIn(served.wire, 'cookie')
      expect((await visitor.ask('GET', '/api/me')).json).toMatchObject({ user: { id: name } })
      expect(await served.auth.sessions.list(name)).toHaveLength(1)
      expect(await served.auth.sessions.list('ada')).toEqual([])
      expect(await served.auth.sessions.revokeAll(name)).toBe(1)
      await served.stop()
      expectClean()
    }),
  },
  hostile: each(byName, async ({ store, id }: Kept, name) => {
    const record = contractRecord({ userId: name, createdAt: 1_800_000_000_000 })
    expect(await store.find(name)).toBeUndefined()
    expect(await store.delete(name)).toBe(false)
    expect(await store.replace(name, 1, { ...record, id: name })).toBe(false)
    await expect(store.save(name, { ...record, id: name }, { epoch: undefined, cap: 10 })).rejects.toThrow(TypeError)
    expect(await store.listByUser(name)).toEqual({ epoch: undefined, sessions: [] })
    expect(await store.listByUser(userHandle(name))).toEqual({ epoch: undefined, sessions: [] })
    await store.deleteByUser(name)
    expect(await store.find(id)).toBeDefined()
    expectClean()
  }),
})

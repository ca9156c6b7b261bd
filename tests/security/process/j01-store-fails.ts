import { createAuth, memoryStore, session } from '@handstamp/server'
import type { Fault } from '@handstamp/server/testing'
import { expect } from 'vitest'
import { unknownSession } from '../../wire/outward-answers.ts'
import { schemaOf } from '../../wire/served-auth.ts'
import { newVisitor, ownPage, signedIn, whoIs } from '../../wire/visitor.ts'
import { type Attack, attack, each } from '../attack.ts'
import { expectUnavailable, type Outage, type OutageStage, outageStage } from '../stages/process-outage.ts'

const forEach = async ({ all }: OutageStage, attempt: (outage: Outage) => Promise<void>): Promise<void> => {
  for (const outage of all) await attempt(outage)
}

/** Forty requests at once, each of whom is known, and some of whom nobody is. */
async function ask(stage: OutageStage, fault: Fault): Promise<void> {
  await forEach(stage, async ({ strategy, transport, served }) => {
    const visitor = await signedIn(served.wire, transport)
    served.store.plan(() => fault)
    const answers = await Promise.all(Array.from({ length: 40 }, () => visitor.ask('GET', '/api/me')))
    // A token says by itself who it is: under hybrid() no store is asked before the refresh.
    for (const answer of answers) {
      if (strategy === 'hybrid') expect([answer.status, answer.json]).toMatchObject([200, { user: { id: 'ada' } }])
      else expectUnavailable(answer)
    }
    expectUnavailable(await visitor.refresh())
    expectUnavailable(await newVisitor(served.wire, transport).signIn())
    const stranger = newVisitor(served.wire, transport)
    const shown = transport === 'cookie' ? ['Cookie', `${served.wire.access}=${unknownSession}`] : ['Authorization', `Bearer ${unknownSession}`] // biome-ignore format: one row
    const answer = await stranger.ask('GET', '/api/me', { headers: [[shown[0] ?? '', shown[1] ?? ''], ...ownPage] })
    if (strategy === 'session') expectUnavailable(answer)
    else expect(answer.status).toBe(401)
    expect((await stranger.ask('GET', '/api/me')).status).toBe(401)
    served.store.plan()
    if (fault !== 'apply-then-reject') expect((await visitor.refresh()).status).toBe(200)
    expect(await whoIs(visitor)).toBe('ada')
  })
  expect(await stage.unhandled()).toEqual([])
}

/** Nobody is told that they are signed out who is not. */
async function leave(stage: OutageStage, fault: Fault): Promise<void> {
  await forEach(stage, async ({ transport, served }) => {
    const visitor = await signedIn(served.wire, transport)
    const held = visitor.held()
    served.store.plan(() => fault)
    for (const [method, target] of [['POST', '/auth/sign-out'], ['DELETE', '/auth/sessions']] as const) expectUnavailable(await visitor.ask(method, target)) // biome-ignore format: one row
    expect(visitor.held()).toEqual(held)
    served.store.plan()
    expect((await visitor.ask('POST', '/auth/sign-out')).status).toBe(204)
    const { status } = await visitor.copy().refresh()
    expect(status).toBe(400)
  })
}

const faults = { rejects: 'reject', throws: 'throw', 'answers garbage': 'garbage', 'does it and rejects': 'apply-then-reject' } as const // biome-ignore format: one row

export const storeFails: Attack = attack({
  ids: ['J1', 'R3', 'R4'],
  title: 'a store that is gone, or answers nonsense',
  cost: 'Whoever can bring the store down could walk in, keep a session that its owner has ended, or sign everybody out.',
  shows: [],
  stage: outageStage,
  legal: {
    'a store that answers': (stage) =>
      forEach(stage, async ({ served, transport }) => {
        const visitor = await signedIn(served.wire, transport)
        expect((await visitor.ask('GET', '/api/me')).status).toBe(200)
        expect((await visitor.refresh()).status).toBe(200)
        expect((await visitor.ask('POST', '/auth/sign-out')).status).toBe(204)
      }),
  },
  hostile: {
    ...each(faults, ask),
    ...Object.fromEntries(
      Object.entries(faults).map(([name, fault]) => [`sign-out, while it ${name}`, (stage: OutageStage) => leave(stage, fault)]), // biome-ignore format: one row
    ),
    'an order to go on without it, which does not exist': () =>
      expect(() =>
        createAuth({
          origin: 'https://app.example',
          strategy: session({ store: memoryStore(), onStoreError: 'stale' } as never),
          transport: 'cookie',
          user: schemaOf<{ id: string; role: string }>('id', 'role'),
        }),
      ).toThrow(/onStoreError/),
  },
})

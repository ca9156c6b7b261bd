import { expect } from 'vitest'
import { signedIn, type Visitor } from '../../wire/visitor.ts'
import { type Attack, attack } from '../attack.ts'
import { expectRefreshed, refreshTokenOf, told } from '../stages/refresh-family.ts'
import { at, type ServersStage, serversStage } from '../stages/refresh-servers.ts'

/** So many of a storm have read the record before any of them writes it. */
const racing = 100

/** Refreshes copies of one token at once, spread over the servers, and answers what came back. */
async function storm(stage: ServersStage, visitor: Visitor, count: number) {
  const copies = Array.from({ length: count }, (_, n) => at(stage.server(n), visitor))
  const before = toldByAll(stage, 'refresh.rotated')
  const first = Math.min(count, racing)
  stage.store.reset()
  stage.store.plan(({ method, nth }) => (method === 'find' && nth <= first ? 'apply-then-hold' : undefined))
  const answers = Promise.all(copies.map(async (copy) => (await copy.refresh()).status))
  while (stage.store.held < first) await new Promise((resolve) => setImmediate(resolve))
  stage.store.plan()
  stage.store.release()
  const statuses = await answers
  const live = copies.filter((_, n) => statuses[n] === 200)
  return {
    statuses: new Set(statuses),
    rotations: toldByAll(stage, 'refresh.rotated') - before,
    successors: new Set(live.map(refreshTokenOf)),
    live,
  }
}

export const atOnce: Attack = attack({
  ids: ['E3', 'E4', 'better-auth #8512'],
  title: 'one refresh token from many places at once',
  cost: 'Opening a second tab would sign the user out, or split the session into branches that nobody can tell from theft.',
  shows: ['RFC 9700 §2.2.2'],
  stage: () => serversStage({ skews: [0, 0, 0, 0] }),
  legal: {
    'one after another': async (stage) => {
      const visitor = await signedIn(stage.server(0).wire, 'bearer')
      await expectRefreshed(visitor)
      stage.pass(60_000)
      await expectRefreshed(at(stage.server(1), visitor))
    },
  },
  hostile: {
    'two tabs, on two servers: both stay signed in, and no reuse is told of': async (stage) => {
      const visitor = await signedIn(stage.server(0).wire, 'bearer')
      const { statuses, rotations, successors, live } = await storm(stage, visitor, 2)
      expect([statuses, rotations, successors.size]).toEqual([new Set([200]), 1, 1])
      for (const tab of live) expect((await tab.ask('GET', '/api/me')).status).toBe(200)
    },
    'a thousand, on four servers: one rotation and one successor': async (stage) => {
      const visitor = await signedIn(stage.server(0).wire, 'bearer')
      const { statuses, rotations, successors, live } = await storm(stage, visitor, 1_000)
      expect([statuses, rotations, successors.size]).toEqual([new Set([200]), 1, 1])
      expect(toldByAll(stage, 'refresh.reuse')).toBe(0)
      stage.pass(60_000)
      for (const last of live.slice(-1)) await expectRefreshed(last)
    },
    'a thousand of a token that was turned a moment ago': async (stage) => {
      const visitor = await signedIn(stage.server(0).wire, 'bearer')
      const spent = visitor.copy()
      await expectRefreshed(visitor)
      stage.pass(5_000)
      const { statuses, rotations, successors } = await storm(stage, spent, 1_000)
      expect([statuses, rotations, successors]).toEqual([new Set([200]), 0, new Set([refreshTokenOf(visitor)])])
    },
  },
})

function toldByAll({ servers }: ServersStage, type: string): number {
  return servers.reduce((sum, served) => sum + told(served, type), 0)
}

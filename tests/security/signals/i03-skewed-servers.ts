import type { Transport } from '@handstamp/core/session'
import { expect } from 'vitest'
import type { StrategyName } from '../../wire/served-auth.ts'
import { signedIn } from '../../wire/visitor.ts'
import { type Attack, attack, type Closable, type Inputs } from '../attack.ts'
import { refreshTokenOf, told } from '../stages/refresh-family.ts'
import { at, type ServersStage, serversStage } from '../stages/refresh-servers.ts'

interface Pairs extends Closable {
  /** Two servers, of which the second is ahead by so many milliseconds. */
  open(strategy: StrategyName, transport: Transport, ahead: number): Promise<ServersStage>
}

function pairsOfServers(): Pairs {
  const all: ServersStage[] = []
  return {
    async open(strategy, transport, ahead) {
      const stage = await serversStage({ strategy, transport, skews: [0, ahead] })
      all.push(stage)
      return stage
    },
    close: () => Promise.all(all.map((stage) => stage.close())),
  }
}

const kinds: readonly (readonly [StrategyName, Transport])[] = [
  ['session', 'cookie'],
  ['token', 'bearer'],
  ['token+store', 'cookie'],
  ['hybrid', 'cookie'],
  ['hybrid', 'bearer'],
  ['hybrid', 'split'],
]

/** In both orders, on every kind. */
function skewed(
  name: string,
  ahead: number,
  attempt: (stage: ServersStage, transport: Transport) => unknown,
  of = kinds,
): Inputs<Pairs> {
  return Object.fromEntries(
    of.flatMap(([strategy, transport]) =>
      [ahead, -ahead].map((skew) => [
        `${name}, ${strategy} by ${transport}, the second ${skew / 1_000} s ahead`,
        async ({ open }: Pairs) => attempt(await open(strategy, transport, skew), transport),
      ]),
    ),
  )
}

/** A credential of one server is shown to the other and refreshed there, to and fro. */
async function agree(stage: ServersStage, transport: Transport): Promise<void> {
  const visitor = await signedIn(stage.server(0).wire, transport)
  for (let turn = 1; turn < 8; turn += 1) {
    const here = at(stage.server(turn), visitor)
    expect((await here.ask('GET', '/api/me')).status).toBe(200)
    expect((await here.refresh()).status).toBe(200)
    for (const [name, value] of here.cookies) visitor.cookies.set(name, value)
    Object.assign(visitor.tokens, here.tokens)
    stage.pass(50_000)
  }
  expect(stage.servers.flatMap(({ events }) => events.filter(({ type }) => type === 'refresh.reuse'))).toEqual([])
}

const rotating = kinds.filter(([strategy]) => strategy === 'hybrid')

export const skewedServers: Attack = attack({
  ids: ['R18'],
  title: 'two servers whose clocks are apart',
  cost: 'Users would be signed out by being sent to the other server, or an ended session would live on there.',
  shows: ['RFC 9700 §2.2.2'],
  stage: pairsOfServers,
  legal: skewed('the same time', 0, agree),
  hostile: {
    ...skewed('thirty seconds apart they agree', 30_000, agree),
    ...skewed(
      'a second tab at the other server is no thief',
      30_000,
      async (stage, transport) => {
        const visitor = await signedIn(stage.server(0).wire, transport)
        const [tab, late] = [at(stage.server(1), visitor), at(stage.server(1), visitor)]
        expect((await visitor.refresh()).status).toBe(200)
        expect((await tab.refresh()).status).toBe(200)
        stage.pass(10_000)
        expect((await late.refresh()).status).toBe(200)
        expect([refreshTokenOf(tab), refreshTokenOf(late)]).toEqual(new Array(2).fill(refreshTokenOf(visitor)))
      },
      rotating,
    ),
    ...skewed(
      'and a thief is one at both',
      30_000,
      async (stage, transport) => {
        const visitor = await signedIn(stage.server(0).wire, transport)
        const thief = at(stage.server(1), visitor)
        expect((await visitor.refresh()).status).toBe(200)
        stage.pass(70_001)
        expect((await thief.refresh()).status).toBe(400)
        expect((await visitor.refresh()).status).toBe(400)
        expect(stage.servers.reduce((sum, served) => sum + told(served, 'refresh.reuse'), 0)).toBe(1)
      },
      rotating,
    ),
    ...skewed(
      'what one has ended the other does not take',
      30_000,
      async (stage, transport) => {
        const visitor = await signedIn(stage.server(0).wire, transport)
        const copy = at(stage.server(1), visitor)
        await visitor.ask('POST', '/auth/sign-out')
        expect((await copy.refresh()).status).toBe(400)
        const again = await signedIn(stage.server(1).wire, transport)
        const captured = at(stage.server(0), again)
        await stage.server(0).auth.sessions.revokeAll('ada')
        expect((await captured.refresh()).status).toBe(400)
        expect((await at(stage.server(1), again).refresh()).status).toBe(400)
        await signedIn(stage.server(0).wire, transport)
      },
      kinds.filter(([strategy]) => strategy !== 'token'),
    ),
  },
})

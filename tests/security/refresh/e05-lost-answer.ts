import { connect } from 'node:net'
import { expect } from 'vitest'
import type { Served } from '../../wire/served-auth.ts'
import type { Visitor } from '../../wire/visitor.ts'
import { type Attack, attack } from '../attack.ts'
import { expectOver, expectRefreshed, familyStage, overEach, refreshTokenOf } from '../stages/refresh-family.ts'

/** Refreshes, and is gone when the store has turned the token and the answer is about to be written. */
async function loseAnswer(visitor: Visitor, { store, wire }: Served): Promise<void> {
  store.plan(({ method }) => (method === 'replace' ? 'apply-then-hold' : undefined))
  const body = visitor.transport === 'bearer' ? JSON.stringify({ refresh_token: refreshTokenOf(visitor) }) : ''
  const lines = [
    'POST /auth/refresh HTTP/1.1',
    `Host: ${wire.host}`,
    'Sec-Fetch-Site: same-origin',
    ...(visitor.transport === 'bearer' ? ['Content-Type: application/json'] : [`Cookie: ${jarOf(visitor)}`]),
    `Content-Length: ${body.length}`,
  ]
  const socket = connect(wire.port, '127.0.0.1', () => socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`))
  while (store.held === 0) await new Promise((resolve) => setImmediate(resolve))
  await new Promise((resolve) => socket.once('close', resolve).destroy())
  store.plan()
  store.release()
}

function jarOf({ cookies }: Visitor): string {
  return [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
}

export const lostAnswer: Attack = attack({
  ids: ['E5'],
  title: 'the connection is cut after the token was turned and before the answer came',
  cost: 'Anybody who can disturb a connection, or a train in a tunnel, could sign users out.',
  shows: ['RFC 9700 §2.2.2'],
  stage: familyStage,
  legal: overEach('asked again within the grace: signed in as before', async (visitor, served) => {
    await loseAnswer(visitor, served)
    served.clock.advance('9s')
    await expectRefreshed(visitor)
    expect((await visitor.ask('GET', '/api/me')).status).toBe(200)
    served.clock.advance('1m')
    await expectRefreshed(visitor)
  }),
  hostile: {
    ...overEach(
      'kept, and presented after the grace: the end, and no way round in circles',
      async (visitor, served) => {
        await loseAnswer(visitor, served)
        served.clock.advance('11s')
        await expectOver(visitor)
        expect(refreshTokenOf({ ...visitor, tokens: {} })).toBeUndefined()
        served.store.reset()
        expect((await visitor.refresh()).status).toBe(400)
        expect(served.store.counts.writes).toBe(0)
      },
    ),
    ...overEach(
      'cut again and again: each repeat brings the same token, and one generation',
      async (visitor, served) => {
        await loseAnswer(visitor, served)
        const copies = [visitor.copy(), visitor.copy(), visitor.copy()]
        for (const copy of copies) await expectRefreshed(copy)
        expect(new Set(copies.map(refreshTokenOf)).size).toBe(1)
      },
    ),
  },
})

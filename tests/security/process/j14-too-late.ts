import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { toNodeHandler } from '@handstamp/server/adapters/node'
import type { Fault } from '@handstamp/server/testing'
import { expect } from 'vitest'
import { exchange } from '../../wire/exchange.ts'
import { ownPage, signedIn, whoIs } from '../../wire/visitor.ts'
import { type Attack, attack, each } from '../attack.ts'
import { type Outage, type OutageStage, outageStage } from '../stages/process-outage.ts'

function ofSession({ all }: OutageStage): Outage {
  return all.find(({ strategy, transport }) => strategy === 'session' && transport === 'cookie') as Outage
}

/** Uses a session whose last use is due to be noted, which happens after the answer. */
async function use(stage: OutageStage, fault: Fault | undefined): Promise<void> {
  const { served } = ofSession(stage)
  const visitor = await signedIn(served.wire, 'cookie')
  served.clock.advance('1m')
  served.store.reset()
  served.store.plan(({ method }) => (method === 'replace' ? fault : undefined))
  const answer = await visitor.ask('GET', '/api/me')
  expect([answer.status, answer.json]).toMatchObject([200, { user: { id: 'ada' } }])
  await served.auth.close()
  expect(served.store.calls.replace).toBe(1)
  served.store.plan()
  served.store.release()
  expect(await whoIs(visitor)).toBe('ada')
  expect(await stage.unhandled()).toEqual([])
}

/** Sends a request and leaves before it is answered. */
async function leaveEarly({ wire, store }: Outage['served'], lines: readonly string[], body: string): Promise<void> {
  store.plan(() => 'hold')
  const length = `Content-Length: ${body.length}`
  await new Promise<void>((resolve) => {
    const socket = connect({ port: wire.port, host: '127.0.0.1' }, () => {
      socket.write([...lines, length, 'Host: localhost', '', body].join('\r\n'), () => setTimeout(() => socket.destroy(), 20))
    })
    socket.on('close', () => resolve())
  })
  store.plan()
  store.release()
} // biome-ignore format: a request

export const tooLate: Attack = attack({
  ids: ['J14'],
  title: 'work that comes after the answer, and answers that nobody waits for any more',
  cost: 'A store that fails a moment after the answer would end the process, or leave a session that nobody can use or end.',
  shows: [],
  stage: outageStage,
  legal: { 'a use that is noted': (stage) => use(stage, undefined) },
  hostile: {
    ...each(
      {
        'the use cannot be noted': 'reject',
        'noting it throws': 'throw',
        'noting it answers garbage': 'garbage',
        'noting it never ends': 'hang',
        'it is noted and says that it is not': 'apply-then-reject',
      } as const,
      use,
    ),
    'somebody leaves while they sign in': async (stage) => {
      for (const { served, transport } of stage.all) {
        const body = JSON.stringify({ email: 'ada@example.com', password: 'analytical-engine' })
        const lines = ['POST /auth/sign-in HTTP/1.1', 'Sec-Fetch-Site: same-origin', 'Content-Type: application/json', `Handstamp-Transport: ${transport}`]
        await leaveEarly(served, lines, body)
        expect(await stage.unhandled()).toEqual([])
        const visitor = await signedIn(served.wire, transport)
        expect(await whoIs(visitor)).toBe('ada')
      }
    },
    'somebody leaves while they refresh: what they hold is good for another try': async (stage) => {
      for (const { served, transport } of stage.all) {
        const visitor = await signedIn(served.wire, transport)
        served.clock.advance('1m')
        const { refresh } = visitor.tokens
        const body = refresh === undefined ? '' : JSON.stringify({ refresh_token: refresh })
        const held = [...visitor.credentials(), ...ownPage].map((header) => header.join(': '))
        const type = body === '' ? [] : ['Content-Type: application/json']
        await leaveEarly(served, ['POST /auth/refresh HTTP/1.1', ...held, ...type], body)
        expect(await stage.unhandled()).toEqual([])
        expect((await visitor.refresh()).status).toBe(200)
        expect(await whoIs(visitor)).toBe('ada')
      }
    },
    'the application has answered already': async (stage) => {
      const { served } = ofSession(stage)
      const visitor = await signedIn(served.wire, 'cookie')
      const handle = toNodeHandler(served.auth)
      const server = createServer((req, res) => {
        res.end('already')
        handle(req, res)
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address() as AddressInfo
      const headers = [...visitor.credentials(), ...ownPage]
      const answer = await exchange(port, { method: 'POST', target: '/auth/refresh', headers })
      expect([answer.status, answer.text, answer.setCookies]).toEqual([200, 'already', []])
      await new Promise((resolve) => server.close(resolve))
      expect(await stage.unhandled()).toEqual([])
      expect(await whoIs(visitor)).toBe('ada')
    },
  },
}) // biome-ignore format: tables

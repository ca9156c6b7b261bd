import type { Transport } from '@handstamp/core/session'
import { expect } from 'vitest'
import type { Header } from '../../wire/exchange.ts'
import { pairs, unknownRefresh, unknownSession } from '../../wire/outward-answers.ts'
import { type Served, type StrategyName, serveAuth } from '../../wire/served-auth.ts'
import { newVisitor, ownPage, signedIn } from '../../wire/visitor.ts'
import { type Attack, attack, each } from '../attack.ts'

interface Flooded {
  readonly strategy: StrategyName
  readonly transport: Transport
  readonly served: Served
}

interface Stage {
  readonly all: readonly Flooded[]
  close(): Promise<void>
}

/** Questions beside HTTP, of all kinds to all servers, or as many as HANDSTAMP_FLOOD says; and how many over it at each server. */
const [flooded, some] = [Number(process.env.HANDSTAMP_FLOOD ?? 36_000), 40]
/** A share of them for each kind of visitor at each server. */
const many = Math.ceil(flooded / (4 * pairs.length))

async function flood({ all }: Stage, headersOf: (flooded: Flooded) => readonly Header[]): Promise<void> {
  const since = performance.now()
  const counted = { authenticated: 0, overHttp: 0, writes: 0, cookiesSet: 0 }
  for (const flooded of all) {
    const { served } = flooded
    const headers = headersOf(flooded)
    served.store.reset()
    const held = new Map(headers.map(([name, value]) => [name.toLowerCase(), value]))
    const face = {
      method: 'GET',
      url: `${served.wire.origin}/`,
      headers: { get: (name: string) => held.get(name) ?? null },
    }
    for (let count = 0; count < many; count += 1) {
      const result = await served.auth.authenticate(face)
      if (result.ok || result.effects.some(({ type }) => type === 'set-cookie')) expect.fail('somebody was let in')
      counted.authenticated += 1
    }
    const ask = (method: string, target: string) =>
      served.wire.ask({ method, target, headers: [...headers, ...ownPage] })
    for (let count = 0; count < some; count += 1) {
      const answers = await Promise.all([
        ask('GET', '/api/me'),
        ask('GET', '/auth/session'),
        ask('GET', '/auth/sessions'),
        ask('GET', '/nothing'),
      ])
      for (const answer of answers) {
        const lines = answer.setCookies.filter((line) => !/=; .*Max-Age=0/.test(line))
        counted.overHttp += 1
        counted.cookiesSet += lines.length
        expect(lines).toEqual([])
        if (headers.length === 0) expect(answer.setCookies).toEqual([])
      }
    }
    const { save, replace, delete: deleted, deleteByUser } = served.store.calls
    expect({ save, replace, deleted, deleteByUser }).toEqual({ save: 0, replace: 0, deleted: 0, deleteByUser: 0 })
    counted.writes += served.store.counts.writes
    if (headers.length === 0) expect(served.store.counts.all).toBe(0)
  }
  const seconds = Math.round((performance.now() - since) / 100) / 10
  console.log(JSON.stringify({ requirement: 'R13', ...counted, seconds }))
}

const bearer = (text: string): readonly Header[] => [['Authorization', `Bearer ${text}`]]

function cookies({ served }: Flooded, access: string, refresh: string): readonly Header[] {
  return [['Cookie', `${served.wire.access}=${access}; ${served.wire.refresh}=${refresh}`]]
}

export const anonymousFlood: Attack = attack({
  ids: ['R13'],
  title: 'a flood of people who never sign in',
  cost: 'Every visitor would leave a record and carry a cookie, and a flood of them would fill the store and hurt every cache.',
  shows: ['ASVS 7.6.2'],
  async stage(): Promise<Stage> {
    const all = await Promise.all(pairs.map(async (pair) => ({ ...pair, served: await serveAuth(pair) })))
    return { all, close: async () => void (await Promise.all(all.map(({ served }) => served.stop()))) }
  },
  legal: {
    'one who signs in, of whom one record is kept': async ({ all }) => {
      for (const { served, transport, strategy } of all) {
        served.store.reset()
        await signedIn(served.wire, transport)
        expect(served.store.calls.save).toBe(strategy === 'token' ? 0 : 1)
      }
    },
  },
  hostile: {
    ...each(
      {
        'nothing presented': () => [],
        'sessions that never were': (flooded: Flooded) => [...cookies(flooded, unknownSession, unknownRefresh), ...bearer(unknownSession)],
        'no credentials at all': (flooded: Flooded) => [...cookies(flooded, 'x', 'x'), ...bearer('x')],
        'two of each': (flooded: Flooded) => [['Cookie', `${cookies(flooded, 'x', 'x')[0]?.[1]}; ${cookies(flooded, 'y', 'y')[0]?.[1]}`]],
      } as Readonly<Record<string, (flooded: Flooded) => readonly Header[]>>,
      flood,
    ),
    'wrong passwords': async ({ all }) => {
      for (const { served, transport } of all) {
        served.store.reset()
        for (let count = 0; count < 50; count += 1) {
          const answer = await newVisitor(served.wire, transport).signIn({ email: `user-${count}@example.com`, password: 'x' })
          expect([answer.status, answer.setCookies]).toEqual([401, []])
        }
        expect(served.store.counts.all).toBe(0)
      }
    },
  },
}) // biome-ignore format: rows

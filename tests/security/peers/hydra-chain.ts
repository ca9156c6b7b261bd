import { expect } from 'vitest'
import { pairs } from '../../wire/outward-answers.ts'
import { type Served, serveAuth } from '../../wire/served-auth.ts'
import { signedIn, type Visitor } from '../../wire/visitor.ts'
import { type Attack, attack, type Closable } from '../attack.ts'

interface Chain {
  readonly served: Served
  readonly transport: 'cookie' | 'bearer' | 'split'
}

interface Chains extends Closable {
  readonly all: readonly Chain[]
}

/** Somebody whose refresh token was spent, who holds its successor, and who held the first. */
async function rotated({ served, transport }: Chain): Promise<{ readonly before: Visitor; readonly after: Visitor }> {
  const after = await signedIn(served.wire, transport)
  served.clock.advance('1m')
  const before = after.copy()
  expect((await after.refresh()).status).toBe(200)
  return { before, after }
}

function refreshOf({ cookies, tokens, wire }: Visitor): string | undefined {
  return tokens.refresh ?? cookies.get(wire.refresh)
}

async function forEach({ all }: Chains, attempt: (chain: Chain) => Promise<void>): Promise<void> {
  for (const chain of all) await attempt(chain)
}

async function expectDead(...visitors: readonly Visitor[]): Promise<void> {
  for (const visitor of visitors) expect((await visitor.copy().refresh()).status).toBe(400)
}

export const oneChain: Attack = attack({
  ids: ['Ory Hydra #1831', 'Ory Hydra #2022', 'Ory Hydra #3770'],
  title: 'a token spent a moment ago, and its successors, as chains of their own',
  cost: 'Signing out would end one chain of tokens, and another that began by a repeated request would live on.',
  shows: [],
  async stage(): Promise<Chains> {
    const hybrids = pairs.filter(({ strategy }) => strategy === 'hybrid')
    const all = await Promise.all(hybrids.map(async (pair) => ({ ...pair, served: await serveAuth(pair) })))
    return { all, close: () => Promise.all(all.map(({ served }) => served.stop())) }
  },
  legal: {
    'the spent one a moment later brings the same successor': (stage) =>
      forEach(stage, async (chain) => {
        const { before, after } = await rotated(chain)
        const repeated = before.copy()
        expect((await repeated.refresh()).status).toBe(200)
        expect(refreshOf(repeated)).toBe(refreshOf(after))
      }),
  },
  hostile: {
    'signing out with the spent one ends the successor': (stage) =>
      forEach(stage, async (chain) => {
        const { before, after } = await rotated(chain)
        expect((await before.copy().ask('POST', '/auth/sign-out')).status).toBe(204)
        await expectDead(before, after)
      }),
    'signing out with the successor ends the spent one within its grace': (stage) =>
      forEach(stage, async (chain) => {
        const { before, after } = await rotated(chain)
        expect((await after.copy().ask('POST', '/auth/sign-out')).status).toBe(204)
        await expectDead(before, after)
      }),
    'twenty repetitions within the grace end as one': (stage) =>
      forEach(stage, async (chain) => {
        const { before, after } = await rotated(chain)
        const tabs = Array.from({ length: 20 }, () => before.copy())
        await Promise.all(tabs.map((tab) => tab.refresh()))
        expect(new Set(tabs.map(refreshOf))).toEqual(new Set([refreshOf(after)]))
        await chain.served.auth.sessions.revokeAll('ada')
        await expectDead(before, after, ...tabs)
      }),
    'a repetition after the grace ends all of them, whoever held the last': (stage) =>
      forEach(stage, async (chain) => {
        const { before, after } = await rotated(chain)
        const tab = before.copy()
        await tab.refresh()
        chain.served.clock.advance('1m')
        await expectDead(before, after, tab)
      }),
  },
})

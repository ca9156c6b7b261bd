/**
 * A server for every legal pair of strategy and transport, and what each of them must say of a credential.
 * @module
 */
import { expect } from 'vitest'
import type { Answer } from '../../wire/exchange.ts'
import { expectRefusal } from '../../wire/expectations.ts'
import { expected, pairs } from '../../wire/outward-answers.ts'
import { type Served, type Setting, serveAuth } from '../../wire/served-auth.ts'
import { type Account, newVisitor, signedIn, type Visitor } from '../../wire/visitor.ts'
import type { Closable, Inputs } from '../attack.ts'

export type Pair = (typeof pairs)[number]

export interface PairStage extends Closable {
  on(pair: Pair): Served
}

/** Serves each of the pairs, all with the same further options. */
export function pairStage(setting: Partial<Setting> = {}, of: readonly Pair[] = pairs): () => Promise<PairStage> {
  return async () => {
    const entries = await Promise.all(
      of.map(async (pair) => [nameOf(pair), await serveAuth({ ...setting, ...pair })] as const),
    )
    const all = new Map(entries)
    return {
      on(pair) {
        const served = all.get(nameOf(pair))
        if (served === undefined) throw new Error(`${nameOf(pair)} is not served here`)
        return served
      },
      async close() {
        await Promise.all([...all.values()].map((served) => served.stop()))
      },
    }
  }
}

/** The same input at each of the pairs. */
export function onPairs(
  name: string,
  attempt: (served: Served, pair: Pair) => unknown,
  of: readonly Pair[] = pairs,
): Inputs<PairStage> {
  return Object.fromEntries(
    of.map((pair) => [`${name}, ${nameOf(pair)}`, (stage: PairStage) => attempt(stage.on(pair), pair)]),
  )
}

/** The pairs that keep a record, and so can end a session. */
export const recorded: readonly Pair[] = pairs.filter(({ strategy }) => strategy !== 'token')

/** The pairs whose access credential is looked up at each request. */
export const lookedUp: readonly Pair[] = recorded.filter(({ strategy }) => strategy !== 'hybrid')

function nameOf({ strategy, transport }: Pair): string {
  return `${strategy} by ${transport}`
}

/** The application knows who asks. */
export async function expectKnown(visitor: Visitor, user: 'ada' | 'grace' = 'ada'): Promise<void> {
  const { status, json } = await visitor.ask('GET', '/api/me')
  expect([status, json]).toMatchObject([200, { user: { id: user } }])
}

/** Neither the application nor the refresh takes what the visitor holds. */
export async function expectDead(visitor: Visitor): Promise<void> {
  expectRefusal(await visitor.ask('GET', '/api/me'), expected('invalid token', visitor.wire))
  await expectUnrefreshable(visitor)
}

/** No new credential comes of what the visitor holds. */
export async function expectUnrefreshable(visitor: Visitor): Promise<void> {
  const answer = await visitor.copy().refresh()
  expect(answer.status).toBe(400)
  expectNothingGiven(answer)
}

/** The answer hands out no credential. */
export function expectNothingGiven(answer: Answer): void {
  expect(answer.setCookies.filter((line) => !line.includes('; Max-Age=0'))).toEqual([])
  expect(answer.json ?? {}).not.toHaveProperty('access_token')
  expect(answer.json ?? {}).not.toHaveProperty('refresh_token')
}

/** Somebody new to the server, and somebody signed in. */
export const stranger = ({ wire }: Served, { transport }: Pair): Visitor => newVisitor(wire, transport)
export const member = ({ wire }: Served, { transport }: Pair, account?: Account): Promise<Visitor> =>
  signedIn(wire, transport, account)

/**
 * A server whose refresh tokens rotate, for each transport, and what holders of such tokens can still do.
 * @module
 */
import type { Transport } from '@handstamp/core/session'
import { expect } from 'vitest'
import type { Answer } from '../../wire/exchange.ts'
import { expectGone } from '../../wire/outward-answers.ts'
import { type Served, type Setting, serveAuth } from '../../wire/served-auth.ts'
import { signedIn, type Visitor } from '../../wire/visitor.ts'
import type { Closable, Inputs } from '../attack.ts'

export const ways: readonly Transport[] = ['cookie', 'bearer', 'split']

export interface FamilyStage extends Closable {
  readonly over: Readonly<Record<Transport, Served>>
}

/** Access tokens live 5 minutes, sessions 1 hour without a refresh and 8 in all, and spent tokens are forgiven for 10 s. */
export async function familyStage(setting: Partial<Setting> = {}): Promise<FamilyStage> {
  const open = (transport: Transport) => serveAuth({ ...setting, strategy: 'hybrid', transport })
  const [cookie, bearer, split] = await Promise.all([open('cookie'), open('bearer'), open('split')])
  return {
    over: { cookie, bearer, split },
    close: () => Promise.all([cookie, bearer, split].map((served) => served.stop())),
  }
}

/** The same input over each transport, with somebody who has just signed in. */
export function overEach(
  name: string,
  attempt: (visitor: Visitor, served: Served) => unknown,
  transports: readonly Transport[] = ways,
): Inputs<FamilyStage> {
  return Object.fromEntries(
    transports.map((transport) => [
      `${name}, ${transport}`,
      async ({ over }: FamilyStage) => attempt(await signedIn(over[transport].wire, transport), over[transport]),
    ]),
  )
}

/** The refresh token that somebody holds, wherever it is kept. */
export function refreshTokenOf({ tokens, cookies, wire }: Visitor): string | undefined {
  return tokens.refresh ?? cookies.get(wire.refresh)
}

export async function expectRefreshed(visitor: Visitor): Promise<Answer> {
  const answer = await visitor.refresh()
  expect(answer.status).toBe(200)
  return answer
}

/** The session is over for whoever holds this, and whatever the browser keeps of it is cleared. */
export async function expectOver(visitor: Visitor): Promise<void> {
  expectGone(await visitor.refresh(), visitor.transport, visitor.wire)
}

/** How often an event came. */
export function told({ events }: Served, type: string): number {
  return events.filter((event) => event.type === type).length
}

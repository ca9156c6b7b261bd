/**
 * Servers of every strategy that has a store, whose store can be made to fail, and what goes wrong in the process meanwhile.
 * @module
 */
import type { Transport } from '@handstamp/core/session'
import { expect } from 'vitest'
import type { Answer } from '../../wire/exchange.ts'
import { pairs } from '../../wire/outward-answers.ts'
import { type Served, type StrategyName, serveAuth } from '../../wire/served-auth.ts'
import type { Closable } from '../attack.ts'

export interface Outage {
  readonly strategy: StrategyName
  readonly transport: Transport
  readonly served: Served
}

export interface OutageStage extends Closable {
  readonly all: readonly Outage[]
  /** Rejections that nobody handled so far, once those under way have come up. */
  unhandled(): Promise<readonly unknown[]>
}

/** Milliseconds that a call of the store may take there. */
export const storeTimeout = 40

export async function outageStage(): Promise<OutageStage> {
  const all = await Promise.all(
    pairs
      .filter(({ strategy }) => strategy !== 'token')
      .map(async (pair) => ({
        ...pair,
        served: await serveAuth({ ...pair, limits: { signIn: false, storeTimeout } }),
      })),
  )
  const seen: unknown[] = []
  const note = (reason: unknown): void => void seen.push(reason)
  process.on('unhandledRejection', note)
  return {
    all,
    async unhandled() {
      for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve))
      return seen
    },
    async close() {
      process.off('unhandledRejection', note)
      await Promise.all(all.map(({ served }) => served.stop()))
    },
  }
}

/** 503 that says when to come again, and leaves what the browser holds as it is. */
export function expectUnavailable(answer: Answer): void {
  expect([answer.status, answer.header('retry-after'), answer.setCookies]).toEqual([503, '1', []])
  expect(answer.json).toMatchObject({ code: 'temporarily_unavailable' })
}

/**
 * A write to the store that is under way while something else happens.
 * @module
 */
import { expect } from 'vitest'
import type { Served } from '../../wire/served-auth.ts'

/** Starts something, holds its first write of this kind until `meanwhile` is over, and answers what came of it. */
export async function during<T>(
  { store }: Served,
  start: () => Promise<T>,
  method: 'replace' | 'save',
  meanwhile: () => Promise<unknown>,
): Promise<T> {
  let taken = false
  store.plan((call) => {
    if (taken || call.method !== method) return undefined
    taken = true
    return 'hold'
  })
  const pending = start()
  for (let turn = 0; store.held === 0 && turn < 200; turn += 1) await later()
  expect(store.held).toBe(1)
  await meanwhile()
  store.release()
  const answer = await pending
  // A touch ends beside the answer.
  for (let turn = 0; turn < 3; turn += 1) await later()
  store.plan()
  return answer
}

function later(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5))
}

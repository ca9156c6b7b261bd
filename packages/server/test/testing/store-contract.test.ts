import { describe, expect, test } from 'vitest'
import { storeContract } from '../../src/testing/index.ts'
import { holdToContract } from '../stores/contract.ts'
import { type Defect, defects, naiveStore } from './naive-store.ts'

holdToContract('a second implementation', { create: ({ clock }) => ({ store: naiveStore({ clock }) }) })

/** The first case that notices. */
async function noticed(defect: Defect): Promise<string | undefined> {
  for (const { name, run } of storeContract) {
    try {
      await run({ create: ({ clock }) => ({ store: naiveStore({ clock, defect }) }) })
    } catch {
      return name
    }
  }
  return undefined
}

describe('the contract notices', () => {
  test.each(defects)('%s', async (defect) => {
    expect(await noticed(defect)).toBeDefined()
  })
})

test('a case closes what it opened, and says what does not hold', async () => {
  let closed = 0
  const subject = {
    create: ({ clock }: { readonly clock: () => number }) => ({
      store: { ...naiveStore({ clock }), delete: () => Promise.resolve(false) },
      close: () => {
        closed += 1
      },
    }),
  }
  const one = storeContract.find(({ name }) => name.startsWith('delete: ends it once'))
  await expect(one?.run(subject)).rejects.toThrow('the first delete: expected true, found false')
  expect(closed).toBe(1)
})

test('names of cases are all different', () => {
  expect(new Set(storeContract.map(({ name }) => name)).size).toBe(storeContract.length)
})

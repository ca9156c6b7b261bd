/**
 * The contract of stores, held against one on its real server.
 * @module
 */
import { type StoreSubject, storeContract } from '@handstamp/server/testing'
import { describe, test } from 'vitest'

/** Registers every case of the contract. `isInstalled` false: they are counted as skipped. */
export function holdStore(name: string, isInstalled: boolean, subject: StoreSubject): void {
  describe.skipIf(!isInstalled)(`${name} keeps the contract`, () => {
    for (const { name: promise, run } of storeContract) test(promise, () => run(subject))
  })
}

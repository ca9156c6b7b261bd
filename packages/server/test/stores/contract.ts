/**
 * Runs the store contract by vitest, for one subject.
 * @module
 */
import { describe, test } from 'vitest'
import { type StoreSubject, storeContract } from '../../src/testing/index.ts'

export function holdToContract(name: string, subject: StoreSubject): void {
  describe(`${name} keeps the contract of stores`, () => {
    for (const { name: promise, run } of storeContract) test(promise, () => run(subject))
  })
}

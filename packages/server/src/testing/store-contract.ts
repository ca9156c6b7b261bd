/**
 * The contract of session stores as cases without a test runner: every store is held to the same ones, yours too.
 * @module
 */
import type { ContractCase } from './store-contract/case.ts'
import { findCases } from './store-contract/find.ts'
import { raceCases } from './store-contract/races.ts'
import { replaceCases } from './store-contract/replace.ts'
import { saveCases } from './store-contract/save.ts'
import { userCases } from './store-contract/user.ts'
import { valueCases } from './store-contract/values.ts'

/**
 * All cases. A case makes its own users, so they can share one server and run in any order, also at once.
 *
 * @example
 * ```ts
 * import { test } from 'node:test'
 *
 * for (const { name, run } of storeContract) {
 *   test(name, () => run({ create: ({ clock }) => ({ store: myStore({ clock }) }) }))
 * }
 * ```
 */
export const storeContract: readonly ContractCase[] = [
  ...findCases,
  ...saveCases,
  ...replaceCases,
  ...userCases,
  ...valueCases,
  ...raceCases,
]

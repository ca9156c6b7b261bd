/**
 * ★ The contract: what holds over every legal combination of strategy, transport and storage, as cases without a runner.
 * @module
 */
import { endingCases } from './cases/ending.ts'
import { expiryCases } from './cases/expiry.ts'
import { failureCases } from './cases/failures.ts'
import { keepingCases } from './cases/keeping.ts'
import { refreshCases } from './cases/refresh.ts'
import { secrecyCases } from './cases/secrecy.ts'
import { signInCases } from './cases/sign-in.ts'
import type { ContractCase } from './stage.ts'

/** The cases by what they are about. Each plays on a stage of its own; they run one after another, as they share the globals. */
export const contract: { readonly [subject: string]: readonly ContractCase[] } = {
  'Signing in': signInCases,
  'What is kept': keepingCases,
  Refreshing: refreshCases,
  'What breaks': failureCases,
  Ending: endingCases,
  Expiry: expiryCases,
  Secrecy: secrecyCases,
}

export const cases: readonly ContractCase[] = Object.values(contract).flat()

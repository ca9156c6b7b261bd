/**
 * Holds one strategy to the contract, by vitest.
 * @module
 */
import type { StrategyKind } from '@handstamp/core/shape'
import { describe, test } from 'vitest'
import { cases } from './contract.ts'
import { legal, nameOf } from './subject.ts'

export function holdToContract(kind: StrategyKind): void {
  for (const combination of legal) {
    if (combination.strategy.kind !== kind) continue
    describe(nameOf(combination), () => {
      for (const { name, run } of cases) test(name, () => run(combination))
    })
  }
}

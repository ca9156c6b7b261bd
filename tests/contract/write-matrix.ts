/**
 * Holds every legal combination to the contract and prints the matrix: `node -C handstamp-source tests/contract/write-matrix.ts`.
 * `pnpm docs:produce` writes it into docs/matrix.md.
 * @module
 */
import { cases } from './contract.ts'
import { matrix } from './matrix.ts'
import { legal, nameOf } from './subject.ts'

const held = new Map<string, number>()
let broken = 0

for (const combination of legal) {
  let count = 0
  for (const { name, run } of cases) {
    try {
      await run(combination)
      count += 1
    } catch (error) {
      broken += 1
      console.error(`${nameOf(combination)}: ${name}: ${error instanceof Error ? error.message : error}`)
    }
  }
  held.set(nameOf(combination), count)
}

if (broken > 0) process.exitCode = 1
else console.log(matrix((combination) => held.get(nameOf(combination)) ?? 0))

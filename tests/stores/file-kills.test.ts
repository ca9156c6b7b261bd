import { expect, test } from 'vitest'
import { killWriters } from './file-kills.ts'

/** Ten thousand of them in tests/matrix. */
const kills = 200

test.skipIf(process.platform === 'win32')(`${kills} writers killed at random instants lose nothing`, async () => {
  const figures = await killWriters(kills, 4)
  console.log(JSON.stringify(figures))
  expect(figures).toMatchObject({ kills, lost: 0, revived: 0, torn: 0, leftAfterSweep: 0 })
  expect(figures.left).toBeGreaterThan(0)
  expect(figures.longestWrite).toBeLessThan(1_000)
})
